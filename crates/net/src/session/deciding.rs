//! What takes time to find out about a client that is joining.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use crossbar_core::{Inquiry, Joining, KeyRequest, Step};
use tokio::time::Instant;

use super::{Change, Phase, Session, Work};
use crate::site::BoxFuture;

/// Finds out what follows a message of a client that is joining.
pub(super) struct Deciding {
    pub(super) step: BoxFuture<'static, Step>,
    /// Until when a refusal is held up, if it is that.
    pub(super) held_up: Option<Instant>,
}

impl fmt::Debug for Deciding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Deciding")
    }
}

impl Session {
    /// Gives until when the client's refusal is held up, if it is. Whoever goes before leaves its place occupied until then.
    pub(crate) const fn held_up(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Deciding(deciding) => deciding.held_up,
            Phase::Hello | Phase::Challenged(_) | Phase::Open(..) | Phase::Over => None,
        }
    }

    /// Says whether nothing follows the last message if the client goes meanwhile.
    pub(crate) const fn is_dispensable(&self) -> bool {
        match &self.phase {
            Phase::Deciding(deciding) => deciding.held_up.is_none(),
            Phase::Hello | Phase::Challenged(_) | Phase::Open(..) | Phase::Over => false,
        }
    }

    /// Waits for what follows the last message, if that takes time.
    pub(crate) fn poll_decided(
        &mut self,
        context: &mut Context<'_>,
        work: &mut Work,
    ) -> Poll<Change> {
        loop {
            let Phase::Deciding(deciding) = &mut self.phase else {
                return self.poll_logged_out(context, work);
            };
            let step = std::task::ready!(deciding.step.as_mut().poll(context));
            self.phase = Phase::Hello;
            let change = self.follow(step, work);
            // One decision may lead to the next, which nobody wakes this task for unless it is polled.
            if !self.is_deciding() {
                return Poll::Ready(change);
            }
        }
    }

    /// Takes nothing more until it is known what follows.
    pub(super) fn decide(&mut self, decision: BoxFuture<'static, Step>) -> Change {
        self.phase = Phase::Deciding(Deciding {
            step: decision,
            held_up: None,
        });
        Change::None
    }

    /// Waits for what an authenticator says.
    pub(super) fn ask(&mut self, inquiry: Inquiry, joining: Joining) -> Change {
        let router = Arc::clone(&self.router);
        let address = self.address();
        self.decide(Box::pin(async move {
            let procedure = inquiry.procedure.clone();
            let answer = router.ask(inquiry).await;
            let told = Arc::clone(&router);
            let is_slow = joining.is_slow_to_take(&answer);
            let work = move || match joining.answered(answer) {
                Ok(step) => step,
                Err(bad) => {
                    told.note_bad_answer(&procedure, &bad.what);
                    Step::Abort(bad.abort)
                }
            };
            if is_slow {
                router.compute(address, work).await
            } else {
                work()
            }
        }))
    }

    /// Gives the client's address, if it has one.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.client.transport.peer.map(|peer| peer.ip())
    }

    /// Waits for the keys of a client's token.
    pub(super) fn look_up(&mut self, request: KeyRequest, joining: Joining) -> Change {
        let router = Arc::clone(&self.router);
        self.decide(Box::pin(async move {
            let keys = router.keys(&request).await;
            joining.keyed(keys.as_deref())
        }))
    }
}
