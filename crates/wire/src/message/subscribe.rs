use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{EncodeError, Identity, MatchPolicy, Message, RequestId, Text};

/// `[SUBSCRIBE, Request, Options, Topic]`
#[derive(Clone, Debug, PartialEq)]
pub struct Subscribe {
    /// The request.
    pub request: RequestId,
    /// `options.match`
    pub policy: Option<crate::MatchPolicy>,
    /// `options.get_retained`
    pub get_retained: Option<bool>,
    /// `options.forward_for`; empty if absent.
    pub forward_for: Vec<Identity>,
    /// The topic or pattern.
    pub topic: Text,
}

impl Subscribe {
    /// The message's type code.
    pub const CODE: u16 = 32;
    /// The message's name.
    pub const NAME: &'static str = "SUBSCRIBE";
    const ELEMENTS: u8 = 4;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let request = fields.id("request")?;
        let mut policy = None;
        let mut get_retained = None;
        let mut forward_for = Vec::new();
        fields.dict("options", |key, fields| match key {
            "match" => fields.word(&mut policy, MatchPolicy::NAMES, MatchPolicy::named),
            "get_retained" => fields.boolean(&mut get_retained),
            "forward_for" => Identity::read_list(&mut forward_for, fields),
            _ => fields.skip(),
        })?;
        let topic = fields.text("topic")?;
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Subscribe(Self {
            request,
            policy,
            get_retained,
            forward_for,
            topic,
        }))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(4);
        out.unsigned(Self::CODE.into());
        out.unsigned(self.request.value());
        let mut options = DictWriter::begin(out);
        options.word("match", self.policy.map(MatchPolicy::name));
        options.boolean("get_retained", self.get_retained);
        options.identities("forward_for", &self.forward_for)?;
        options.end();
        out.text(&self.topic)?;
        out.end_message();
        Ok(())
    }
}
