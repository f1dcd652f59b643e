use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{EncodeError, Message, Payload, Text};

/// `[ABORT, Details, Reason, Args?, Kwargs?]`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Abort {
    /// `details.message`
    pub message: Option<Text>,
    /// `details.scram`: why WAMP-SCRAM failed, a `server-error-value` of RFC 5802.
    pub scram: Option<Text>,
    /// The reason URI.
    pub reason: Text,
    /// Arguments (newer specification; never sent by a router, since Autobahn refuses them).
    pub payload: Payload,
}

impl Abort {
    /// The message's type code.
    pub const CODE: u16 = 3;
    /// The message's name.
    pub const NAME: &'static str = "ABORT";
    const ELEMENTS: u8 = 5;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let mut message = Self::default();
        fields.dict("details", |key, fields| match key {
            "message" => fields.string(&mut message.message),
            "scram" => fields.string(&mut message.scram),
            _ => fields.skip(),
        })?;
        message.reason = fields.text("reason")?;
        message.payload = fields.payload(false)?;
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Abort(Box::new(message)))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(3 + self.payload.elements());
        out.unsigned(Self::CODE.into());
        let mut details = DictWriter::begin(out);
        details.text("message", self.message.as_ref())?;
        details.text("scram", self.scram.as_ref())?;
        details.end();
        out.text(&self.reason)?;
        self.payload.write(out)?;
        out.end_message();
        Ok(())
    }
}
