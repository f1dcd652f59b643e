use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{EncodeError, Message, PublicationId, RequestId};

/// `[PUBLISHED, PUBLISH.Request, Publication]`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    /// The request.
    pub request: RequestId,
    /// The publication.
    pub publication: PublicationId,
}

impl Published {
    /// The message's type code.
    pub const CODE: u16 = 17;
    /// The message's name.
    pub const NAME: &'static str = "PUBLISHED";
    const ELEMENTS: u8 = 3;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let message = Self {
            request: fields.id("request")?,
            publication: fields.id("publication")?,
        };
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Published(message))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(3);
        out.unsigned(Self::CODE.into());
        out.unsigned(self.request.value());
        out.unsigned(self.publication.value());
        out.end_message();
        Ok(())
    }
}
