use std::sync::Arc;
use std::time::Duration;

use crossbar_wire::{Inventory, MatchPolicy, Text, UriCheck};

/// Options of a realm.
#[derive(Clone, Debug)]
pub struct RealmOptions {
    /// `uri_check`
    pub uri_check: UriCheck,
    /// `compat: crossbar`: Crossbar.io's behaviour where it differs from the specification.
    pub compat_crossbar: bool,
    /// `enable_meta_api`: whether the realm answers `wamp.*` procedures and publishes meta events.
    pub meta_api: bool,
    /// `max_retained_events`: how many events are kept for later subscribers; 0 keeps none.
    pub max_retained_events: usize,
    /// `max_retained_octets`: how much memory they may take.
    pub max_retained_octets: usize,
    /// `store.event-history`: the topics whose events are kept.
    pub history: Vec<HistoryRule>,
    /// `store.call-queue`: the procedures whose calls wait when every callee is busy.
    pub call_queues: Vec<CallQueueRule>,
    /// `max_sessions`: how many sessions the realm may have at a time, the node's own aside.
    pub max_sessions: Option<usize>,
    /// `stats`: when the traffic of sessions is told; it is not counted if absent. The shell counts.
    pub statistics: Option<StatisticsRule>,
    /// `inventory`: the types that arguments can be checked against.
    pub inventory: Option<Arc<Inventory>>,
}

impl Default for RealmOptions {
    fn default() -> Self {
        Self {
            uri_check: UriCheck::default(),
            compat_crossbar: false,
            meta_api: true,
            max_retained_events: 10_000,
            max_retained_octets: 16 << 20,
            history: Vec::new(),
            call_queues: Vec::new(),
            max_sessions: None,
            statistics: None,
            inventory: None,
        }
    }
}

/// Keeps the events of a topic or pattern (WAMP spec, "Event History"). Each bound that is there holds; the oldest events go
/// first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HistoryRule {
    /// The topic or pattern.
    pub uri: Text,
    /// How topics are compared with it.
    pub policy: MatchPolicy,
    /// How many events are kept.
    pub max_events: Option<usize>,
    /// How long an event is kept.
    pub max_age: Option<Duration>,
    /// How many octets of payload are kept.
    pub max_octets: Option<usize>,
}

/// Lets calls of a procedure or pattern wait when every callee is busy (Crossbar.io: `call-queue`).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CallQueueRule {
    /// The procedure or pattern.
    pub uri: Text,
    /// How procedures are compared with it.
    pub policy: MatchPolicy,
    /// How many calls wait at most for one registration.
    pub limit: usize,
}

/// When `wamp.session.on_stats` is published for a session (Crossbar.io: `stats`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StatisticsRule {
    /// How many octets count as one message.
    pub rated_message_size: u32,
    /// After how many rated messages, sent and received, if that counts.
    pub after_rated_messages: Option<u64>,
    /// After how long, if that counts: with the first message after it.
    pub after_duration: Option<Duration>,
    /// Whether also when the session has joined.
    pub on_join: bool,
    /// Whether also when the session ends.
    pub on_leave: bool,
}
