use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{EncodeError, Identity, MatchPolicy, Message, RequestId, Text};

/// `[REGISTER, Request, Options, Procedure]`
#[derive(Clone, Debug, PartialEq)]
pub struct Register {
    /// The request.
    pub request: RequestId,
    /// `options.match`
    pub policy: Option<crate::MatchPolicy>,
    /// `options.invoke`
    pub invoke: Option<InvocationPolicy>,
    /// `options.concurrency`: how many invocations this callee takes at a time (Crossbar.io).
    pub concurrency: Option<u32>,
    /// `options.force_reregister` (Crossbar.io)
    pub force_reregister: Option<bool>,
    /// `options.disclose_caller`
    pub disclose_caller: Option<bool>,
    /// `options.forward_timeout`
    pub forward_timeout: Option<bool>,
    /// `options.forward_for`; empty if absent.
    pub forward_for: Vec<Identity>,
    /// The procedure or pattern.
    pub procedure: Text,
}

/// How calls are spread over the callees of a registration (WAMP spec, "Shared Registration").
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum InvocationPolicy {
    /// One callee only.
    #[default]
    Single,
    /// In turn.
    RoundRobin,
    /// Any.
    Random,
    /// The oldest.
    First,
    /// The newest.
    Last,
}

impl Register {
    /// The message's type code.
    pub const CODE: u16 = 64;
    /// The message's name.
    pub const NAME: &'static str = "REGISTER";
    const ELEMENTS: u8 = 4;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let request = fields.id("request")?;
        let mut policy = None;
        let mut invoke = None;
        let mut concurrency = None;
        let mut force_reregister = None;
        let mut disclose_caller = None;
        let mut forward_timeout = None;
        let mut forward_for = Vec::new();
        fields.dict("options", |key, fields| match key {
            "match" => fields.word(&mut policy, MatchPolicy::NAMES, MatchPolicy::named),
            "invoke" => {
                let names = InvocationPolicy::NAMES;
                fields.word(&mut invoke, names, InvocationPolicy::named)
            }
            "concurrency" => fields.unsigned32(&mut concurrency),
            "force_reregister" => fields.boolean(&mut force_reregister),
            "disclose_caller" => fields.boolean(&mut disclose_caller),
            "forward_timeout" => fields.boolean(&mut forward_timeout),
            "forward_for" => Identity::read_list(&mut forward_for, fields),
            _ => fields.skip(),
        })?;
        let procedure = fields.text("procedure")?;
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Register(Self {
            request,
            policy,
            invoke,
            concurrency,
            force_reregister,
            disclose_caller,
            forward_timeout,
            forward_for,
            procedure,
        }))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(4);
        out.unsigned(Self::CODE.into());
        out.unsigned(self.request.value());
        let mut options = DictWriter::begin(out);
        options.word("match", self.policy.map(MatchPolicy::name));
        options.word("invoke", self.invoke.map(InvocationPolicy::name));
        options.number("concurrency", self.concurrency.map(u64::from));
        options.boolean("force_reregister", self.force_reregister);
        options.boolean("disclose_caller", self.disclose_caller);
        options.boolean("forward_timeout", self.forward_timeout);
        options.identities("forward_for", &self.forward_for)?;
        options.end();
        out.text(&self.procedure)?;
        out.end_message();
        Ok(())
    }
}

impl InvocationPolicy {
    /// Every policy's word.
    pub const NAMES: &'static [&'static str] = &["single", "roundrobin", "random", "first", "last"];

    /// Gives the word on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::RoundRobin => "roundrobin",
            Self::Random => "random",
            Self::First => "first",
            Self::Last => "last",
        }
    }

    /// Gives the policy that a word stands for.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "single" => Some(Self::Single),
            "roundrobin" => Some(Self::RoundRobin),
            "random" => Some(Self::Random),
            "first" => Some(Self::First),
            "last" => Some(Self::Last),
            _ => None,
        }
    }
}
