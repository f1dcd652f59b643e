use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::message::passthru::is_opaque;
use crate::{EncodeError, Identity, Message, Passthru, Payload, RequestId, Text};

/// `[CALL, Request, Options, Procedure, Args?, Kwargs?]`
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The request.
    pub request: RequestId,
    /// `options.receive_progress`
    pub receive_progress: Option<bool>,
    /// `options.progress`: more arguments follow under the same request.
    pub progress: Option<bool>,
    /// `options.timeout`, in the unit that the realm says; 0 reads as given.
    pub timeout: Option<u64>,
    /// `options.disclose_me`
    pub disclose_me: Option<bool>,
    /// `options.caller…`, set by links only.
    pub caller: Option<Box<Identity>>,
    /// Payload passthru attributes.
    pub passthru: Option<Box<Passthru>>,
    /// The procedure.
    pub procedure: Text,
    /// The arguments.
    pub payload: Payload,
}

impl Call {
    /// The message's type code.
    pub const CODE: u16 = 48;
    /// The message's name.
    pub const NAME: &'static str = "CALL";
    const ELEMENTS: u8 = 6;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let request = fields.id("request")?;
        let mut receive_progress = None;
        let mut progress = None;
        let mut timeout = None;
        let mut disclose_me = None;
        let mut caller = None;
        let mut passthru = None;
        fields.dict("options", |key, fields| match key {
            "receive_progress" => fields.boolean(&mut receive_progress),
            "progress" => fields.boolean(&mut progress),
            "timeout" => fields.unsigned(&mut timeout),
            "disclose_me" => fields.boolean(&mut disclose_me),
            "caller" | "caller_authid" | "caller_authrole" => {
                Identity::read(&mut caller, key, fields)
            }
            _ => Passthru::read(&mut passthru, key, fields),
        })?;
        let procedure = fields.text("procedure")?;
        let payload = fields.payload(is_opaque(passthru.as_deref()))?;
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Call(Self {
            request,
            receive_progress,
            progress,
            timeout,
            disclose_me,
            caller,
            passthru,
            procedure,
            payload,
        }))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(4 + self.payload.elements());
        out.unsigned(Self::CODE.into());
        out.unsigned(self.request.value());
        let mut options = DictWriter::begin(out);
        options.boolean("receive_progress", self.receive_progress);
        options.boolean("progress", self.progress);
        options.number("timeout", self.timeout);
        options.boolean("disclose_me", self.disclose_me);
        options.identity(&Identity::CALLER, self.caller.as_deref())?;
        Passthru::write(self.passthru.as_deref(), &mut options)?;
        options.end();
        out.text(&self.procedure)?;
        self.payload.write(out)?;
        out.end_message();
        Ok(())
    }
}
