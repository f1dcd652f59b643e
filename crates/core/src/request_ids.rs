use std::collections::VecDeque;

use crossbar_wire::{MAX_ID, Message, RequestId};

/// The request ids of a session that must count up from 1 (WAMP spec, "IDs", "Verification of CALL Request IDs").
#[derive(Debug, Default)]
pub(crate) struct RequestIds {
    last: u64,
    /// The progressive calls that were begun last, oldest first: a chunk may come after the end of its call.
    streams: VecDeque<u64>,
}

/// How many progressive calls may have been begun since one whose late chunks are taken.
const STREAMS: usize = 256;

impl RequestIds {
    /// Takes the request id of a message, if it has one of its own. Gives the id that it should have if it is another, and
    /// not that of a progressive call.
    pub(crate) fn take(&mut self, message: &Message) -> Result<(), u64> {
        let Some(request) = own(message) else {
            return Ok(());
        };
        let next = if self.last == MAX_ID {
            1
        } else {
            self.last + 1
        };
        if request.value() == next {
            self.last = next;
            if matches!(message, Message::Call(call) if call.progress == Some(true)) {
                self.note(next);
            }
            return Ok(());
        }
        let continues =
            matches!(message, Message::Call(_)) && self.streams.contains(&request.value());
        if continues { Ok(()) } else { Err(next) }
    }

    fn note(&mut self, stream: u64) {
        if self.streams.len() == STREAMS {
            self.streams.pop_front();
        }
        self.streams.push_back(stream);
    }
}

/// Gives the id of a request that a client begins; other messages repeat one.
fn own(message: &Message) -> Option<RequestId> {
    match message {
        Message::Publish(publish) => Some(publish.request),
        Message::Subscribe(subscribe) => Some(subscribe.request),
        Message::Unsubscribe(unsubscribe) => Some(unsubscribe.request),
        Message::Call(call) => Some(call.request),
        Message::Register(register) => Some(register.request),
        Message::Unregister(unregister) => Some(unregister.request),
        Message::Hello(_)
        | Message::Welcome(_)
        | Message::Abort(_)
        | Message::Challenge(_)
        | Message::Authenticate(_)
        | Message::Goodbye(_)
        | Message::Error(_)
        | Message::Published(_)
        | Message::Subscribed(_)
        | Message::Unsubscribed(_)
        | Message::Event(_)
        | Message::EventReceived(_)
        | Message::Cancel(_)
        | Message::Result(_)
        | Message::Registered(_)
        | Message::Unregistered(_)
        | Message::Invocation(_)
        | Message::Interrupt(_)
        | Message::Yield(_) => None,
    }
}
