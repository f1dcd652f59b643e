use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crossbar_wire::{CancelMode, Format, InvocationPolicy, MatchPolicy, RegistrationId, Text};
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot, watch};

use crate::error::ContentError;
use crate::input::{Input, Key, Running};
use crate::session::Shared;
use crate::{Arguments, Content, Disclosure, RequestError};

/// How to register.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RegisterOptions {
    /// How the procedure is compared.
    pub policy: MatchPolicy,
    /// How calls are spread, if several callees register the procedure.
    pub invoke: InvocationPolicy,
    /// How many invocations this callee takes at a time; none for any number.
    pub concurrency: Option<u32>,
    /// Whether to take the procedure from whoever has it.
    pub force_reregister: bool,
    /// What happens to an invocation that the caller cancels.
    pub interrupts: Interrupts,
}

/// What happens to an invocation that the caller cancels, or whose time is over.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Interrupts {
    /// The handler's future is dropped, and the caller gets `wamp.error.canceled`.
    #[default]
    Abort,
    /// The handler goes on and learns of it by [`Invocation::interrupted`].
    Deliver,
}

/// What answers invocations.
pub(crate) type Handler = Arc<dyn Fn(Invocation) -> Pending + Send + Sync>;

/// An answer in the making.
pub(crate) type Pending = Pin<Box<dyn Future<Output = Result<Arguments, Failure>> + Send>>;

/// A call that this side is to answer.
#[derive(Debug)]
pub struct Invocation {
    /// The arguments.
    pub content: Content,
    /// The procedure called, if the registration is for a pattern.
    pub procedure: Option<Text>,
    /// Who calls, if the router tells.
    pub caller: Option<Disclosure>,
    pub(crate) wants_progress: bool,
    pub(crate) format: Format,
    pub(crate) running: Running,
    /// Weak, so that a handler that never ends does not keep the session open.
    pub(crate) inputs: mpsc::WeakSender<Input>,
    pub(crate) interrupt: watch::Receiver<Option<CancelMode>>,
}

impl Invocation {
    /// Decodes the positional arguments into a tuple or list.
    ///
    /// # Errors
    /// `wamp.error.invalid_argument` when they are others than `T` takes.
    pub fn args<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        Ok(self.content.args()?)
    }

    /// Decodes the named arguments into a map or a struct.
    ///
    /// # Errors
    /// `wamp.error.invalid_argument` when they are others than `T` takes.
    pub fn kwargs<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        Ok(self.content.kwargs()?)
    }

    /// Says whether the caller wants results step by step.
    #[must_use]
    pub const fn wants_progress(&self) -> bool {
        self.wants_progress
    }

    /// Sends a result that is not the last; nothing if the caller does not want such.
    ///
    /// # Errors
    /// When it cannot be expressed or there is no session any more.
    pub async fn progress(&self, result: impl Into<Arguments>) -> Result<(), RequestError> {
        if !self.wants_progress {
            return Ok(());
        }
        let payload = result.into().encode(self.format)?;
        let inputs = self.inputs.upgrade().ok_or(RequestError::NotConnected)?;
        inputs
            .send(Input::Progress(self.running, payload))
            .await
            .map_err(|_| RequestError::NotConnected)
    }

    /// Waits until the caller cancels (only with [`Interrupts::Deliver`]).
    pub async fn interrupted(&self) -> CancelMode {
        let mut interrupt = self.interrupt.clone();
        match interrupt.wait_for(Option::is_some).await.map(|mode| *mode) {
            Ok(Some(mode)) => mode,
            // The sender goes with the connection, and this invocation's answer with it.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }
}

/// An error to answer an invocation with.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The error URI.
    pub uri: Text,
    /// The error's arguments.
    pub arguments: Arguments,
}

impl Failure {
    /// Makes an error of a URI and a text.
    #[must_use]
    pub fn new(uri: &str, message: &str) -> Self {
        Self {
            uri: uri.into(),
            arguments: Arguments::values(vec![message.into()], Vec::new()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uri.fmt(f)
    }
}

impl std::error::Error for Failure {}

impl From<ContentError> for Failure {
    fn from(error: ContentError) -> Self {
        Self::new("wamp.error.invalid_argument", &error.to_string())
    }
}

impl From<crossbar_wire::ValueError> for Failure {
    fn from(error: crossbar_wire::ValueError) -> Self {
        Self::new("wamp.error.runtime_error", &error.to_string())
    }
}

impl From<RequestError> for Failure {
    /// An error of the router or another callee is passed on as it is.
    fn from(error: RequestError) -> Self {
        if let RequestError::Refused(refused) = error {
            return Self {
                uri: refused.uri,
                arguments: refused.content.into(),
            };
        }
        Self::new("wamp.error.runtime_error", &error.to_string())
    }
}

/// A procedure that this side answers. It stays until the session ends or [`Registration::unregister`].
#[derive(Debug)]
pub struct Registration {
    pub(crate) shared: Arc<Shared>,
    pub(crate) key: Key,
    pub(crate) id: RegistrationId,
}

impl Registration {
    /// Gives the id that the router gave; after a reconnect it has another.
    #[must_use]
    pub const fn id(&self) -> RegistrationId {
        self.id
    }

    /// Unregisters and waits for the router's answer. Invocations that run are answered still.
    ///
    /// # Errors
    /// When the router refuses or there is no session any more.
    pub async fn unregister(self) -> Result<(), RequestError> {
        let (answer, answered) = oneshot::channel();
        self.shared
            .send(Input::Unregister(self.key, answer))
            .await?;
        answered.await.unwrap_or(Err(RequestError::Lost))
    }
}
