use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::message::passthru::is_opaque;
use crate::{EncodeError, Identity, Message, Passthru, Payload, RequestId, Text};

/// `[ERROR, REQUEST.Type, REQUEST.Request, Details, Error, Args?, Kwargs?]`
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    /// The type code of the message that failed.
    pub request_type: u16,
    /// The request that failed.
    pub request: RequestId,
    /// Payload passthru attributes and other forwarded details.
    pub passthru: Option<Box<Passthru>>,
    /// Disclosure of the callee (Autobahn: `callee`, `callee_authid`, `callee_authrole`).
    pub callee: Option<Box<Identity>>,
    /// The error URI.
    pub error: Text,
    /// The arguments.
    pub payload: Payload,
}

impl Error {
    /// The message's type code.
    pub const CODE: u16 = 8;
    /// The message's name.
    pub const NAME: &'static str = "ERROR";
    const ELEMENTS: u8 = 7;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let request_type = fields.number("request type", u16::MAX.into())?;
        let request_type = u16::try_from(request_type).unwrap_or(u16::MAX);
        let request = fields.id("request")?;
        let mut passthru = None;
        let mut callee = None;
        fields.dict("details", |key, fields| match key {
            "callee" | "callee_authid" | "callee_authrole" => {
                Identity::read(&mut callee, key, fields)
            }
            _ => Passthru::read(&mut passthru, key, fields),
        })?;
        let error = fields.text("error")?;
        let payload = fields.payload(is_opaque(passthru.as_deref()))?;
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Error(Self {
            request_type,
            request,
            passthru,
            callee,
            error,
            payload,
        }))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(5 + self.payload.elements());
        out.unsigned(Self::CODE.into());
        out.unsigned(self.request_type.into());
        out.unsigned(self.request.value());
        let mut details = DictWriter::begin(out);
        details.identity(&Identity::CALLEE, self.callee.as_deref())?;
        Passthru::write(self.passthru.as_deref(), &mut details)?;
        details.end();
        out.text(&self.error)?;
        self.payload.write(out)?;
        out.end_message();
        Ok(())
    }
}
