use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{EncodeError, Message, RegistrationId, RequestId, Text};

/// `[UNREGISTERED, UNREGISTER.Request]`, or `[UNREGISTERED, 0, Details]` for a revocation.
#[derive(Clone, Debug, PartialEq)]
pub struct Unregistered {
    /// The request; 0 for a revocation.
    pub request: RequestId,
    /// `details.registration` of a revocation.
    pub registration: Option<RegistrationId>,
    /// `details.reason` of a revocation.
    pub reason: Option<Text>,
}

impl Unregistered {
    /// The message's type code.
    pub const CODE: u16 = 67;
    /// The message's name.
    pub const NAME: &'static str = "UNREGISTERED";
    const ELEMENTS: u8 = 3;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let mut message = Self {
            request: fields.id("request")?,
            registration: None,
            reason: None,
        };
        if fields.optional("details")? {
            fields.entries(|key, fields| match key {
                "registration" => fields.identifier(&mut message.registration),
                "reason" => fields.string(&mut message.reason),
                _ => fields.skip(),
            })?;
        }
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Unregistered(message))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        let detailed = self.registration.is_some() || self.reason.is_some();
        out.begin_message(2 + usize::from(detailed));
        out.unsigned(Self::CODE.into());
        out.unsigned(self.request.value());
        if detailed {
            let mut details = DictWriter::begin(out);
            details.id("registration", self.registration);
            details.text("reason", self.reason.as_ref())?;
            details.end();
        }
        out.end_message();
        Ok(())
    }
}
