use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbar_wire::{
    Call, Features, Format, PublicationId, Publish, Register, RequestId, Role, Subscribe,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use crate::callee::Handler;
use crate::driver::Driver;
use crate::inbox::inbox;
use crate::input::{Answer, CallWaiter, Input, Key, NewRegistration, NewSubscription};
use crate::{
    Arguments, CallOptions, CloseReason, ConnectError, Details, Failure, Invocation, Options,
    PendingCall, PublishOptions, RawConnection, RegisterOptions, Registration, RequestError,
    SubscribeOptions, Subscription, Target, raw,
};

/// How many requests may wait for the connection's task; who makes more waits.
const INPUTS: usize = 1024;

/// What the connection's task fills in.
const UNSET: RequestId = match RequestId::new(0) {
    Some(id) => id,
    None => unreachable!(),
};

/// A session on a realm, for caller, callee, publisher and subscriber at once. Clones share it.
///
/// It ends with [`Session::leave`], or when the last clone and the last handle from it are dropped.
#[derive(Clone, Debug)]
pub struct Session {
    shared: Arc<Shared>,
}

/// What a session and all handles from it share.
#[derive(Debug)]
pub(crate) struct Shared {
    inputs: mpsc::Sender<Input>,
    status: watch::Receiver<Status>,
    keys: AtomicU64,
}

/// How a session stands.
#[derive(Clone, Debug)]
pub(crate) enum Status {
    Open(Arc<Details>),
    /// The connection is lost and to be made again.
    Waiting,
    Closed(CloseReason),
}

impl Shared {
    pub(crate) async fn send(&self, input: Input) -> Result<(), RequestError> {
        self.inputs
            .send(input)
            .await
            .map_err(|_| RequestError::NotConnected)
    }

    /// Sends unless the queue is full.
    pub(crate) fn try_send(&self, input: Input) {
        drop(self.inputs.try_send(input));
    }

    fn key(&self) -> Key {
        self.keys.fetch_add(1, Ordering::Relaxed)
    }
}

/// Connects to the router at `target` and joins a realm.
///
/// With [`Options::reconnect`] a session that was open once is opened again whenever its connection is lost, with all
/// its registrations and subscriptions; requests made meanwhile fail with [`RequestError::NotConnected`].
///
/// # Errors
/// Says at which step it failed.
pub async fn connect(target: &Target, options: Options) -> Result<Session, ConnectError> {
    let connection = RawConnection::connect(target, &options).await?;
    Ok(start(connection, Some(target.clone()), options))
}

/// Joins a realm with RawSocket over a stream; there is no reconnecting.
///
/// # Errors
/// Says at which step it failed.
pub async fn connect_stream<S>(stream: S, options: Options) -> Result<Session, ConnectError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let connection = RawConnection::connect_stream(stream, &options).await?;
    Ok(start(connection, None, options))
}

fn start(connection: RawConnection, target: Option<Target>, options: Options) -> Session {
    let (link, details) = raw::parts(connection);
    let (inputs, requests) = mpsc::channel(INPUTS);
    let (status, watcher) = watch::channel(Status::Open(Arc::clone(&details)));
    let driver = Driver::new(target, options, status, inputs.downgrade());
    tokio::spawn(driver.run(link, details, requests));
    Session {
        shared: Arc::new(Shared {
            inputs,
            status: watcher,
            keys: AtomicU64::new(0),
        }),
    }
}

impl Session {
    /// Calls a procedure with positional arguments (a tuple; anything but a tuple or list is the only argument) and
    /// decodes the result: one value, or the list of several, or `()`.
    ///
    /// # Errors
    /// [`RequestError::Refused`] with the error of router or callee, or why there is no answer.
    pub async fn call<R: DeserializeOwned>(
        &self,
        procedure: &str,
        args: &(impl Serialize + ?Sized),
    ) -> Result<R, RequestError> {
        let arguments = Arguments::positional(args)?;
        let mut call = self
            .call_with(procedure, arguments, CallOptions::default())
            .await?;
        Ok(call.result().await?.single()?)
    }

    /// Calls a procedure with anything that can be said about a call.
    ///
    /// # Errors
    /// When the call cannot be sent.
    pub async fn call_with(
        &self,
        procedure: &str,
        arguments: impl Into<Arguments>,
        options: CallOptions,
    ) -> Result<PendingCall, RequestError> {
        let details = self.details().ok_or(RequestError::NotConnected)?;
        let call = Call {
            request: UNSET,
            receive_progress: options.receive_progress.then_some(true),
            progress: None,
            timeout: options.timeout.map(milliseconds),
            disclose_me: options.disclose_me,
            caller: None,
            passthru: None,
            procedure: procedure.into(),
            payload: arguments.into().encode(details.format)?,
        };
        let (answer, result) = oneshot::channel();
        let (steps, progress) = if options.receive_progress {
            let (inbox, outlet) = inbox(or(options.progress_capacity, 1024));
            (Some(inbox), Some(outlet))
        } else {
            (None, None)
        };
        let router_watches = details.roles.supports(Role::Dealer, Features::CALL_TIMEOUT);
        let deadline = options
            .timeout
            .filter(|_| !router_watches)
            .and_then(|timeout| Instant::now().checked_add(timeout));
        let key = self.shared.key();
        let waiter = CallWaiter {
            result: answer,
            progress: steps,
        };
        self.shared
            .send(Input::Call(key, Box::new(call), waiter))
            .await?;
        Ok(PendingCall {
            shared: Arc::clone(&self.shared),
            key,
            result,
            progress,
            deadline,
            done: false,
        })
    }

    /// Answers calls of a procedure with `handler`.
    ///
    /// The handler itself runs where the connection is read, in the order of the calls, and must not block; the
    /// futures that it makes run side by side.
    ///
    /// # Errors
    /// When the router refuses or there is no session.
    pub async fn register<H, F, R>(
        &self,
        procedure: &str,
        options: RegisterOptions,
        handler: H,
    ) -> Result<Registration, RequestError>
    where
        H: Fn(Invocation) -> F + Send + Sync + 'static,
        F: Future<Output = Result<R, Failure>> + Send + 'static,
        R: Into<Arguments>,
    {
        let handler: Handler = Arc::new(move |invocation| {
            let answer = handler(invocation);
            Box::pin(async move { answer.await.map(Into::into) })
        });
        let register = Register {
            request: UNSET,
            policy: Some(options.policy),
            invoke: Some(options.invoke),
            concurrency: options.concurrency,
            force_reregister: options.force_reregister.then_some(true),
            disclose_caller: None,
            forward_timeout: None,
            forward_for: Vec::new(),
            procedure: procedure.into(),
        };
        let new = NewRegistration {
            register,
            handler,
            interrupts: options.interrupts,
        };
        let key = self.shared.key();
        let id = self.ask(|answer| Input::Register(key, new, answer)).await?;
        Ok(Registration {
            shared: Arc::clone(&self.shared),
            key,
            id,
        })
    }

    /// Subscribes to a topic or pattern.
    ///
    /// # Errors
    /// When the router refuses or there is no session.
    pub async fn subscribe(
        &self,
        topic: &str,
        options: SubscribeOptions,
    ) -> Result<Subscription, RequestError> {
        let (inbox, events) = inbox(or(options.capacity, 16_384));
        let new = NewSubscription {
            subscribe: Subscribe {
                request: UNSET,
                policy: Some(options.policy),
                get_retained: options.get_retained.then_some(true),
                forward_for: Vec::new(),
                topic: topic.into(),
            },
            inbox,
        };
        let key = self.shared.key();
        let id = self
            .ask(|answer| Input::Subscribe(key, new, answer))
            .await?;
        Ok(Subscription {
            shared: Arc::clone(&self.shared),
            key,
            id,
            events,
        })
    }

    /// Publishes an event with positional arguments, unacknowledged: it is on its way when this is done.
    ///
    /// # Errors
    /// When it cannot be sent.
    pub async fn publish(
        &self,
        topic: &str,
        args: &(impl Serialize + ?Sized),
    ) -> Result<(), RequestError> {
        let arguments = Arguments::positional(args)?;
        self.publish_with(topic, arguments, PublishOptions::default())
            .await?;
        Ok(())
    }

    /// Publishes an event with anything that can be said about one; gives the publication's id if it is acknowledged.
    ///
    /// # Errors
    /// When it cannot be sent, or, with [`PublishOptions::acknowledge`], the router refuses.
    pub async fn publish_with(
        &self,
        topic: &str,
        arguments: impl Into<Arguments>,
        options: PublishOptions,
    ) -> Result<Option<PublicationId>, RequestError> {
        let publish = Box::new(Publish {
            request: UNSET,
            acknowledge: options.acknowledge.then_some(true),
            exclude_me: options.include_me.then_some(false),
            disclose_me: options.disclose_me,
            retain: options.retain.then_some(true),
            audience: options.audience.map(Box::new),
            passthru: None,
            topic: topic.into(),
            payload: arguments.into().encode(self.format()?)?,
        });
        if options.acknowledge {
            self.ask(|answer| Input::Publish(publish, Some(answer)))
                .await
                .map(Some)
        } else {
            self.shared.send(Input::Publish(publish, None)).await?;
            Ok(None)
        }
    }

    /// Tells what the router said about the session; `None` while there is none.
    #[must_use]
    pub fn details(&self) -> Option<Arc<Details>> {
        match &*self.shared.status.borrow() {
            Status::Open(details) => Some(Arc::clone(details)),
            Status::Waiting | Status::Closed(_) => None,
        }
    }

    /// Waits until the session is open, which it is from the start and again after a reconnect.
    ///
    /// # Errors
    /// Says why the session is over for good.
    pub async fn opened(&self) -> Result<Arc<Details>, CloseReason> {
        let mut status = self.shared.status.clone();
        let found = status
            .wait_for(|status| !matches!(status, Status::Waiting))
            .await
            .map(|status| status.clone());
        match found {
            Ok(Status::Open(details)) => Ok(details),
            Ok(Status::Closed(reason)) => Err(reason),
            Ok(Status::Waiting) | Err(_) => Err(CloseReason::Left),
        }
    }

    /// Waits until the session is over for good, and says why.
    pub async fn closed(&self) -> CloseReason {
        let mut status = self.shared.status.clone();
        let found = status
            .wait_for(|status| matches!(status, Status::Closed(_)))
            .await
            .map(|status| status.clone());
        match found {
            Ok(Status::Closed(reason)) => reason,
            // The connection's task closes before it ends, unless the runtime is shut down.
            Ok(Status::Open(_) | Status::Waiting) | Err(_) => CloseReason::Left,
        }
    }

    /// Says goodbye to the router, waits for its answer, at most 5 s, and closes the connection.
    pub async fn leave(&self) {
        let (done, left) = oneshot::channel();
        if self.shared.send(Input::Leave(done)).await.is_ok() {
            // An error means that the connection's task is gone: the session is over either way.
            drop(left.await);
        }
    }

    async fn ask<T>(&self, input: impl FnOnce(Answer<T>) -> Input) -> Result<T, RequestError> {
        let (answer, answered) = oneshot::channel();
        self.shared.send(input(answer)).await?;
        answered.await.unwrap_or(Err(RequestError::Lost))
    }

    fn format(&self) -> Result<Format, RequestError> {
        Ok(self.details().ok_or(RequestError::NotConnected)?.format)
    }
}

fn milliseconds(duration: Duration) -> u64 {
    // A timeout of 0 means none on the wire.
    u64::try_from(duration.as_millis())
        .unwrap_or(u64::MAX)
        .clamp(1, crossbar_wire::MAX_ID)
}

const fn or(capacity: usize, default: usize) -> usize {
    if capacity == 0 { default } else { capacity }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_whole_milliseconds_and_never_none() {
        assert_eq!(milliseconds(Duration::from_micros(1)), 1);
        assert_eq!(milliseconds(Duration::from_secs(5)), 5000);
        assert_eq!(milliseconds(Duration::MAX), crossbar_wire::MAX_ID);
    }
}
