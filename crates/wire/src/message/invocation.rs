use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::message::passthru::is_opaque;
use crate::{EncodeError, Identity, Message, Passthru, Payload, RegistrationId, RequestId, Text};

/// `[INVOCATION, Request, Registration, Details, Args?, Kwargs?]`
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// The invocation: counts up from 1 for each callee session.
    pub request: RequestId,
    /// The registration.
    pub registration: RegistrationId,
    /// `details.receive_progress`
    pub receive_progress: Option<bool>,
    /// `details.progress`
    pub progress: Option<bool>,
    /// `details.timeout`
    pub timeout: Option<u64>,
    /// `details.caller`, `caller_authid`, `caller_authrole`
    pub caller: Option<Box<Identity>>,
    /// `details.procedure`, for pattern registrations.
    pub procedure: Option<Text>,
    /// `details.trustlevel`
    pub trustlevel: Option<u32>,
    /// Payload passthru attributes.
    pub passthru: Option<Box<Passthru>>,
    /// The arguments.
    pub payload: Payload,
}

impl Invocation {
    /// The message's type code.
    pub const CODE: u16 = 68;
    /// The message's name.
    pub const NAME: &'static str = "INVOCATION";
    const ELEMENTS: u8 = 6;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let request = fields.id("request")?;
        let registration = fields.id("registration")?;
        let mut receive_progress = None;
        let mut progress = None;
        let mut timeout = None;
        let mut caller = None;
        let mut procedure = None;
        let mut trustlevel = None;
        let mut passthru = None;
        fields.dict("details", |key, fields| match key {
            "receive_progress" => fields.boolean(&mut receive_progress),
            "progress" => fields.boolean(&mut progress),
            "timeout" => fields.unsigned(&mut timeout),
            "caller" | "caller_authid" | "caller_authrole" => {
                Identity::read(&mut caller, key, fields)
            }
            "procedure" => fields.string(&mut procedure),
            "trustlevel" => fields.unsigned32(&mut trustlevel),
            _ => Passthru::read(&mut passthru, key, fields),
        })?;
        let payload = fields.payload(is_opaque(passthru.as_deref()))?;
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Invocation(Self {
            request,
            registration,
            receive_progress,
            progress,
            timeout,
            caller,
            procedure,
            trustlevel,
            passthru,
            payload,
        }))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(4 + self.payload.elements());
        out.unsigned(Self::CODE.into());
        out.unsigned(self.request.value());
        out.unsigned(self.registration.value());
        let mut details = DictWriter::begin(out);
        details.boolean("receive_progress", self.receive_progress);
        details.boolean("progress", self.progress);
        details.number("timeout", self.timeout);
        details.identity(&Identity::CALLER, self.caller.as_deref())?;
        details.text("procedure", self.procedure.as_ref())?;
        details.number("trustlevel", self.trustlevel.map(u64::from));
        Passthru::write(self.passthru.as_deref(), &mut details)?;
        details.end();
        self.payload.write(out)?;
        out.end_message();
        Ok(())
    }
}
