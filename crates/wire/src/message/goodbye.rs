use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{EncodeError, Message, Text};

/// `[GOODBYE, Details, Reason]`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Goodbye {
    /// `details.message`
    pub message: Option<Text>,
    /// The reason URI.
    pub reason: Text,
}

impl Goodbye {
    /// The message's type code.
    pub const CODE: u16 = 6;
    /// The message's name.
    pub const NAME: &'static str = "GOODBYE";
    const ELEMENTS: u8 = 3;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let mut message = Self::default();
        fields.dict("details", |key, fields| match key {
            "message" => fields.string(&mut message.message),
            _ => fields.skip(),
        })?;
        message.reason = fields.text("reason")?;
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Goodbye(Box::new(message)))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(3);
        out.unsigned(Self::CODE.into());
        let mut details = DictWriter::begin(out);
        details.text("message", self.message.as_ref())?;
        details.end();
        out.text(&self.reason)?;
        out.end_message();
        Ok(())
    }
}
