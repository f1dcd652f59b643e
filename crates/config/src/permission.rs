//! `permissions[]` of a role.

use std::sync::Arc;

use crossbar_core::{Actions, Disclosure, Permission, Validation};
use crossbar_wire::{MatchPolicy, Text};
use serde::Deserialize;
use serde_json::Value;

use crate::place::Place;
use crate::reading::Reading;
use crate::written::{Level, Written};
use crate::{Problem, names};

/// Reads the permissions of a role.
pub(crate) fn read_all(reading: &mut Reading, value: Value, at: &Place) -> Vec<Permission> {
    let items = reading.items(Some(value), at).into_iter();
    items
        .filter_map(|(item, place)| read(reading, item, &place))
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PermissionAsWritten {
    uri: String,
    #[serde(rename = "match")]
    policy: Option<String>,
    allow: Option<Value>,
    disclose: Option<Value>,
    trustlevel: Option<Level>,
    cache: Option<bool>,
    validate: Option<Value>,
}

impl Written for PermissionAsWritten {
    const REQUIRED: &'static [&'static str] = &["uri"];
}

fn read(reading: &mut Reading, value: Value, at: &Place) -> Option<Permission> {
    let written: PermissionAsWritten = reading.read(value, at)?;
    if !names::is_permission_uri(&written.uri) {
        let problem = Problem::Rule("a URI has no white space and no #");
        let value = Some(Value::from(written.uri.as_str()));
        reading.fault_with(&at.key("uri"), problem, value, None);
    }
    let (uri, policy) = match written.policy {
        None => starred(&written.uri),
        Some(word) => {
            let policy = reading.one_of(&word, "match policy", &POLICIES, &at.key("match"))?;
            if written.uri.contains('*') {
                let text = "a star stands for itself where \"match\" is given: no procedure or topic is matched by it";
                reading.notice(&at.key("uri"), text);
            }
            (written.uri, policy)
        }
    };
    if policy == MatchPolicy::Exact && uri.split('.').any(str::is_empty) {
        let text = "means this pattern alone and no URI: with empty components, \"match\" should be \"prefix\" or \"wildcard\"";
        reading.notice(&at.key("uri"), text);
    }
    let allow: AllowAsWritten = reading.read_or_empty(written.allow, &at.key("allow"))?;
    let validation = read_validation(reading, written.validate, &at.key("validate"));
    let at = at.key("disclose");
    let disclose: DiscloseAsWritten = reading.read_or_empty(written.disclose, &at)?;
    Some(Permission {
        uri: Text::from(uri),
        policy,
        allow: Actions {
            call: allow.call.unwrap_or(false),
            register: allow.register.unwrap_or(false),
            publish: allow.publish.unwrap_or(false),
            subscribe: allow.subscribe.unwrap_or(false),
        },
        disclose_caller: read_disclosure(reading, disclose.caller, &at.key("caller")),
        disclose_publisher: read_disclosure(reading, disclose.publisher, &at.key("publisher")),
        trustlevel: written.trustlevel.map(Level::get),
        cache: written.cache.unwrap_or(false),
        validation,
    })
}

/// `validate` of a permission as written: names of types.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ValidateAsWritten {
    call: Option<String>,
    call_progress: Option<String>,
    call_result: Option<String>,
    call_result_progress: Option<String>,
    call_error: Option<String>,
    event: Option<String>,
}

impl Written for ValidateAsWritten {
    const IGNORED: &'static [(&'static str, &'static str)] = &[
        (
            Validation::WITHOUT_EFFECT[0],
            "no message brings a publisher what subscribers say of an event",
        ),
        (
            Validation::WITHOUT_EFFECT[1],
            "no message brings a publisher what subscribers say of an event",
        ),
        (Validation::WITHOUT_EFFECT[2], "nothing here reads it"),
    ];
}

/// Reads what arguments must be.
fn read_validation(
    reading: &mut Reading,
    value: Option<Value>,
    at: &Place,
) -> Option<Arc<Validation>> {
    let written: ValidateAsWritten = reading.read_or_empty(value.filter(|it| !it.is_null()), at)?;
    let mut shape = |name: Option<String>, key: &str| {
        let name = name?;
        reading.shape(&name, &at.key(key))
    };
    let validation = Validation {
        call: shape(written.call, "call"),
        call_progress: shape(written.call_progress, "call_progress"),
        call_result: shape(written.call_result, "call_result"),
        call_result_progress: shape(written.call_result_progress, "call_result_progress"),
        call_error: shape(written.call_error, "call_error"),
        event: shape(written.event, "event"),
    };
    (!validation.is_empty()).then(|| Arc::new(validation))
}

/// Takes the stars off a URI without `match`: none is exact, one at the end a prefix, others are wildcards.
fn starred(uri: &str) -> (String, MatchPolicy) {
    match uri.strip_suffix('*') {
        _ if !uri.contains('*') => (uri.to_owned(), MatchPolicy::Exact),
        Some(prefix) if !prefix.contains('*') => (prefix.to_owned(), MatchPolicy::Prefix),
        _ => (uri.replace('*', ""), MatchPolicy::Wildcard),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AllowAsWritten {
    call: Option<bool>,
    register: Option<bool>,
    publish: Option<bool>,
    subscribe: Option<bool>,
}

impl Written for AllowAsWritten {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DiscloseAsWritten {
    caller: Option<Value>,
    publisher: Option<Value>,
}

impl Written for DiscloseAsWritten {}

fn read_disclosure(reading: &mut Reading, value: Option<Value>, at: &Place) -> Disclosure {
    match value {
        None | Some(Value::Bool(false)) => Disclosure::OnOwnRequest,
        Some(Value::Bool(true)) => Disclosure::Always,
        Some(Value::String(word)) if word == "on_request" => Disclosure::OnRequest,
        Some(Value::String(word)) if word == "never" => Disclosure::Never,
        Some(
            other @ (Value::Null
            | Value::String(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_)),
        ) => {
            let problem = Problem::Rule("expected true, false, \"on_request\" or \"never\"");
            reading.fault_with(at, problem, Some(other), None);
            Disclosure::default()
        }
    }
}

/// What the words of `match` mean.
pub(crate) const POLICIES: [(&str, MatchPolicy); 3] = [
    ("exact", MatchPolicy::Exact),
    ("prefix", MatchPolicy::Prefix),
    ("wildcard", MatchPolicy::Wildcard),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_say_the_policy() {
        let cases = [
            ("com.app", "com.app", MatchPolicy::Exact),
            ("com.app.*", "com.app.", MatchPolicy::Prefix),
            ("*", "", MatchPolicy::Prefix),
            ("com.*.add", "com..add", MatchPolicy::Wildcard),
            ("com.*.*", "com..", MatchPolicy::Wildcard),
            ("*.add", ".add", MatchPolicy::Wildcard),
            ("*.*", ".", MatchPolicy::Wildcard),
            ("*.app.*", ".app.", MatchPolicy::Wildcard),
            ("com.app*", "com.app", MatchPolicy::Prefix),
        ];
        for (written, uri, policy) in cases {
            assert_eq!(starred(written), (uri.to_owned(), policy), "{written}");
        }
    }
}
