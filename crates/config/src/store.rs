//! `store` of a realm: which events are kept, and which calls may wait.

use std::time::Duration;

use crossbar_core::{CallQueueRule, HistoryRule};
use crossbar_wire::{MatchPolicy, Pattern, Text, UriCheck};
use serde::Deserialize;
use serde_json::Value;

use crate::Problem;
use crate::permission::POLICIES;
use crate::place::Place;
use crate::reading::Reading;
use crate::written::{Refusal, Whole, Written};

/// What a realm's store is to keep.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) history: Vec<HistoryRule>,
    pub(crate) call_queues: Vec<CallQueueRule>,
}

impl Store {
    /// Reads `store`; an absent one keeps nothing. URIs are checked as the realm checks them.
    pub(crate) fn read(
        reading: &mut Reading,
        value: Option<Value>,
        uri_check: UriCheck,
        at: &Place,
    ) -> Option<Self> {
        let Some(value) = value.filter(|value| !value.is_null()) else {
            return Some(Self::default());
        };
        let (kind, body) = reading.take_type(value, at)?;
        match kind.as_str() {
            "memory" => {}
            "cfxdb" => {
                reading.refuse(
                    "the store \"cfxdb\"".to_owned(),
                    Refusal::NotYet,
                    &at.key("type"),
                );
                return None;
            }
            other => {
                reading.unknown(other, "store type", &["memory"], &at.key("type"));
                return None;
            }
        }
        let written: MemoryAsWritten = reading.read(body, at)?;
        let context = Context {
            uri_check,
            limit: written.limit.map_or(DEFAULT_LIMIT, Whole::get),
        };
        let history = context.read_history(reading, written.history, &at.key("event-history"));
        let queues = context.read_queues(reading, written.call_queues, &at.key("call-queue"));
        Some(Self {
            history,
            call_queues: queues,
        })
    }
}

/// A store of the type `memory` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MemoryAsWritten {
    limit: Option<Limit>,
    #[serde(rename = "event-history")]
    history: Option<Value>,
    #[serde(rename = "call-queue")]
    call_queues: Option<Value>,
}

impl Written for MemoryAsWritten {}

/// An item of `event-history` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HistoryAsWritten {
    uri: String,
    #[serde(rename = "match")]
    policy: Option<String>,
    limit: Option<Limit>,
    /// Seconds.
    #[serde(rename = "max-age")]
    max_age: Option<Whole<1, MAX_SECONDS>>,
    #[serde(rename = "max-octets")]
    max_octets: Option<Whole<1, MAX_OCTETS>>,
}

impl Written for HistoryAsWritten {
    const REQUIRED: &'static [&'static str] = &["uri"];
}

/// An item of `call-queue` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QueueAsWritten {
    uri: String,
    #[serde(rename = "match")]
    policy: Option<String>,
    limit: Option<Limit>,
}

impl Written for QueueAsWritten {
    const REQUIRED: &'static [&'static str] = &["uri"];
}

/// What the items of a store take from around them.
struct Context {
    uri_check: UriCheck,
    /// `limit` of the store, for items that have none of their own.
    limit: usize,
}

impl Context {
    fn read_history(
        &self,
        reading: &mut Reading,
        value: Option<Value>,
        at: &Place,
    ) -> Vec<HistoryRule> {
        let items = reading.items(value, at).into_iter();
        let read = |(item, at): (Value, Place)| {
            let written: HistoryAsWritten = reading.read(item, &at)?;
            let (uri, policy) = self.read_pattern(reading, written.uri, written.policy, &at)?;
            let rule = HistoryRule {
                uri,
                policy,
                max_events: Some(written.limit.map_or(self.limit, Whole::get)),
                max_age: written.max_age.map(|age| Duration::from_secs(age.get())),
                max_octets: Some(written.max_octets.map_or(DEFAULT_OCTETS, Whole::get)),
            };
            Some((rule, at))
        };
        let rules: Vec<(HistoryRule, Place)> = items.filter_map(read).collect();
        check_unique(
            reading,
            rules.iter().map(|(rule, at)| (&rule.uri, rule.policy, at)),
        );
        rules.into_iter().map(|(rule, _)| rule).collect()
    }

    fn read_queues(
        &self,
        reading: &mut Reading,
        value: Option<Value>,
        at: &Place,
    ) -> Vec<CallQueueRule> {
        let items = reading.items(value, at).into_iter();
        let read = |(item, at): (Value, Place)| {
            let written: QueueAsWritten = reading.read(item, &at)?;
            let (uri, policy) = self.read_pattern(reading, written.uri, written.policy, &at)?;
            let limit = written.limit.map_or(self.limit, Whole::get);
            Some((CallQueueRule { uri, policy, limit }, at))
        };
        let rules: Vec<(CallQueueRule, Place)> = items.filter_map(read).collect();
        check_unique(
            reading,
            rules.iter().map(|(rule, at)| (&rule.uri, rule.policy, at)),
        );
        rules.into_iter().map(|(rule, _)| rule).collect()
    }

    fn read_pattern(
        &self,
        reading: &mut Reading,
        uri: String,
        policy: Option<String>,
        at: &Place,
    ) -> Option<(Text, MatchPolicy)> {
        let policy = match policy {
            None => MatchPolicy::Exact,
            Some(word) => reading.one_of(&word, "match policy", &POLICIES, &at.key("match"))?,
        };
        let uri = Text::from(uri);
        if Pattern::new(&uri, policy, self.uri_check).is_err() {
            let problem = Problem::Rule("not a URI or pattern that the realm's clients could use");
            let value = Some(Value::from(uri.as_str()));
            reading.fault_with(&at.key("uri"), problem, value, None);
            return None;
        }
        Some((uri, policy))
    }
}

/// Notes every pattern that an earlier item has, too.
fn check_unique<'r>(
    reading: &mut Reading,
    patterns: impl Iterator<Item = (&'r Text, MatchPolicy, &'r Place)>,
) {
    let patterns: Vec<(String, Place)> = patterns
        .map(|(uri, policy, at)| (format!("{uri} ({})", policy.name()), at.key("uri")))
        .collect();
    let patterns = patterns.iter().map(|(text, at)| (&**text, at.clone()));
    reading.check_unique("the pattern", patterns);
}

/// How many events or calls.
type Limit = Whole<1, 1_000_000>;

/// `limit` where none is written (Crossbar.io's).
const DEFAULT_LIMIT: usize = 100;
/// `max-octets` where none is written: 16 MiB.
const DEFAULT_OCTETS: usize = 16 << 20;
/// The greatest `max-octets`: 64 GiB.
const MAX_OCTETS: u64 = 64 << 30;
/// The greatest `max-age`: a hundred years.
const MAX_SECONDS: u64 = 100 * 366 * 24 * 3600;
