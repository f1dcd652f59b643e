//! `limits` of a role or a transport.

use crossbar_core::{Limits, OverRate, Rate};
use serde::Deserialize;
use serde_json::Value;

use crate::place::Place;
use crate::reading::Reading;
use crate::written::{Whole, Written};

/// `limits` as written.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsAsWritten {
    subscriptions: Option<Count>,
    registrations: Option<Count>,
    wildcards: Option<Count>,
    open_calls: Option<Count>,
    /// Octets.
    uri_length: Option<Whole<1, 65_535>>,
    /// Octets.
    message_size: Option<Whole<64, { 1 << 31 }>>,
    messages_per_second: Option<Whole<1, { 1 << 31 }>>,
    octets_per_second: Option<Whole<1, { 1 << 40 }>>,
    /// Seconds.
    burst: Option<Whole<1, 3600>>,
    over_rate: Option<String>,
}

impl Written for LimitsAsWritten {}

/// 0 allows none.
type Count = Whole<0, { 1 << 31 }>;

/// `max_sessions` as written, of a realm or a role.
pub(crate) type MaxSessions = Whole<1, { 1 << 31 }>;

/// Reads the limits; an absent object has none.
pub(crate) fn read(reading: &mut Reading, value: Option<Value>, at: &Place) -> Option<Limits> {
    let written: LimitsAsWritten = reading.read_or_empty(value, at)?;
    let paced = written.messages_per_second.is_some() || written.octets_per_second.is_some();
    for (key, there) in [
        ("burst", written.burst.is_some()),
        ("over_rate", written.over_rate.is_some()),
    ] {
        if there && !paced {
            let text = "has no effect without \"messages_per_second\" or \"octets_per_second\"";
            reading.notice(&at.key(key), text);
        }
    }
    let meanings = [("wait", OverRate::Wait), ("close", OverRate::Close)];
    let over = match written.over_rate {
        Some(word) => reading.one_of(&word, "value", &meanings, &at.key("over_rate"))?,
        None => OverRate::default(),
    };
    Some(Limits {
        subscriptions: written.subscriptions.map(Whole::get),
        registrations: written.registrations.map(Whole::get),
        wildcards: written.wildcards.map(Whole::get),
        open_calls: written.open_calls.map(Whole::get),
        uri_length: written.uri_length.map(Whole::get),
        message_size: written.message_size.map(Whole::get),
        rate: Rate {
            messages: written.messages_per_second.map(Whole::get),
            octets: written.octets_per_second.map(Whole::get),
            burst: written.burst.map(Whole::get),
            over,
        },
    })
}
