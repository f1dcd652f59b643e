use std::sync::Arc;

use crossbar_wire::{Features, Message, Role, Text};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::callee::Callee;
use super::requests::{Line, Requests, Waiting};
use super::subscriber::Subscriber;
use super::{End, goodbye};
use crate::input::{Input, Key};
use crate::link::Link;
use crate::{CloseReason, Details, LinkError};

/// What is pending, registered and subscribed.
pub(super) struct State {
    pub(super) requests: Requests,
    pub(super) callee: Callee,
    pub(super) subscriber: Subscriber,
    /// When the router's GOODBYE is not waited for any more; set once this side has said its own.
    pub(super) leave_by: Option<Instant>,
    /// Who waits for the end.
    pub(super) leavers: Vec<oneshot::Sender<()>>,
    router_cancels: bool,
}

impl State {
    pub(super) fn new(inputs: mpsc::WeakSender<Input>) -> Self {
        Self {
            requests: Requests::default(),
            callee: Callee::new(inputs),
            subscriber: Subscriber::default(),
            leave_by: None,
            leavers: Vec::new(),
            router_cancels: false,
        }
    }

    /// Takes note of a new connection.
    pub(super) fn opened(&mut self, details: &Details) {
        self.requests.restart();
        self.callee.opened(details.format);
        self.router_cancels = details
            .roles
            .supports(Role::Dealer, Features::CALL_CANCELING);
    }

    /// Registers and subscribes again what was registered and subscribed on the connection before.
    pub(super) fn restore(&mut self, link: &mut Link) -> Result<(), LinkError> {
        let mut line = Line {
            requests: &mut self.requests,
            link,
        };
        self.callee.restore(&mut line)?;
        self.subscriber.restore(&mut line)
    }

    /// Gives when a registration that could not be restored is to be tried again.
    pub(super) const fn retry_at(&self) -> Option<Instant> {
        self.callee.retry_at()
    }

    pub(super) fn retry(&mut self, link: &mut Link) -> Result<(), LinkError> {
        self.callee.restore(&mut Line {
            requests: &mut self.requests,
            link,
        })
    }

    /// Answers everything that waits on a connection that is no more.
    pub(super) fn lost(&mut self) {
        self.requests.lost();
        self.callee.lost();
        self.subscriber.lost();
    }

    /// Answers everyone who waits for the end.
    pub(super) fn left(&mut self) {
        for leaver in self.leavers.drain(..) {
            // Whoever has stopped waiting needs no answer.
            let _ = leaver.send(());
        }
    }

    pub(super) fn forget_subscription(&mut self, key: Key) {
        self.subscriber.forget(key);
    }

    pub(super) fn input(&mut self, input: Input, link: &mut Link) {
        let mut line = Line {
            requests: &mut self.requests,
            link,
        };
        match input {
            Input::Call(key, call, waiter) => line.requests.call(key, *call, waiter, line.link),
            Input::Cancel(key, mode) => {
                if self.router_cancels {
                    line.requests.cancel(key, mode, line.link);
                }
            }
            Input::Publish(publish, answer) => line.requests.publish(*publish, answer, line.link),
            Input::Subscribe(key, new, answer) => {
                self.subscriber.subscribe(key, new, answer, &mut line);
            }
            Input::Unsubscribe(key, answer) => self.subscriber.unsubscribe(key, answer, &mut line),
            Input::Register(key, new, answer) => self.callee.register(key, new, answer, &mut line),
            Input::Unregister(key, answer) => {
                self.callee.unregister(key, Some(answer), &mut line);
            }
            Input::Progress(running, payload) => self.callee.progress(running, payload, line.link),
            Input::Leave(done) => self.leavers.push(done),
        }
    }

    pub(super) fn message(&mut self, message: Message, link: &mut Link) -> Result<(), End> {
        let mut line = Line {
            requests: &mut self.requests,
            link,
        };
        match message {
            Message::Result(result) => line.requests.result(result),
            Message::Event(event) => self.subscriber.event(event, &mut line),
            Message::Invocation(invocation) => self.callee.invocation(invocation, line.link)?,
            Message::Interrupt(interrupt) => self.callee.interrupt(&interrupt, line.link)?,
            Message::Error(error) => self.error(error),
            Message::Published(published) => line.requests.published(&published),
            Message::Subscribed(message) => {
                let Some(Waiting::Subscribe(key, answer)) = line.requests.take(message.request)
                else {
                    return Err(End::Violation("SUBSCRIBED without a request"));
                };
                self.subscriber.subscribed(key, &message, answer, &mut line);
            }
            Message::Unsubscribed(unsubscribed) => self.unsubscribed(&unsubscribed)?,
            Message::Registered(message) => {
                let Some(Waiting::Register(key, answer)) = line.requests.take(message.request)
                else {
                    return Err(End::Violation("REGISTERED without a request"));
                };
                self.callee
                    .registered(key, message.registration, answer, &mut line);
            }
            Message::Unregistered(unregistered) => self.unregistered(&unregistered)?,
            Message::Goodbye(end) => return Err(self.goodbye(&end, link)),
            Message::Abort(abort) => {
                return Err(End::Router(CloseReason::Aborted {
                    reason: abort.reason.compact(),
                    message: abort.message.as_ref().map(Text::compact),
                }));
            }
            Message::Hello(_)
            | Message::Welcome(_)
            | Message::Challenge(_)
            | Message::Authenticate(_)
            | Message::Publish(_)
            | Message::Subscribe(_)
            | Message::Unsubscribe(_)
            | Message::EventReceived(_)
            | Message::Call(_)
            | Message::Cancel(_)
            | Message::Register(_)
            | Message::Unregister(_)
            | Message::Yield(_) => {
                return Err(End::Violation(
                    "a message that no router sends in a session",
                ));
            }
        }
        Ok(())
    }

    fn error(&mut self, error: crossbar_wire::Error) {
        let request = error.request;
        match self.requests.error(error) {
            Some((Waiting::Unsubscribe(id, answer), refused)) => {
                self.subscriber.unsubscribed(id, request);
                Waiting::Unsubscribe(id, answer).fail(refused);
            }
            Some((Waiting::Subscribe(key, answer), refused)) => {
                self.subscriber.refused(key, answer, refused);
            }
            Some((Waiting::Register(key, answer), refused)) => {
                self.callee.refused(key, answer, refused);
            }
            Some((other, refused)) => other.fail(refused),
            None => {}
        }
    }

    fn unsubscribed(&mut self, message: &crossbar_wire::Unsubscribed) -> Result<(), End> {
        if message.request.value() == 0 {
            if let Some(id) = message.subscription {
                self.subscriber.revoked(id);
            }
            return Ok(());
        }
        let Some(Waiting::Unsubscribe(id, answer)) = self.requests.take(message.request) else {
            return Err(End::Violation("UNSUBSCRIBED without a request"));
        };
        self.subscriber.unsubscribed(id, message.request);
        if let Some(answer) = answer {
            drop(answer.send(Ok(())));
        }
        Ok(())
    }

    fn unregistered(&mut self, message: &crossbar_wire::Unregistered) -> Result<(), End> {
        if message.request.value() == 0 {
            if let Some(id) = message.registration {
                self.callee.revoked(id);
            }
            return Ok(());
        }
        let Some(Waiting::Unregister(key, answer)) = self.requests.take(message.request) else {
            return Err(End::Violation("UNREGISTERED without a request"));
        };
        self.callee.unregistered(key);
        if let Some(answer) = answer {
            drop(answer.send(Ok(())));
        }
        Ok(())
    }

    fn goodbye(&self, message: &crossbar_wire::Goodbye, link: &mut Link) -> End {
        if self.leave_by.is_some() {
            return End::Left;
        }
        if let Err(error) = link.put(&goodbye("wamp.close.goodbye_and_out")) {
            return End::Lost(error);
        }
        End::Router(CloseReason::Goodbye {
            reason: message.reason.compact(),
            message: message.message.as_ref().map(Text::compact),
        })
    }
}

/// Makes an error shareable, for an answer.
pub(super) fn unsendable(error: LinkError) -> crate::RequestError {
    crate::RequestError::Send(Arc::new(error))
}
