//! `stats` of a realm: when its sessions' traffic is told.

use std::time::Duration;

use crossbar_core::StatisticsRule;
use serde::Deserialize;
use serde_json::Value;

use crate::Problem;
use crate::place::Place;
use crate::reading::Reading;
use crate::written::{Whole, Written};

/// `stats` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatsAsWritten {
    /// Octets: every so many count as one message.
    rated_message_size: Option<Whole<2, { 1 << 24 }>>,
    trigger_after_rated_messages: Option<Whole<0, { u64::MAX }>>,
    /// Nanoseconds.
    trigger_after_duration: Option<Whole<0, { u64::MAX }>>,
    trigger_on_join: Option<bool>,
    trigger_on_leave: Option<bool>,
}

impl Written for StatsAsWritten {}

/// Reads `stats`; an absent one lets nothing be counted.
pub(crate) fn read(
    reading: &mut Reading,
    value: Option<Value>,
    at: &Place,
) -> Option<Option<StatisticsRule>> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Some(None);
    };
    let written: StatsAsWritten = reading.read(value, at)?;
    let size: u32 = written.rated_message_size.map_or(512, Whole::get);
    if !size.is_multiple_of(2) {
        let problem = Problem::Rule("the size of a rated message must be an even number");
        reading.fault(&at.key("rated_message_size"), problem, None);
        return None;
    }
    let after_duration = written
        .trigger_after_duration
        .and_then(Whole::non_zero)
        .map(Duration::from_nanos);
    if after_duration.is_some_and(|duration| duration < Duration::from_millis(1)) {
        let text = "the unit is the nanosecond: the traffic is told with nearly every message";
        reading.notice(&at.key("trigger_after_duration"), text);
    }
    let rule = StatisticsRule {
        rated_message_size: size,
        after_rated_messages: written
            .trigger_after_rated_messages
            .and_then(Whole::non_zero),
        after_duration,
        on_join: written.trigger_on_join.unwrap_or(false),
        on_leave: written.trigger_on_leave.unwrap_or(true),
    };
    if rule.after_rated_messages.is_none() && rule.after_duration.is_none() {
        let problem = Problem::Rule(
            "one of trigger_after_rated_messages and trigger_after_duration must be there and not 0",
        );
        reading.fault(at, problem, None);
        return None;
    }
    Some(Some(rule))
}
