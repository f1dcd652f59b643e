//! `auth.<method>` of the type `dynamic`: a procedure tells who a client is.

use std::sync::Arc;
use std::time::Duration;

use crossbar_core::{Dynamic, DynamicMethod, MethodConfig};
use crossbar_wire::{Text, Uri, UriCheck};
use serde::Deserialize;
use serde_json::Value;

use crate::place::Place;
use crate::reading::Reading;
use crate::written::{Whole, Written};
use crate::{Problem, names};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DynamicAsWritten {
    /// The procedure that is called with the realm, the authid and details.
    authenticator: String,
    /// Where it is registered; in the realm that the client asks for if absent.
    authenticator_realm: Option<String>,
    /// The role of the session that calls it.
    authenticator_role: Option<String>,
    /// The role of a client for whom the procedure tells none.
    default_role: Option<String>,
    /// How long the procedure has to answer, in seconds; 10 if absent.
    authenticator_timeout: Option<Whole<1, 300>>,
}

impl Written for DynamicAsWritten {
    const REQUIRED: &'static [&'static str] = &["authenticator"];
}

pub(super) fn read(
    reading: &mut Reading,
    method: DynamicMethod,
    body: Value,
    at: &Place,
) -> Option<MethodConfig> {
    let written: DynamicAsWritten = reading.read(body, at)?;
    check_uri(reading, &written.authenticator, &at.key("authenticator"));
    if let Some(realm) = &written.authenticator_realm
        && !names::is_realm_name(realm)
    {
        let problem = Problem::Rule("not a realm name");
        reading.fault(&at.key("authenticator-realm"), problem, None);
    }
    if written.authenticator_role.is_some_and(|it| it != "trusted") {
        let text = "has no effect: the router calls as one of its own, with the role \"trusted\"";
        reading.notice(&at.key("authenticator-role"), text);
    }
    let default_role = written.default_role.map(Text::from);
    if let Some(role) = &default_role {
        reading.uses_role(role, &at.key("default-role"));
    }
    let limit = written.authenticator_timeout;
    Some(MethodConfig::Dynamic(Arc::new(Dynamic {
        method,
        procedure: Text::from(written.authenticator),
        realm: written.authenticator_realm.map(Text::from),
        default_role,
        limit: Duration::from_secs(limit.map_or(TIMEOUT, Whole::get)),
    })))
}

fn check_uri(reading: &mut Reading, uri: &str, at: &Place) {
    if Uri::check(&Text::from(uri), UriCheck::Strict).is_err() {
        let problem = Problem::Rule("a URI of a-z, 0-9, _ and dots between is needed");
        reading.fault(at, problem, None);
    }
}

/// Seconds.
const TIMEOUT: u64 = 10;
