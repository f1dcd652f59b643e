use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::message::passthru::is_opaque;
use crate::{EncodeError, Identity, Message, Passthru, Payload, RequestId};

/// `[RESULT, CALL.Request, Details, Args?, Kwargs?]`
#[derive(Clone, Debug, PartialEq)]
pub struct CallResult {
    /// The call.
    pub request: RequestId,
    /// `details.progress`
    pub progress: Option<bool>,
    /// `details.callee…` (compatibility with Crossbar.io)
    pub callee: Option<Box<Identity>>,
    /// Payload passthru attributes.
    pub passthru: Option<Box<Passthru>>,
    /// The result.
    pub payload: Payload,
}

impl CallResult {
    /// The message's type code.
    pub const CODE: u16 = 50;
    /// The message's name.
    pub const NAME: &'static str = "RESULT";
    const ELEMENTS: u8 = 5;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let request = fields.id("request")?;
        let mut progress = None;
        let mut callee = None;
        let mut passthru = None;
        fields.dict("details", |key, fields| match key {
            "progress" => fields.boolean(&mut progress),
            "callee" | "callee_authid" | "callee_authrole" => {
                Identity::read(&mut callee, key, fields)
            }
            _ => Passthru::read(&mut passthru, key, fields),
        })?;
        let payload = fields.payload(is_opaque(passthru.as_deref()))?;
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Result(Self {
            request,
            progress,
            callee,
            passthru,
            payload,
        }))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(3 + self.payload.elements());
        out.unsigned(Self::CODE.into());
        out.unsigned(self.request.value());
        let mut details = DictWriter::begin(out);
        details.boolean("progress", self.progress);
        details.identity(&Identity::CALLEE, self.callee.as_deref())?;
        Passthru::write(self.passthru.as_deref(), &mut details)?;
        details.end();
        self.payload.write(out)?;
        out.end_message();
        Ok(())
    }
}
