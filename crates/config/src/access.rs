//! `auth` of WebSocket and RawSocket.

mod anonymous;
mod cryptosign;
mod proxy;
mod scram;
mod ticket;
mod tls;
mod wampcra;

use crossbar_core::{Access, MethodConfig};
use serde_json::Value;

use crate::place::Place;
use crate::reading::Reading;
use crate::written::Refusal;

/// Reads `auth`; an absent one lets everybody in as `anonymous`.
pub(crate) fn read(reading: &mut Reading, value: Option<Value>, at: &Place) -> Access {
    if value.is_none() {
        return Access::Open;
    }
    let methods = reading.entries(value, at);
    let read =
        |(name, value, place): (String, Value, Place)| read_method(reading, &name, value, &place);
    Access::Methods(methods.into_iter().filter_map(read).collect())
}

fn read_method(
    reading: &mut Reading,
    name: &str,
    value: Value,
    at: &Place,
) -> Option<MethodConfig> {
    if NOT_YET.contains(&name) {
        let what = format!("the authentication method {name:?}");
        reading.refuse(what, Refusal::NotYet, at);
        return None;
    }
    if !METHODS.contains(&name) {
        reading.unknown(name, "authentication method", &METHODS, at);
        return None;
    }
    let body = take_static(reading, value, at)?;
    match name {
        "anonymous" => anonymous::read(reading, body, at),
        "ticket" => ticket::read(reading, body, at),
        "scram" => scram::read(reading, body, at),
        "cryptosign" => cryptosign::read(reading, body, at),
        "tls" => tls::read(reading, body, at),
        "cryptosign-proxy" => proxy::read_cryptosign(reading, body, at),
        "anonymous-proxy" => proxy::read_anonymous(reading, body, at),
        _ => wampcra::read(reading, body, at),
    }
}

/// Takes `type`, which must be `static`.
fn take_static(reading: &mut Reading, value: Value, at: &Place) -> Option<Value> {
    let (kind, body) = reading.take_type(value, at)?;
    let at = at.key("type");
    match kind.as_str() {
        "static" => Some(body),
        "dynamic" | "function" => {
            let what = format!("authentication of type {kind:?}");
            reading.refuse(what, Refusal::NotYet, &at);
            None
        }
        other => {
            reading.unknown(other, "authentication type", &["static"], &at);
            None
        }
    }
}

const METHODS: [&str; 8] = [
    "anonymous",
    "ticket",
    "wampcra",
    "scram",
    "cryptosign",
    "tls",
    "cryptosign-proxy",
    "anonymous-proxy",
];
const NOT_YET: [&str; 1] = ["cookie"];
