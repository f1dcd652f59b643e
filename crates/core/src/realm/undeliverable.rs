use crossbar_wire::{CancelMode, Error, Message, Payload, RequestId, SessionId};

use super::{Realm, send};
use crate::calls::{CallKey, Kept};
use crate::refusal::{Refusal, RequestType};
use crate::{Outbox, Undeliverable, uris};

impl Realm {
    /// Takes back a message that could not be queued for `to`, and tells the one who waits for it: the caller of an
    /// invocation or of a result gets an error. An event is dropped and counted.
    pub fn undeliverable(
        &mut self,
        to: SessionId,
        message: &Message,
        why: Undeliverable,
        out: &mut Outbox,
    ) {
        self.take_back(to, message, why, out);
        self.settle(out);
    }

    fn take_back(
        &mut self,
        to: SessionId,
        message: &Message,
        why: Undeliverable,
        out: &mut Outbox,
    ) {
        match message {
            Message::Event(_) => self.dropped_events += 1,
            Message::Invocation(invocation) => {
                let call = self
                    .sessions
                    .get(to)
                    .and_then(|s| s.invocations.get(&invocation.request));
                if let Some(&key) = call {
                    if why == Undeliverable::Full && self.reroute(key, out) {
                        return;
                    }
                    if self.is_continued(key) {
                        self.interrupt(key, CancelMode::KillNoWait, out);
                    }
                    self.fail(key, refusal("arguments", "callee", why), out);
                }
            }
            Message::Result(result) if result.progress == Some(true) => {
                self.stop(to, result.request, why, out);
            }
            Message::Result(result) => {
                let answer =
                    refusal("result", "caller", why).answer(RequestType::Call, result.request);
                self.send_if_open(to, answer, out);
            }
            Message::Error(error)
                if error.payload != Payload::EMPTY || error.passthru.is_some() =>
            {
                let bare = Error {
                    passthru: None,
                    payload: Payload::EMPTY,
                    ..error.clone()
                };
                self.send_if_open(to, Message::Error(bare), out);
            }
            Message::Error(_) | Message::Welcome(_) => {
                self.violate(to, "the client takes no message of this size", out);
            }
            Message::Hello(_)
            | Message::Abort(_)
            | Message::Challenge(_)
            | Message::Authenticate(_)
            | Message::Goodbye(_)
            | Message::Publish(_)
            | Message::Published(_)
            | Message::Subscribe(_)
            | Message::Subscribed(_)
            | Message::Unsubscribe(_)
            | Message::Unsubscribed(_)
            | Message::EventReceived(_)
            | Message::Call(_)
            | Message::Cancel(_)
            | Message::Register(_)
            | Message::Registered(_)
            | Message::Unregister(_)
            | Message::Unregistered(_)
            | Message::Interrupt(_)
            | Message::Yield(_) => {}
        }
    }

    /// Says whether a callee has had more than the first chunk of a call.
    fn is_continued(&self, key: CallKey) -> bool {
        let invoked = self.calls.get(key).and_then(|call| call.invoked());
        match invoked.and_then(|invoked| invoked.kept.as_deref()) {
            Some(Kept::Stream(stream)) => stream.continued,
            Some(Kept::Rerouting(_)) | None => false,
        }
    }

    /// Ends a call whose progressive result could not be delivered.
    fn stop(
        &mut self,
        caller: SessionId,
        request: RequestId,
        why: Undeliverable,
        out: &mut Outbox,
    ) {
        let call = self
            .sessions
            .get(caller)
            .and_then(|s| s.calls.get(&request));
        if let Some(&key) = call {
            self.interrupt(key, CancelMode::KillNoWait, out);
            self.fail(key, refusal("result", "caller", why), out);
        }
    }

    fn send_if_open(&self, to: SessionId, message: Message, out: &mut Outbox) {
        if self.sessions.open(to).is_some() {
            send(out, to, message);
        }
    }
}

fn refusal(what: &str, whom: &str, why: Undeliverable) -> Refusal {
    match why {
        Undeliverable::TooLarge => Refusal::new(
            uris::PAYLOAD_SIZE_EXCEEDED,
            format!("the {whom} accepts no {what} of this size"),
        ),
        Undeliverable::Unrepresentable => Refusal::new(
            uris::INVALID_ARGUMENT,
            format!("the serializer of the {whom} cannot express the {what}"),
        ),
        Undeliverable::Full => Refusal::new(
            uris::NO_AVAILABLE_CALLEE,
            format!(
                "the {whom} has not read what waits for it, and there is no room for the {what}"
            ),
        ),
    }
}
