//! The task of a connection: takes requests of the application and messages of the router, one at a time.

use std::sync::Arc;
use std::time::Duration;

use crossbar_wire::{Goodbye, Message, Text};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::{debug, warn};

use crate::input::Input;
use crate::link::Link;
use crate::session::Status;
use crate::{CloseReason, Details, LinkError, Options, RawConnection, Target, raw};

mod callee;
mod requests;
mod state;
mod subscriber;

use state::State;

/// How many requests are taken before the connection is looked at again.
const BATCH: usize = 256;

/// With so many octets waiting to be written no more requests are taken.
const HIGH_WATER: usize = 256 * 1024;

/// How long the router's GOODBYE is waited for.
const GOODBYE_WAIT: Duration = Duration::from_secs(5);

/// How long the last octets may take to be written.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

/// Owns everything of a session that is not the application's.
pub(crate) struct Driver {
    /// Where to connect again; none for a stream that was handed in.
    target: Option<Target>,
    options: Options,
    status: watch::Sender<Status>,
    state: State,
}

/// Why a connection is not served any more.
pub(crate) enum End {
    /// The application left, or is gone.
    Left,
    /// The router ended the session.
    Router(CloseReason),
    /// The connection is broken.
    Lost(LinkError),
    /// The router sent what it may not.
    Violation(&'static str),
}

impl From<LinkError> for End {
    fn from(error: LinkError) -> Self {
        Self::Lost(error)
    }
}

impl Driver {
    pub(crate) fn new(
        target: Option<Target>,
        options: Options,
        status: watch::Sender<Status>,
        inputs: mpsc::WeakSender<Input>,
    ) -> Self {
        Self {
            target,
            options,
            status,
            state: State::new(inputs),
        }
    }

    /// Serves the session to its end, over as many connections as it takes.
    pub(crate) async fn run(
        mut self,
        mut link: Link,
        mut details: Arc<Details>,
        mut inputs: mpsc::Receiver<Input>,
    ) {
        let reason = loop {
            self.state.opened(&details);
            let end = match self.state.restore(&mut link) {
                Ok(()) => self.serve(&mut link, &mut inputs).await,
                Err(error) => Err(error.into()),
            };
            let end = end.err().unwrap_or(End::Left);
            let left = matches!(end, End::Left);
            let reason = close(&mut link, end).await;
            self.state.lost();
            drop(link);
            debug!(%reason, session = %details.session, "session ended");
            if left {
                break reason;
            }
            match self.connect_again(reason, &mut inputs).await {
                Ok(connection) => (link, details) = raw::parts(connection),
                Err(reason) => break reason,
            }
            self.status.send_replace(Status::Open(Arc::clone(&details)));
        };
        self.status.send_replace(Status::Closed(reason));
        self.state.left();
        inputs.close();
        while let Ok(input) = inputs.try_recv() {
            input.refuse();
        }
    }

    /// Serves one connection; an `Ok` is the application's end.
    async fn serve(
        &mut self,
        link: &mut Link,
        inputs: &mut mpsc::Receiver<Input>,
    ) -> Result<(), End> {
        let mut batch = Vec::new();
        loop {
            let far = Instant::now() + Duration::from_secs(86_400);
            let (leave_by, retry_at) = (self.state.leave_by, self.state.retry_at());
            let room = link.queued() < HIGH_WATER && leave_by.is_none();
            tokio::select! {
                biased;
                count = inputs.recv_many(&mut batch, BATCH), if room => {
                    if count == 0 {
                        self.leave(link)?;
                    }
                    for input in batch.drain(..) {
                        self.input(input, link)?;
                    }
                }
                Some(task) = self.state.callee.next_done() => {
                    // What a handler sent before its answer stands in the queue: it goes first.
                    while let Ok(input) = inputs.try_recv() {
                        self.input(input, link)?;
                    }
                    self.state.callee.finish(task, link)?;
                }
                read = link.exchange() => {
                    read?;
                    while let Some(message) = link.next_message()? {
                        self.state.message(message, link)?;
                    }
                }
                () = sleep_until(leave_by.unwrap_or(far)), if leave_by.is_some() => {
                    return Ok(());
                }
                () = sleep_until(retry_at.unwrap_or(far)), if retry_at.is_some() => {
                    self.state.retry(link)?;
                }
            }
        }
    }

    fn input(&mut self, input: Input, link: &mut Link) -> Result<(), End> {
        if let Input::Leave(done) = input {
            self.state.leavers.push(done);
            return self.leave(link);
        }
        if self.state.leave_by.is_some() {
            input.refuse();
        } else {
            self.state.input(input, link);
        }
        Ok(())
    }

    fn leave(&mut self, link: &mut Link) -> Result<(), End> {
        if self.state.leave_by.is_some() {
            return Ok(());
        }
        self.state.leave_by = Some(Instant::now() + GOODBYE_WAIT);
        link.put(&goodbye("wamp.close.close_realm"))?;
        Ok(())
    }

    /// Connects until it succeeds, or the session is over for good.
    async fn connect_again(
        &mut self,
        reason: CloseReason,
        inputs: &mut mpsc::Receiver<Input>,
    ) -> Result<RawConnection, CloseReason> {
        let (Some(target), Some(reconnect)) = (self.target.clone(), self.options.reconnect) else {
            return Err(reason);
        };
        self.status.send_replace(Status::Waiting);
        let mut attempt = 0;
        loop {
            let wait = reconnect.wait(attempt, chance());
            let connection = async {
                sleep(wait).await;
                RawConnection::connect(&target, &self.options).await
            };
            let error = tokio::select! {
                connected = connection => match connected {
                    Ok(connection) => return Ok(connection),
                    Err(error) => error,
                },
                () = refuse(inputs, &mut self.state) => return Err(CloseReason::Left),
            };
            attempt += 1;
            debug!(%error, attempt, "connecting again failed");
            if error.is_lasting() || reconnect.attempts.is_some_and(|most| attempt >= most) {
                return Err(CloseReason::GaveUp(Arc::new(error)));
            }
        }
    }
}

/// Answers requests while there is no connection; done when the application leaves or is gone.
async fn refuse(inputs: &mut mpsc::Receiver<Input>, state: &mut State) {
    while let Some(input) = inputs.recv().await {
        if let Input::Leave(done) = input {
            state.leavers.push(done);
            return;
        }
        if let Input::Unsubscribe(key, _) = &input {
            state.forget_subscription(*key);
        }
        input.refuse();
    }
}

/// Ends a connection as its end demands, and tells the application's reason.
async fn close(link: &mut Link, end: End) -> CloseReason {
    let reason = match end {
        End::Left => CloseReason::Left,
        End::Router(reason) => reason,
        End::Lost(error) => {
            if let LinkError::Decode(_) = error {
                abort(link, &error.to_string());
            }
            CloseReason::Lost(Arc::new(error))
        }
        End::Violation(what) => {
            warn!(what, "the router broke the protocol");
            abort(link, what);
            CloseReason::Lost(Arc::new(LinkError::OutOfTurn(what)))
        }
    };
    link.put_close();
    // The connection is given up whether or not this succeeds.
    drop(timeout(CLOSE_WAIT, link.shut_down()).await);
    reason
}

fn abort(link: &mut Link, message: &str) {
    let abort = crossbar_wire::Abort {
        message: Some(message.into()),
        reason: Text::from_static("wamp.error.protocol_violation"),
        ..crossbar_wire::Abort::default()
    };
    // An ABORT over the router's limit is left out; the connection closes all the same.
    drop(link.put(&Message::Abort(Box::new(abort))));
}

pub(crate) fn goodbye(reason: &'static str) -> Message {
    Message::Goodbye(Box::new(Goodbye {
        message: None,
        reason: Text::from_static(reason),
    }))
}

/// Draws what shortens a wait.
fn chance() -> u16 {
    let mut octets = [0; 2];
    getrandom::fill(&mut octets).expect("the system has a random generator");
    u16::from_ne_bytes(octets)
}
