use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{EncodeError, Message, Text, Value};

/// `[AUTHENTICATE, Signature, Extra]`
#[derive(Clone, PartialEq)]
pub struct Authenticate {
    /// Signature, or the ticket itself.
    pub signature: Text,
    /// Further answers; a dictionary.
    pub extra: Value,
}

impl Authenticate {
    /// The message's type code.
    pub const CODE: u16 = 5;
    /// The message's name.
    pub const NAME: &'static str = "AUTHENTICATE";
    const ELEMENTS: u8 = 3;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let message = Self {
            signature: fields.text("signature")?,
            extra: fields.dict_value("extra")?,
        };
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Authenticate(Box::new(message)))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(3);
        out.unsigned(Self::CODE.into());
        out.text(&self.signature)?;
        self.extra.write_dict(out)?;
        out.end_message();
        Ok(())
    }
}

impl std::fmt::Debug for Authenticate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authenticate { signature: ***, .. }")
    }
}
