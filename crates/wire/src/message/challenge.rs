use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{EncodeError, Message, Text, Value};

/// `[CHALLENGE, AuthMethod, Extra]`
#[derive(Clone, Debug, PartialEq)]
pub struct Challenge {
    /// The authentication method.
    pub method: Text,
    /// What the client needs to answer; always a dictionary.
    pub extra: Value,
}

impl Challenge {
    /// The message's type code.
    pub const CODE: u16 = 4;
    /// The message's name.
    pub const NAME: &'static str = "CHALLENGE";
    const ELEMENTS: u8 = 3;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let message = Self {
            method: fields.text("method")?,
            extra: fields.dict_value("extra")?,
        };
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Challenge(Box::new(message)))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(3);
        out.unsigned(Self::CODE.into());
        out.text(&self.method)?;
        self.extra.write_dict(out)?;
        out.end_message();
        Ok(())
    }
}
