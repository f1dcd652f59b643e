use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crossbar_wire::CancelMode;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::inbox::Outlet;
use crate::input::{Input, Key};
use crate::session::Shared;
use crate::{Content, RequestError};

/// How to call.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct CallOptions {
    /// How long the call may take, in whole milliseconds. The router watches it where it can, else this side.
    pub timeout: Option<Duration>,
    /// Whether to ask the callee for results step by step, read by [`PendingCall::progress`].
    pub receive_progress: bool,
    /// Whether the callee is to know who calls; none leaves it to the router.
    pub disclose_me: Option<bool>,
    /// How many results may wait for [`PendingCall::progress`] before more are dropped; 0 means 1,024.
    pub progress_capacity: usize,
}

/// A call that was sent. Dropping it before its result has come cancels it.
#[derive(Debug)]
pub struct PendingCall {
    pub(crate) shared: Arc<Shared>,
    pub(crate) key: Key,
    pub(crate) result: oneshot::Receiver<Result<Content, RequestError>>,
    pub(crate) progress: Option<Outlet<Content>>,
    /// When this side gives up, if the router does not watch the time.
    pub(crate) deadline: Option<Instant>,
    pub(crate) done: bool,
}

impl PendingCall {
    /// Waits for the next of the results that come step by step; `None` once the final one has come.
    pub async fn progress(&mut self) -> Option<Content> {
        let progress = self.progress.as_mut()?;
        within(self.deadline, progress.next()).await.ok().flatten()
    }

    /// Tells how many results were dropped because they were not taken fast enough.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.progress.as_ref().map_or(0, Outlet::missed)
    }

    /// Waits for the final result.
    ///
    /// # Errors
    /// [`RequestError::Refused`] with the error of router or callee, or why there is no answer.
    ///
    /// # Panics
    /// When it is called again after it has given the result.
    pub async fn result(&mut self) -> Result<Content, RequestError> {
        assert!(!self.done, "the result was taken already");
        let answer = within(self.deadline, &mut self.result).await?;
        self.done = true;
        answer.unwrap_or(Err(RequestError::Lost))
    }

    /// Asks the router to cancel the call; [`PendingCall::result`] then gives `wamp.error.canceled`, unless the result
    /// is under way already.
    ///
    /// # Errors
    /// When there is no session any more.
    pub async fn cancel(&self, mode: CancelMode) -> Result<(), RequestError> {
        self.shared.send(Input::Cancel(self.key, mode)).await
    }
}

impl Drop for PendingCall {
    fn drop(&mut self) {
        if !self.done && !self.result.is_terminated() {
            // With a full queue the call runs to its end, and its result is dropped.
            self.shared
                .try_send(Input::Cancel(self.key, CancelMode::KillNoWait));
        }
    }
}

async fn within<F: Future>(
    deadline: Option<Instant>,
    future: F,
) -> Result<F::Output, RequestError> {
    match deadline {
        Some(deadline) => timeout_at(deadline, future)
            .await
            .map_err(|_| RequestError::Timeout),
        None => Ok(future.await),
    }
}
