//! What the meta API reads.

use crossbar_wire::{Pattern, SubscriptionId};

use super::{Broker, Subscription};
use crate::Timestamp;

impl Broker {
    /// Gives the subscription to this very topic or pattern.
    pub(crate) fn lookup(&self, topic: &Pattern) -> Option<SubscriptionId> {
        self.by_topic.get(topic.as_bytes(), topic.policy())
    }

    /// Gives all subscriptions.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SubscriptionId, &Subscription)> {
        self.subscriptions.iter().map(|(&id, it)| (id, it))
    }
}

impl Subscription {
    pub(crate) const fn topic(&self) -> &Pattern {
        &self.topic
    }

    pub(crate) const fn created(&self) -> Timestamp {
        self.created
    }
}
