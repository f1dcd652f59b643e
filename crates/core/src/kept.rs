use crossbar_wire::{
    Audience, Event, Identity, Passthru, Payload, PublicationId, SubscriptionId, Text,
};

/// An event that is kept for longer than its dispatch. It shares no memory with the frame it came in.
#[derive(Debug)]
pub struct KeptEvent {
    /// The publication.
    pub publication: PublicationId,
    /// The topic that it was published to.
    pub topic: Text,
    /// The publisher, if it was disclosed to the subscribers.
    pub publisher: Option<Box<Identity>>,
    /// The publication's trust level, as the subscribers were told.
    pub trustlevel: Option<u32>,
    /// Attributes that go with the payload.
    pub passthru: Option<Box<Passthru>>,
    /// Whom the publication was for, if not for everybody.
    pub audience: Option<Box<Audience>>,
    /// The arguments.
    pub payload: Payload,
}

impl KeptEvent {
    /// Makes the EVENT for a subscription; `by_pattern` says that its subscribers have to be told the topic.
    pub(crate) fn event(&self, subscription: SubscriptionId, by_pattern: bool) -> Event {
        Event {
            subscription,
            publication: self.publication,
            publisher: self.publisher.clone(),
            topic: by_pattern.then(|| self.topic.clone()),
            trustlevel: self.trustlevel,
            retained: None,
            acknowledged_delivery: None,
            passthru: self.passthru.clone(),
            payload: self.payload.clone(),
        }
    }

    /// Counts the octets of memory, about.
    #[must_use]
    pub fn octets(&self) -> usize {
        let passthru = self.passthru.as_deref().map_or(0, passthru_octets);
        let audience = self.audience.as_deref().map_or(0, audience_octets);
        OVERHEAD + self.topic.len() + self.payload.len() + passthru + audience
    }
}

/// Counts the octets of memory of attributes that go with a payload, about.
pub(crate) fn passthru_octets(passthru: &Passthru) -> usize {
    let links = passthru.forward_for.len() * size_of::<Identity>();
    links + passthru.texts().map(text_octets).sum::<usize>()
}

/// Counts the octets of memory of lists of receivers, about.
pub(crate) fn audience_octets(audience: &Audience) -> usize {
    let ids = [&audience.eligible, &audience.exclude];
    let ids = ids.into_iter().flatten().map(Vec::len).sum::<usize>() * size_of::<u64>();
    let texts = [
        &audience.eligible_authid,
        &audience.eligible_authrole,
        &audience.exclude_authid,
        &audience.exclude_authrole,
    ];
    let texts = texts.into_iter().flatten().flatten();
    ids + texts.map(text_octets).sum::<usize>()
}

fn text_octets(text: &Text) -> usize {
    size_of::<Text>() + text.len()
}

/// What an event takes beside its texts and its payload, with its places in the tables.
const OVERHEAD: usize = 320;
