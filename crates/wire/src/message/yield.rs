use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::message::passthru::is_opaque;
use crate::{EncodeError, Message, Passthru, Payload, RequestId};

/// `[YIELD, INVOCATION.Request, Options, Args?, Kwargs?]`
#[derive(Clone, Debug, PartialEq)]
pub struct Yield {
    /// The invocation.
    pub request: RequestId,
    /// `options.progress`
    pub progress: Option<bool>,
    /// Payload passthru attributes.
    pub passthru: Option<Box<Passthru>>,
    /// The result.
    pub payload: Payload,
}

impl Yield {
    /// The message's type code.
    pub const CODE: u16 = 70;
    /// The message's name.
    pub const NAME: &'static str = "YIELD";
    const ELEMENTS: u8 = 5;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let request = fields.id("request")?;
        let mut progress = None;
        let mut passthru = None;
        fields.dict("options", |key, fields| match key {
            "progress" => fields.boolean(&mut progress),
            _ => Passthru::read(&mut passthru, key, fields),
        })?;
        let payload = fields.payload(is_opaque(passthru.as_deref()))?;
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Yield(Self {
            request,
            progress,
            passthru,
            payload,
        }))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(3 + self.payload.elements());
        out.unsigned(Self::CODE.into());
        out.unsigned(self.request.value());
        let mut options = DictWriter::begin(out);
        options.boolean("progress", self.progress);
        Passthru::write(self.passthru.as_deref(), &mut options)?;
        options.end();
        self.payload.write(out)?;
        out.end_message();
        Ok(())
    }
}
