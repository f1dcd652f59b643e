use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{EncodeError, Identity, Message, RegistrationId, RequestId};

/// `[UNREGISTER, Request, Registration]`
#[derive(Clone, Debug, PartialEq)]
pub struct Unregister {
    /// The request.
    pub request: RequestId,
    /// The registration.
    pub registration: RegistrationId,
    /// `options.forward_for`; empty if absent.
    pub forward_for: Vec<Identity>,
}

impl Unregister {
    /// The message's type code.
    pub const CODE: u16 = 66;
    /// The message's name.
    pub const NAME: &'static str = "UNREGISTER";
    const ELEMENTS: u8 = 4;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let mut message = Self {
            request: fields.id("request")?,
            registration: fields.id("registration")?,
            forward_for: Vec::new(),
        };
        if fields.optional("options")? {
            fields.entries(|key, fields| match key {
                "forward_for" => Identity::read_list(&mut message.forward_for, fields),
                _ => fields.skip(),
            })?;
        }
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Unregister(message))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        let forwarded = !self.forward_for.is_empty();
        out.begin_message(3 + usize::from(forwarded));
        out.unsigned(Self::CODE.into());
        out.unsigned(self.request.value());
        out.unsigned(self.registration.value());
        if forwarded {
            let mut options = DictWriter::begin(out);
            options.identities("forward_for", &self.forward_for)?;
            options.end();
        }
        out.end_message();
        Ok(())
    }
}
