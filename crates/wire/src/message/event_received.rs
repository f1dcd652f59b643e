use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{EncodeError, Message, PublicationId};

/// `[EVENT_RECEIVED, EVENT.Publication]`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EventReceived {
    /// The publication.
    pub publication: PublicationId,
}

impl EventReceived {
    /// The message's type code.
    pub const CODE: u16 = 337;
    /// The message's name.
    pub const NAME: &'static str = "EVENT_RECEIVED";
    const ELEMENTS: u8 = 2;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let message = Self {
            publication: fields.id("publication")?,
        };
        fields.close(Self::ELEMENTS)?;
        Ok(Message::EventReceived(message))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(2);
        out.unsigned(Self::CODE.into());
        out.unsigned(self.publication.value());
        out.end_message();
        Ok(())
    }
}
