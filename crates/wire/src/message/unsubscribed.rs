use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{EncodeError, Message, RequestId, SubscriptionId, Text};

/// `[UNSUBSCRIBED, UNSUBSCRIBE.Request]`, or `[UNSUBSCRIBED, 0, Details]` for a revocation.
#[derive(Clone, Debug, PartialEq)]
pub struct Unsubscribed {
    /// The request; 0 for a revocation.
    pub request: RequestId,
    /// `details.subscription` of a revocation.
    pub subscription: Option<SubscriptionId>,
    /// `details.reason` of a revocation.
    pub reason: Option<Text>,
}

impl Unsubscribed {
    /// The message's type code.
    pub const CODE: u16 = 35;
    /// The message's name.
    pub const NAME: &'static str = "UNSUBSCRIBED";
    const ELEMENTS: u8 = 3;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let mut message = Self {
            request: fields.id("request")?,
            subscription: None,
            reason: None,
        };
        if fields.optional("details")? {
            fields.entries(|key, fields| match key {
                "subscription" => fields.identifier(&mut message.subscription),
                "reason" => fields.string(&mut message.reason),
                _ => fields.skip(),
            })?;
        }
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Unsubscribed(message))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        let detailed = self.subscription.is_some() || self.reason.is_some();
        out.begin_message(2 + usize::from(detailed));
        out.unsigned(Self::CODE.into());
        out.unsigned(self.request.value());
        if detailed {
            let mut details = DictWriter::begin(out);
            details.id("subscription", self.subscription);
            details.text("reason", self.reason.as_ref())?;
            details.end();
        }
        out.end_message();
        Ok(())
    }
}
