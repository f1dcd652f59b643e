use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::message::passthru::is_opaque;
use crate::{
    EncodeError, Identity, Message, Passthru, Payload, PublicationId, SubscriptionId, Text,
};

/// `[EVENT, Subscription, Publication, Details, Args?, Kwargs?]`
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The publication.
    pub publication: PublicationId,
    /// `details.publisher`, `publisher_authid`, `publisher_authrole`
    pub publisher: Option<Box<Identity>>,
    /// `details.topic`, for pattern subscriptions.
    pub topic: Option<Text>,
    /// `details.trustlevel`
    pub trustlevel: Option<u32>,
    /// `details.retained`
    pub retained: Option<bool>,
    /// `details.x_acknowledged_delivery` (Autobahn)
    pub acknowledged_delivery: Option<bool>,
    /// Payload passthru attributes.
    pub passthru: Option<Box<Passthru>>,
    /// The arguments.
    pub payload: Payload,
}

impl Event {
    /// The message's type code.
    pub const CODE: u16 = 36;
    /// The message's name.
    pub const NAME: &'static str = "EVENT";
    const ELEMENTS: u8 = 6;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let subscription = fields.id("subscription")?;
        let publication = fields.id("publication")?;
        let mut publisher = None;
        let mut topic = None;
        let mut trustlevel = None;
        let mut retained = None;
        let mut acknowledged_delivery = None;
        let mut passthru = None;
        fields.dict("details", |key, fields| match key {
            "publisher" | "publisher_authid" | "publisher_authrole" => {
                Identity::read(&mut publisher, key, fields)
            }
            "topic" => fields.string(&mut topic),
            "trustlevel" => fields.unsigned32(&mut trustlevel),
            "retained" => fields.boolean(&mut retained),
            "x_acknowledged_delivery" => fields.boolean(&mut acknowledged_delivery),
            _ => Passthru::read(&mut passthru, key, fields),
        })?;
        let payload = fields.payload(is_opaque(passthru.as_deref()))?;
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Event(Self {
            subscription,
            publication,
            publisher,
            topic,
            trustlevel,
            retained,
            acknowledged_delivery,
            passthru,
            payload,
        }))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(4 + self.payload.elements());
        out.unsigned(Self::CODE.into());
        out.unsigned(self.subscription.value());
        out.unsigned(self.publication.value());
        let mut details = DictWriter::begin(out);
        details.identity(&Identity::PUBLISHER, self.publisher.as_deref())?;
        details.text("topic", self.topic.as_ref())?;
        details.number("trustlevel", self.trustlevel.map(u64::from));
        details.boolean("retained", self.retained);
        details.boolean("x_acknowledged_delivery", self.acknowledged_delivery);
        Passthru::write_links_first(self.passthru.as_deref(), &mut details)?;
        details.end();
        self.payload.write(out)?;
        out.end_message();
        Ok(())
    }
}
