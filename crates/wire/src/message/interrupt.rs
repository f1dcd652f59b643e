use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{CancelMode, EncodeError, Message, RequestId, Text};

/// `[INTERRUPT, INVOCATION.Request, Options]`
#[derive(Clone, Debug, PartialEq)]
pub struct Interrupt {
    /// The invocation.
    pub request: RequestId,
    /// `options.mode`
    pub mode: Option<CancelMode>,
    /// `options.reason` (later drafts; the error the call ended with).
    pub reason: Option<Text>,
}

impl Interrupt {
    /// The message's type code.
    pub const CODE: u16 = 69;
    /// The message's name.
    pub const NAME: &'static str = "INTERRUPT";
    const ELEMENTS: u8 = 3;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let mut message = Self {
            request: fields.id("request")?,
            mode: None,
            reason: None,
        };
        fields.dict("options", |key, fields| match key {
            "mode" => fields.word(&mut message.mode, CancelMode::NAMES, CancelMode::named),
            "reason" => fields.string(&mut message.reason),
            _ => fields.skip(),
        })?;
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Interrupt(message))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(3);
        out.unsigned(Self::CODE.into());
        out.unsigned(self.request.value());
        let mut options = DictWriter::begin(out);
        options.word("mode", self.mode.map(CancelMode::name));
        options.text("reason", self.reason.as_ref())?;
        options.end();
        out.end_message();
        Ok(())
    }
}
