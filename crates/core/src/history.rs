//! Past events that can be asked for (WAMP spec, "Event History").

mod memory;

use std::collections::HashMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use crossbar_wire::{Pattern, PublicationId, SubscriptionId, Text};
use foldhash::fast::RandomState;

use crate::index::PatternIndex;
use crate::{HistoryRule, KeptEvent, Timestamp};

pub use memory::MemoryHistory;

/// Where a realm keeps its past events.
///
/// A rule is named by its place in [`crate::RealmOptions::history`]; a store knows the rules from where it is made. Both
/// methods are called with the realm locked, so they must not wait for anything: a store on a slow medium answers from
/// what it holds in memory and writes behind.
pub trait HistoryStore: fmt::Debug + Send {
    /// Keeps an event as the newest of a rule. The oldest go where the rule's bounds are passed; an event that is larger than
    /// all the room there is, is not kept.
    fn append(&mut self, rule: usize, event: PastEvent);

    /// Shows the events of a rule that fulfil a query, in the order that it asks for, until `visit` breaks off. At `now`,
    /// some may have become too old.
    fn query(
        &mut self,
        rule: usize,
        query: &HistoryQuery,
        now: Timestamp,
        visit: &mut dyn FnMut(&PastEvent) -> ControlFlow<()>,
    );
}

/// An event with the time of its publication.
#[derive(Clone, Debug)]
pub struct PastEvent {
    /// When it was published.
    pub time: Timestamp,
    /// The event.
    pub event: Arc<KeptEvent>,
}

/// Which events of a history are asked for: those for which everything holds that is there.
///
/// Times are compared as they are shown: in whole milliseconds. Publications are compared by their place in the history; one
/// that is not there has no place, and no event fulfils what is said of it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HistoryQuery {
    /// Newest first.
    pub reverse: bool,
    /// At this time or later.
    pub from_time: Option<Timestamp>,
    /// Later than this.
    pub after_time: Option<Timestamp>,
    /// Earlier than this.
    pub before_time: Option<Timestamp>,
    /// At this time or earlier.
    pub until_time: Option<Timestamp>,
    /// Published to this topic.
    pub topic: Option<Text>,
    /// This publication or one behind it.
    pub from_publication: Option<PublicationId>,
    /// Behind this publication.
    pub after_publication: Option<PublicationId>,
    /// Before this publication.
    pub before_publication: Option<PublicationId>,
    /// This publication or one before it.
    pub until_publication: Option<PublicationId>,
}

impl HistoryQuery {
    /// Says whether all holds that an event alone can tell: time and topic.
    #[must_use]
    pub fn admits(&self, past: &PastEvent) -> bool {
        let time = past.time.whole_milliseconds();
        self.from_time.is_none_or(|from| time >= from)
            && self.after_time.is_none_or(|after| time > after)
            && self.before_time.is_none_or(|before| time < before)
            && self.until_time.is_none_or(|until| time <= until)
            && self.topic.as_ref().is_none_or(|it| *it == past.event.topic)
    }
}

/// The history of a realm: which topics have one, and their events.
#[derive(Debug)]
pub(crate) struct History {
    /// The places of the rules.
    by_topic: PatternIndex<usize>,
    by_subscription: HashMap<SubscriptionId, usize, RandomState>,
    store: Box<dyn HistoryStore>,
}

impl History {
    /// Makes an empty history in memory.
    pub(crate) fn new(rules: &[HistoryRule]) -> Self {
        Self {
            by_topic: PatternIndex::default(),
            by_subscription: HashMap::default(),
            store: Box::new(MemoryHistory::new(rules)),
        }
    }

    /// Puts another store in place of the one that is there.
    pub(crate) fn set_store(&mut self, store: Box<dyn HistoryStore>) {
        self.store = store;
    }

    /// Adds the rule at a place, which is about this subscription.
    pub(crate) fn add(&mut self, rule: usize, topic: &Pattern, subscription: SubscriptionId) {
        self.by_topic
            .insert(topic.text().clone(), topic.policy(), rule);
        self.by_subscription.insert(subscription, rule);
    }

    /// Gives the rules that keep the events of a topic.
    pub(crate) fn rules_of_topic(&self, topic: &[u8]) -> Vec<usize> {
        let mut rules: Vec<usize> = self.by_topic.exact(topic).into_iter().collect();
        if self.by_topic.has_patterns() {
            rules.extend(self.by_topic.patterns(topic));
        }
        rules
    }

    /// Gives the rule that keeps the events of a subscription.
    pub(crate) fn rule_of(&self, subscription: SubscriptionId) -> Option<usize> {
        self.by_subscription.get(&subscription).copied()
    }

    pub(crate) fn append(&mut self, rule: usize, event: PastEvent) {
        self.store.append(rule, event);
    }

    pub(crate) fn query(
        &mut self,
        rule: usize,
        query: &HistoryQuery,
        now: Timestamp,
        visit: &mut dyn FnMut(&PastEvent) -> ControlFlow<()>,
    ) {
        self.store.query(rule, query, now, visit);
    }
}
