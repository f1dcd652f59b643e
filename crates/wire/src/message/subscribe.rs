use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{EncodeError, Identity, MatchPolicy, RequestId, Text};

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

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Self> {
        fields.name(Self::NAME);

        let mut message = Self {
            request: fields.id("request")?,
            policy: None,
            get_retained: None,
            forward_for: Vec::new(),
            topic: Text::default(),
        };
        fields.dict("options", |key, fields| match key {
            "match" => fields.word(&mut message.policy, MatchPolicy::NAMES, MatchPolicy::named),
            "get_retained" => fields.boolean(&mut message.get_retained),
            "forward_for" => Identity::read_list(&mut message.forward_for, fields),
            _ => fields.skip(),
        })?;
        message.topic = fields.text("topic")?;
        fields.close(Self::ELEMENTS)?;
        Ok(message)
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
