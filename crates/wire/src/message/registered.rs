use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{EncodeError, Message, RegistrationId, RequestId};

/// `[REGISTERED, REGISTER.Request, Registration]`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Registered {
    /// The request.
    pub request: RequestId,
    /// The registration.
    pub registration: RegistrationId,
}

impl Registered {
    /// The message's type code.
    pub const CODE: u16 = 65;
    /// The message's name.
    pub const NAME: &'static str = "REGISTERED";
    const ELEMENTS: u8 = 3;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let message = Self {
            request: fields.id("request")?,
            registration: fields.id("registration")?,
        };
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Registered(message))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(3);
        out.unsigned(Self::CODE.into());
        out.unsigned(self.request.value());
        out.unsigned(self.registration.value());
        out.end_message();
        Ok(())
    }
}
