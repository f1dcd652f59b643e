//! `auth.cryptosign-proxy` and `auth.anonymous-proxy`

use crossbar_core::MethodConfig;
use serde::Deserialize;
use serde_json::Value;

use super::cryptosign::{RoleKey, principals};
use crate::place::Place;
use crate::reading::Reading;
use crate::written::Written;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnonymousProxyAsWritten {}

impl Written for AnonymousProxyAsWritten {
    const IGNORED: &'static [(&'static str, &'static str)] = &[
        ("role", "the proxy tells its clients' roles"),
        ("authid", "the proxy tells its clients' authids"),
        ("realm", "the proxy tells its clients' realms"),
    ];
}

pub(super) fn read_cryptosign(
    reading: &mut Reading,
    body: Value,
    at: &Place,
) -> Option<MethodConfig> {
    let proxies = principals(reading, body, at, RoleKey::Idle)?;
    Some(MethodConfig::CryptosignProxy(proxies))
}

/// Reads what is allowed on Unix sockets only; the transport checks that.
pub(super) fn read_anonymous(
    reading: &mut Reading,
    body: Value,
    at: &Place,
) -> Option<MethodConfig> {
    let AnonymousProxyAsWritten {} = reading.read(body, at)?;
    reading.needs_unix_socket(at);
    Some(MethodConfig::AnonymousProxy)
}
