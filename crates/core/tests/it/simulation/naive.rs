//! What the specification says of topics and of who gets an event, word for word.

use crossbar_wire::{Audience, MatchPolicy};

/// A URI or pattern with its match policy.
pub(super) type Pattern = (String, MatchPolicy);

pub(super) fn matches((pattern, policy): &Pattern, uri: &str) -> bool {
    match policy {
        MatchPolicy::Exact => pattern == uri,
        MatchPolicy::Prefix => uri.starts_with(pattern.as_str()),
        MatchPolicy::Wildcard => {
            let (pattern, uri): (Vec<_>, Vec<_>) =
                (pattern.split('.').collect(), uri.split('.').collect());
            pattern.len() == uri.len()
                && (pattern.iter().zip(&uri)).all(|(p, u)| p.is_empty() || p == u)
        }
    }
}

/// Says whether a URI may be called or published to ("loose" rules).
pub(super) fn is_uri(uri: &str) -> bool {
    let valid = |component: &str| !component.is_empty() && !component.contains([' ', '#']);
    uri.split('.').all(valid)
}

pub(super) fn is_reserved(uri: &str) -> bool {
    uri == "wamp" || uri.starts_with("wamp.")
}

/// Says whether a session is in all eligible lists that are there and in no exclude list.
pub(super) fn admits(
    audience: Option<&Audience>,
    session: u64,
    authid: &str,
    authrole: &str,
) -> bool {
    let Some(audience) = audience else {
        return true;
    };
    let id = |list: &Vec<crossbar_wire::SessionId>| list.iter().any(|id| id.value() == session);
    let authid = |list: &Vec<crossbar_wire::Text>| list.iter().any(|text| text.as_str() == authid);
    let role = |list: &Vec<crossbar_wire::Text>| list.iter().any(|text| text.as_str() == authrole);
    audience.eligible.as_ref().is_none_or(id)
        && audience.eligible_authid.as_ref().is_none_or(authid)
        && audience.eligible_authrole.as_ref().is_none_or(role)
        && !audience.exclude.as_ref().is_some_and(id)
        && !audience.exclude_authid.as_ref().is_some_and(authid)
        && !audience.exclude_authrole.as_ref().is_some_and(role)
}
