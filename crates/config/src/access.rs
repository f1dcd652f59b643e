//! `auth` of WebSocket, RawSocket and long-poll.

mod anonymous;
mod cryptosign;
mod dynamic;
mod jwt;
mod proxy;
mod scram;
mod ticket;
mod tls;
mod wampcra;

use crossbar_core::{Access, DynamicMethod, MethodConfig};
use serde_json::Value;

use crate::cookie;
use crate::place::Place;
use crate::reading::Reading;
use crate::written::Refusal;

/// Reads `auth` of what has no cookies; an absent one lets everybody in as `anonymous`.
pub(crate) fn read(reading: &mut Reading, value: Option<Value>, at: &Place) -> Access {
    let access = read_with_cookie(reading, value, at);
    reading.check_needs_cookie(Some("cookies are there for WebSocket only"));
    access
}

/// Reads `auth`, of which the method `cookie` is to be checked.
pub(crate) fn read_with_cookie(reading: &mut Reading, value: Option<Value>, at: &Place) -> Access {
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
    if name == "cookie" {
        reading.needs_cookie(at);
        return cookie::read_method(reading, value, at).map(|()| MethodConfig::Cookie);
    }
    if !METHODS.contains(&name) {
        reading.unknown(name, "authentication method", &METHODS, at);
        return None;
    }
    let (kind, body) = reading.take_type(value, at)?;
    let method = dynamic_method(name);
    match (kind.as_str(), method) {
        ("static", _) => read_static(reading, name, body, at),
        ("dynamic", Some(method)) => dynamic::read(reading, method, body, at),
        ("jwt", Some(DynamicMethod::Ticket)) => jwt::read(reading, body, at),
        (other, _) => {
            refuse_type(reading, other, method, &at.key("type"));
            None
        }
    }
}

fn read_static(reading: &mut Reading, name: &str, body: Value, at: &Place) -> Option<MethodConfig> {
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

/// Gives the method that an authenticator can answer for.
fn dynamic_method(name: &str) -> Option<DynamicMethod> {
    let all = DynamicMethod::ALL.into_iter();
    all.into_iter().find(|method| method.name() == name)
}

fn refuse_type(reading: &mut Reading, kind: &str, method: Option<DynamicMethod>, at: &Place) {
    if kind == "function" {
        let what = "authentication of type \"function\"".to_owned();
        let reason = "it is Python code within the router; have a component register that as a procedure, and use \"dynamic\"";
        reading.refuse(what, Refusal::Never(reason), at);
        return;
    }
    let known: &[&str] = match method {
        Some(DynamicMethod::Ticket) => &["static", "dynamic", "jwt"],
        Some(_) => &["static", "dynamic"],
        None => &["static"],
    };
    reading.unknown(kind, "authentication type", known, at);
}

const METHODS: [&str; 9] = [
    "anonymous",
    "ticket",
    "wampcra",
    "scram",
    "cryptosign",
    "tls",
    "cookie",
    "cryptosign-proxy",
    "anonymous-proxy",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::shown;
    use crate::written::fields;

    /// The keys with texts of a method or a principal that are hidden when they are shown.
    fn hidden(method: &str, fields: &[&'static str]) -> Vec<&'static str> {
        let texts = fields.iter().filter(|key| !NUMBERS.contains(key));
        let is_hidden = |key: &&&str| {
            let auth = json!({"auth": {method: {"type": "x", **key: "a text"}}});
            shown(&auth)["auth"][method][**key] == "***"
        };
        texts.filter(is_hidden).copied().collect()
    }

    #[test]
    fn of_all_keys_those_with_secrets_are_hidden() {
        let anonymous = fields::<anonymous::AnonymousAsWritten>();
        assert_eq!(hidden("anonymous", anonymous), [""; 0]);
        let ticket = fields::<ticket::TicketPrincipalAsWritten>();
        assert_eq!(hidden("ticket", ticket), ["ticket"]);
        let jwt = fields::<jwt::JwtAsWritten>();
        assert_eq!(hidden("ticket", jwt), ["secret"]);
        let dynamic = fields::<dynamic::DynamicAsWritten>();
        assert_eq!(hidden("ticket", dynamic), [""; 0]);
        let wampcra = fields::<wampcra::WampCraUserAsWritten>();
        assert_eq!(hidden("wampcra", wampcra), ["secret", "salt"]);
        let scram = fields::<scram::ScramPrincipalAsWritten>();
        let secrets = ["salt", "stored-key", "server-key"];
        assert_eq!(hidden("scram", scram), secrets);
        let cryptosign = fields::<cryptosign::CryptosignPrincipalAsWritten>();
        assert_eq!(hidden("cryptosign", cryptosign), [""; 0]);
        let tls = fields::<tls::TlsPrincipalAsWritten>();
        assert_eq!(hidden("tls", tls), [""; 0]);
    }

    /// Keys that have numbers and bools, which are shown; a text in their place is a fault.
    const NUMBERS: [&str; 7] = [
        "leeway",
        "require-exp",
        "jwks-refresh",
        "authenticator-timeout",
        "iterations",
        "keylen",
        "memory",
    ];
}
