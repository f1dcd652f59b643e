mod audit;
mod reading;

use crossbar_wire::{Pattern, SessionId, SubscriptionId};
use foldhash::fast::RandomState;
use indexmap::{IndexMap, IndexSet};

use crate::Timestamp;
use crate::generator::Making;
use crate::index::PatternIndex;

/// The subscriptions of a realm.
#[derive(Debug, Default)]
pub(crate) struct Broker {
    subscriptions: IndexMap<SubscriptionId, Subscription, RandomState>,
    by_topic: PatternIndex<SubscriptionId>,
    /// Those that stay without subscribers, too; few.
    kept: Vec<SubscriptionId>,
}

/// All who subscribed to one topic or pattern.
#[derive(Debug)]
pub(crate) struct Subscription {
    topic: Pattern,
    created: Timestamp,
    subscribers: IndexSet<SessionId, RandomState>,
}

impl Subscription {
    pub(crate) fn len(&self) -> usize {
        self.subscribers.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = SessionId> {
        self.subscribers.iter().copied()
    }

    pub(crate) fn contains(&self, session: SessionId) -> bool {
        self.subscribers.contains(&session)
    }
}

impl Broker {
    /// Adds a subscriber to the subscription of a topic, which is created if it is the first. Subscribing again changes
    /// nothing.
    pub(crate) fn subscribe(
        &mut self,
        session: SessionId,
        topic: Pattern,
        making: &mut Making<'_>,
    ) -> SubscriptionId {
        let id = self.find_or_create(topic, making);
        if let Some(subscription) = self.subscriptions.get_mut(&id) {
            subscription.subscribers.insert(session);
        }
        id
    }

    /// Gives the subscription to a topic, which stays without subscribers from now on.
    pub(crate) fn keep(&mut self, topic: Pattern, making: &mut Making<'_>) -> SubscriptionId {
        let id = self.find_or_create(topic, making);
        self.kept.push(id);
        id
    }

    /// Takes a subscriber away; the last one takes the subscription along, unless it is kept. Says whether it was subscribed.
    pub(crate) fn unsubscribe(&mut self, session: SessionId, id: SubscriptionId) -> bool {
        let Some(subscription) = self.subscriptions.get_mut(&id) else {
            return false;
        };
        let was_there = subscription.subscribers.swap_remove(&session);
        if subscription.subscribers.is_empty() && !self.kept.contains(&id) {
            let topic = &subscription.topic;
            self.by_topic.remove(topic.as_bytes(), topic.policy());
            self.subscriptions.swap_remove(&id);
        }
        was_there
    }

    /// Gives the subscription to a topic as such.
    pub(crate) fn exact(&self, topic: &[u8]) -> Option<SubscriptionId> {
        self.by_topic.exact(topic)
    }

    /// Gives the subscriptions to patterns that match a topic: prefixes from short to long, then wildcards.
    pub(crate) fn patterns(&self, topic: &[u8]) -> Vec<SubscriptionId> {
        if self.by_topic.has_patterns() {
            self.by_topic.patterns(topic)
        } else {
            Vec::new()
        }
    }

    pub(crate) fn get(&self, id: SubscriptionId) -> Option<&Subscription> {
        self.subscriptions.get(&id)
    }

    /// Counts the subscriptions that have subscribers.
    pub(crate) fn len(&self) -> usize {
        debug_assert_eq!(self.subscriptions.len(), self.by_topic.len());
        let kept = self.kept.iter().filter_map(|&id| self.get(id));
        let empty = kept.filter(|it| it.subscribers.is_empty()).count();
        self.subscriptions.len() - empty
    }

    fn find_or_create(&mut self, topic: Pattern, making: &mut Making<'_>) -> SubscriptionId {
        self.by_topic
            .get(topic.as_bytes(), topic.policy())
            .unwrap_or_else(|| self.create(topic, making))
    }

    fn create(&mut self, topic: Pattern, making: &mut Making<'_>) -> SubscriptionId {
        let id = making.ids.subscription();
        self.by_topic
            .insert(topic.text().clone(), topic.policy(), id);
        let subscription = Subscription {
            topic,
            created: making.time,
            subscribers: IndexSet::default(),
        };
        self.subscriptions.insert(id, subscription);
        id
    }
}
