use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{EncodeError, Message, RequestId, SubscriptionId};

/// `[SUBSCRIBED, SUBSCRIBE.Request, Subscription]`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subscribed {
    /// The request.
    pub request: RequestId,
    /// The subscription.
    pub subscription: SubscriptionId,
}

impl Subscribed {
    /// The message's type code.
    pub const CODE: u16 = 33;
    /// The message's name.
    pub const NAME: &'static str = "SUBSCRIBED";
    const ELEMENTS: u8 = 3;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let message = Self {
            request: fields.id("request")?,
            subscription: fields.id("subscription")?,
        };
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Subscribed(message))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(3);
        out.unsigned(Self::CODE.into());
        out.unsigned(self.request.value());
        out.unsigned(self.subscription.value());
        out.end_message();
        Ok(())
    }
}
