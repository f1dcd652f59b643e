//! Messages that are encoded outside the realm's lock.

use std::sync::OnceLock;

use bytes::Bytes;
use crossbar_core::Undeliverable;
use crossbar_wire::{Format, Message};

/// From how many octets of payload a message is large.
pub(crate) const LARGE: usize = 16 * 1024;

/// A message whose payload is too large to be encoded while a realm waits. The first receiver of each serializer encodes
/// it on its own task and shares the octets with the others.
#[derive(Debug)]
pub(crate) struct Large {
    /// The message.
    pub(crate) message: Message,
    bodies: [OnceLock<Result<Bytes, Undeliverable>>; SLOTS],
}

impl Large {
    /// Takes a message.
    pub(crate) const fn new(message: Message) -> Self {
        Self {
            message,
            bodies: [const { OnceLock::new() }; SLOTS],
        }
    }

    /// Gives the message's octets, at most `longest`.
    ///
    /// # Errors
    /// Says why there are none.
    pub(crate) fn body(&self, format: Format, longest: usize) -> Result<Bytes, Undeliverable> {
        let body = self.bodies[slot(format)]
            .get_or_init(|| {
                let mut out = Vec::with_capacity(self.payload_length() + 256);
                match self.message.encode(format, &mut out) {
                    Ok(()) => Ok(Bytes::from(out)),
                    Err(_) => Err(Undeliverable::Unrepresentable),
                }
            })
            .clone()?;
        if body.len() > longest {
            return Err(Undeliverable::TooLarge);
        }
        Ok(body)
    }

    /// Gives the length of the payload as it came, in octets.
    pub(crate) const fn payload_length(&self) -> usize {
        payload_length(&self.message)
    }
}

/// How many places a table of formats has.
pub(crate) const SLOTS: usize = Format::ALL.len() + 1;

/// Gives the place of a format in a table.
pub(crate) const fn slot(format: Format) -> usize {
    match format {
        Format::Json => 0,
        Format::MsgPack => 1,
        Format::Cbor => 2,
        Format::Bjdata => 3,
        Format::Ubjson => 4,
        Format::FlatBuffers => 5,
    }
}

/// Gives the length of a message's payload as it came, in octets.
pub(crate) const fn payload_length(message: &Message) -> usize {
    let payload = match message {
        Message::Error(error) => &error.payload,
        Message::Event(event) => &event.payload,
        Message::Invocation(invocation) => &invocation.payload,
        Message::Result(result) => &result.payload,
        Message::Abort(abort) => &abort.payload,
        Message::Publish(publish) => &publish.payload,
        Message::Call(call) => &call.payload,
        Message::Yield(r#yield) => &r#yield.payload,
        Message::Hello(_)
        | Message::Welcome(_)
        | Message::Challenge(_)
        | Message::Authenticate(_)
        | Message::Goodbye(_)
        | Message::Published(_)
        | Message::Subscribe(_)
        | Message::Subscribed(_)
        | Message::Unsubscribe(_)
        | Message::Unsubscribed(_)
        | Message::EventReceived(_)
        | Message::Cancel(_)
        | Message::Register(_)
        | Message::Registered(_)
        | Message::Unregister(_)
        | Message::Unregistered(_)
        | Message::Interrupt(_) => return 0,
    };
    payload.args.len() + payload.kwargs.len()
}
