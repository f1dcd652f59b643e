//! The one time that a connection waits for.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// Waits for one time at most. Nothing is held while there is none to wait for, as in most sessions.
#[derive(Debug, Default)]
pub(crate) struct Clock(Option<Box<Alarm>>);

#[derive(Debug)]
struct Alarm {
    due: Due,
    sleep: Pin<Box<Sleep>>,
}

/// What is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Due {
    /// A session must be open by then.
    Hello,
    /// It is time to think of a ping.
    Ping,
    /// The connection must be closed by then.
    Close,
}

impl Clock {
    /// Makes one that is set, if there is a time.
    pub(crate) fn new(due: Due, after: Option<Duration>) -> Self {
        let mut clock = Self::default();
        clock.set(due, after);
        clock
    }

    /// Sets the time, in place of what was set; without a time it waits for nothing.
    pub(crate) fn set(&mut self, due: Due, after: impl Into<Option<Duration>>) {
        self.0 = after.into().map(|after| {
            let sleep = Box::pin(tokio::time::sleep_until(Instant::now() + after));
            Box::new(Alarm { due, sleep })
        });
    }

    /// Waits for nothing.
    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }

    /// Says what is due, once it is.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Due> {
        let Some(alarm) = &mut self.0 else {
            return Poll::Pending;
        };
        match alarm.sleep.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                let due = alarm.due;
                self.clear();
                Poll::Ready(due)
            }
        }
    }
}
