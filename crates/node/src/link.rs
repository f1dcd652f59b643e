//! A process's session on the management realm.

use std::future::Future;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::pin::Pin;
use std::sync::Arc;

use crossbar_client::{
    Arguments as Sent, CallOptions, Disclosure, Failure, Interrupts, Invocation, Options,
    PublishOptions, RegisterOptions, RequestError, Session, SubscribeOptions, connect_stream,
};
use crossbar_wire::{Audience, Format, MatchPolicy, SessionId, Text, Value};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::debug;

use crate::api::{ApiError, Arguments, Caller, error};

/// A boxed future that may move between threads.
pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The management procedures of a process.
pub(crate) trait Api: Send + Sync + 'static {
    /// What stands before the last component of each procedure: `crossbar.`, `crossbar.worker.<id>.`.
    fn prefix(&self) -> &str;

    /// The last components.
    fn names(&self) -> Vec<&'static str>;

    /// Does what a caller asks for.
    fn call(self: Arc<Self>, name: &'static str, call: Call) -> BoxFuture<Result<Value, ApiError>>;
}

/// A call of a management procedure.
pub(crate) struct Call {
    /// Its arguments.
    pub(crate) arguments: Arguments,
    /// Who called.
    pub(crate) caller: Caller,
    invocation: Invocation,
}

/// A session on the management realm. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    session: Session,
    events: mpsc::Sender<Outgoing>,
}

/// Why a process is not on the management realm.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The realm cannot be started.
    #[error("the management realm cannot be started")]
    Realm(#[from] crossbar_net::RealmError),
    /// Standard input is not the socket that a controller hands its workers.
    #[error("standard input is not a management link; this command is for the controller only")]
    NoLink(#[source] std::io::Error),
    /// The realm cannot be joined.
    #[error("the session is refused")]
    Connect(#[from] crossbar_client::ConnectError),
    /// A procedure or topic is refused.
    #[error("{uri} is refused")]
    Refused {
        /// Which.
        uri: String,
        /// Why.
        source: RequestError,
    },
}

/// An event on its way.
#[derive(Debug)]
struct Outgoing {
    topic: String,
    event: Option<Value>,
    exclude: Option<SessionId>,
}

impl Call {
    /// Sends a result that is not the last, if the caller wants such.
    pub(crate) async fn progress(&self, result: Value) {
        // A caller that is gone needs none.
        let _ = self.invocation.progress(result).await;
    }
}

impl Link {
    /// Joins the management realm over a stream.
    pub(crate) async fn open<S>(stream: S) -> Result<Self, LinkError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let options = Options {
            formats: vec![Format::MsgPack],
            ..Options::realm(REALM)
        };
        let session = connect_stream(stream, options).await?;
        let (events, outgoing) = mpsc::channel(QUEUED_EVENTS);
        tokio::spawn(publish_all(session.clone(), outgoing));
        Ok(Self { session, events })
    }

    /// Joins the management realm over standard input, where the controller has put this worker's socket.
    pub(crate) async fn inherited() -> Result<Self, LinkError> {
        let socket = std::io::stdin()
            .as_fd()
            .try_clone_to_owned()
            .map(StdUnixStream::from)
            .and_then(|socket| {
                socket.peer_addr()?;
                socket.set_nonblocking(true)?;
                UnixStream::from_std(socket)
            });
        Self::open(socket.map_err(LinkError::NoLink)?).await
    }

    /// Registers the procedures of a process, all at a time.
    pub(crate) async fn serve<A: Api>(&self, api: Arc<A>) -> Result<(), LinkError> {
        let mut registrations = JoinSet::new();
        for name in api.names() {
            let uri = format!("{}{name}", api.prefix());
            let (session, api) = (self.session.clone(), Arc::clone(&api));
            registrations.spawn(async move {
                let options = RegisterOptions {
                    // What was begun for a caller is finished even if that goes away.
                    interrupts: Interrupts::Deliver,
                    ..RegisterOptions::default()
                };
                let answer = move |invocation| answer(Arc::clone(&api), name, invocation);
                let registered = session.register(&uri, options, answer).await;
                registered.map_err(|source| LinkError::Refused { uri, source })
            });
        }
        for result in registrations.join_all().await {
            result?;
        }
        Ok(())
    }

    /// Gives the session itself.
    pub(crate) const fn session(&self) -> &Session {
        &self.session
    }

    /// Calls a procedure with positional arguments.
    pub(crate) async fn call(
        &self,
        procedure: &str,
        arguments: Vec<Value>,
    ) -> Result<Value, ApiError> {
        let arguments = Sent::values(arguments, Vec::new());
        let options = CallOptions::default();
        let result = async {
            let mut call = self
                .session
                .call_with(procedure, arguments, options)
                .await?;
            call.result().await
        };
        let content = result.await.map_err(api_error)?;
        let mut values = content
            .values()
            .map_err(|failure| ApiError::new(error::RUNTIME_ERROR, failure.to_string()))?;
        Ok(if values.is_empty() {
            Value::Null
        } else {
            values.swap_remove(0)
        })
    }

    /// Publishes an event with one positional argument or none, to all but a session. Events leave in order.
    pub(crate) fn publish(&self, topic: &str, event: Option<Value>, exclude: Option<u64>) {
        let outgoing = Outgoing {
            topic: topic.to_owned(),
            event,
            exclude: exclude.and_then(SessionId::new),
        };
        if self.events.try_send(outgoing).is_err() {
            debug!(
                topic,
                "an event is dropped: the management realm does not take them fast enough"
            );
        }
    }

    /// Tells the controller that this worker is up.
    pub(crate) fn announce(&self, worker: &str, kind: &str) {
        let event = json!({"type": kind, "id": worker, "pid": std::process::id()});
        let topic = format!("crossbar.worker.{worker}.on_worker_ready");
        self.publish(&topic, Some(event.into()), None);
    }

    /// Calls `ready` with the id and the process id of each worker that comes up.
    pub(crate) async fn on_worker_ready(
        &self,
        ready: impl Fn(&str, u32) + Send + 'static,
    ) -> Result<(), LinkError> {
        let options = SubscribeOptions {
            policy: MatchPolicy::Wildcard,
            ..SubscribeOptions::default()
        };
        let subscribed = self.session.subscribe(WORKER_READY, options).await;
        let mut events = subscribed.map_err(|source| LinkError::Refused {
            uri: WORKER_READY.to_owned(),
            source,
        })?;
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                // The topic names the worker, and no worker may publish to another's.
                let worker = event
                    .topic
                    .as_ref()
                    .and_then(|topic| topic.split('.').nth(2));
                let values = event.content.values().unwrap_or_default();
                let pid = values.first().and_then(|value| value.get("pid")?.as_u64());
                if let (Some(worker), Some(pid)) = (worker, pid) {
                    ready(worker, u32::try_from(pid).unwrap_or_default());
                }
            }
        });
        Ok(())
    }

    /// Waits until the session is over.
    pub(crate) async fn closed(&self) {
        self.session.closed().await;
    }

    /// Leaves the realm.
    pub(crate) async fn leave(&self) {
        self.session.leave().await;
    }
}

async fn answer<A: Api>(
    api: Arc<A>,
    name: &'static str,
    invocation: Invocation,
) -> Result<Sent, Failure> {
    let positional = invocation.content.values()?;
    let named = invocation.content.named_values()?;
    let call = Call {
        arguments: Arguments::new(positional, named),
        caller: invocation.caller.as_ref().map(caller).unwrap_or_default(),
        invocation,
    };
    match api.call(name, call).await {
        Ok(result) => Ok(Sent::from(result)),
        Err(failure) => Err(Failure::new(&failure.uri, &failure.message)),
    }
}

fn caller(disclosure: &Disclosure) -> Caller {
    Caller {
        session: disclosure.session.map(SessionId::value).unwrap_or_default(),
        authid: disclosure.authid.clone().unwrap_or_default(),
        authrole: disclosure.authrole.clone().unwrap_or_default(),
    }
}

fn api_error(failure: RequestError) -> ApiError {
    let RequestError::Refused(refused) = failure else {
        return ApiError::new(error::RUNTIME_ERROR, failure.to_string());
    };
    let values = refused.content.values().unwrap_or_default();
    let message = values.first().and_then(Value::as_str);
    ApiError {
        uri: refused.uri.as_str().to_owned().into(),
        message: message.unwrap_or_default().to_owned(),
    }
}

async fn publish_all(session: Session, mut outgoing: mpsc::Receiver<Outgoing>) {
    while let Some(event) = outgoing.recv().await {
        let audience = event.exclude.map(|session| Audience {
            exclude: Some(vec![session]),
            ..Audience::default()
        });
        let options = PublishOptions {
            audience,
            ..PublishOptions::default()
        };
        let arguments = event.event.map_or_else(Sent::none, Sent::from);
        let published = session.publish_with(&event.topic, arguments, options).await;
        if let Err(error) = published {
            debug!(topic = event.topic, %error, "an event could not be published");
        }
    }
}

/// The management realm.
pub(crate) const REALM: &str = "crossbar";
/// The topic of each worker's announcement.
const WORKER_READY: &str = "crossbar.worker..on_worker_ready";
/// How many events may wait to be published; more are dropped.
const QUEUED_EVENTS: usize = 1024;

/// Names the management realm for the router.
pub(crate) fn realm() -> Text {
    Text::from_static(REALM)
}
