//! Events that are kept for later subscribers (WAMP spec, "Event Retention").

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use crossbar_wire::{Audience, MatchPolicy, Pattern, Text};

use crate::KeptEvent;
use crate::role::literal_lead;

/// The retained events of a realm, in memory. When there is no room, the oldest go.
#[derive(Debug)]
pub(crate) struct Retained {
    topics: BTreeMap<Text, Topic>,
    /// The topic of each event, by its number.
    by_age: BTreeMap<u64, Text>,
    last_number: u64,
    octets: usize,
    max_events: usize,
    max_octets: usize,
    forgotten: u64,
}

/// What is retained for one topic: at most one event for everybody, and events for some that came after it.
#[derive(Debug, Default)]
struct Topic {
    /// Oldest first; only the first one may be for everybody.
    events: VecDeque<Numbered>,
}

/// A retained event. The numbers count up as events are retained.
#[derive(Clone, Debug)]
pub(crate) struct Numbered {
    number: u64,
    pub(crate) event: Arc<KeptEvent>,
}

impl Retained {
    pub(crate) fn new(max_events: usize, max_octets: usize) -> Self {
        Self {
            topics: BTreeMap::new(),
            by_age: BTreeMap::new(),
            last_number: 0,
            octets: 0,
            max_events,
            max_octets,
            forgotten: 0,
        }
    }

    /// Retains an event. One for everybody takes the place of all that its topic had; one for some stands beside the
    /// event for everybody, which others still get.
    pub(crate) fn keep(&mut self, event: Arc<KeptEvent>) {
        if event.audience.is_none() {
            while self.forget_oldest_of(&event.topic) {}
        } else if self.is_full_of(&event.topic) {
            self.forget_restricted_of(&event.topic);
        }
        if event.octets() > self.max_octets || self.max_events == 0 {
            self.forgotten += 1;
            return;
        }
        self.last_number += 1;
        self.octets += event.octets();
        self.by_age.insert(self.last_number, event.topic.clone());
        let topic = self.topics.entry(event.topic.clone()).or_default();
        topic.events.push_back(Numbered {
            number: self.last_number,
            event,
        });
        self.make_room();
    }

    /// Gives of each topic that matches the latest event that `admits` lets pass, in the order of their publication.
    pub(crate) fn latest(
        &self,
        pattern: &Pattern,
        admits: impl Fn(&Audience) -> bool,
    ) -> Vec<Arc<KeptEvent>> {
        let mut found: Vec<Numbered> = self
            .matching(pattern)
            .filter_map(|topic| topic.latest(&admits).cloned())
            .collect();
        found.sort_unstable_by_key(|found| found.number);
        found.into_iter().map(|found| found.event).collect()
    }

    /// Counts the events.
    pub(crate) fn len(&self) -> usize {
        self.by_age.len()
    }

    /// Counts the octets that they take, about.
    pub(crate) const fn octets(&self) -> usize {
        self.octets
    }

    /// Counts the events that went for want of room.
    pub(crate) const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    fn matching<'s>(&'s self, pattern: &'s Pattern) -> Box<dyn Iterator<Item = &'s Topic> + 's> {
        let lead = match pattern.policy() {
            MatchPolicy::Exact => return Box::new(self.topics.get(pattern.as_bytes()).into_iter()),
            MatchPolicy::Prefix => pattern.as_bytes(),
            MatchPolicy::Wildcard => literal_lead(pattern.as_bytes()),
        };
        let behind = (Bound::Included(lead), Bound::Unbounded);
        Box::new(
            self.topics
                .range::<[u8], _>(behind)
                .take_while(move |(topic, _)| topic.as_bytes().starts_with(lead))
                .filter(|(topic, _)| pattern.matches(topic))
                .map(|(_, events)| events),
        )
    }

    fn is_full_of(&self, topic: &Text) -> bool {
        let topic = self.topics.get(topic.as_bytes());
        topic.is_some_and(|topic| topic.restricted() >= MAX_RESTRICTED)
    }

    /// Forgets the oldest event of a topic. Says whether there was one.
    fn forget_oldest_of(&mut self, topic: &Text) -> bool {
        self.forget(topic, 0)
    }

    /// Forgets the oldest event of a topic that is for some only.
    fn forget_restricted_of(&mut self, topic: &Text) {
        let events = self.topics.get(topic.as_bytes()).map(|it| &it.events);
        let place = events.and_then(|it| it.iter().position(|it| it.event.audience.is_some()));
        if place.is_some_and(|place| self.forget(topic, place)) {
            self.forgotten += 1;
        }
    }

    fn make_room(&mut self) {
        while self.by_age.len() > self.max_events || self.octets > self.max_octets {
            let Some((_, topic)) = self.by_age.first_key_value() else {
                return;
            };
            let topic = topic.clone();
            self.forget_oldest_of(&topic);
            self.forgotten += 1;
        }
    }

    /// Takes the event at a place of its topic out of every table.
    fn forget(&mut self, topic: &Text, place: usize) -> bool {
        let Some(entry) = self.topics.get_mut(topic.as_bytes()) else {
            return false;
        };
        let Some(Numbered { number, event }) = entry.events.remove(place) else {
            return false;
        };
        if entry.events.is_empty() {
            self.topics.remove(topic.as_bytes());
        }
        self.by_age.remove(&number);
        self.octets -= event.octets();
        true
    }
}

impl Topic {
    fn latest(&self, admits: impl Fn(&Audience) -> bool) -> Option<&Numbered> {
        let mut newest_first = self.events.iter().rev();
        newest_first.find(|kept| kept.event.audience.as_deref().is_none_or(&admits))
    }

    fn restricted(&self) -> usize {
        let open = self
            .events
            .front()
            .is_some_and(|it| it.event.audience.is_none());
        self.events.len() - usize::from(open)
    }
}

/// How many events for some a topic may have: enough for a few groups, each with an event of its own.
const MAX_RESTRICTED: usize = 16;
