//! The roles of a script.

use std::sync::Arc;
use std::time::Duration;

use crossbar_core::{
    Actions, Authorization, Authorizer, Disclosure, Limits, Permission, RoleConfig, Validation,
};
use crossbar_wire::{Inventory, MatchPolicy, Shape, Text};
use serde_json::Value;

/// Reads a role as scripts write it.
pub(super) fn read(name: &str, role: &Value, inventory: Option<&Arc<Inventory>>) -> RoleConfig {
    RoleConfig {
        name: Text::from(name),
        authorization: authorization(role, inventory),
        trustlevel: trustlevel(role),
        limits: limits(&role["limits"]),
        max_sessions: number(&role["max_sessions"]),
    }
}

fn trustlevel(json: &Value) -> Option<u32> {
    let level = json["trustlevel"].as_u64()?;
    Some(level.try_into().unwrap())
}

fn limits(json: &Value) -> Limits {
    Limits {
        subscriptions: number(&json["subscriptions"]),
        registrations: number(&json["registrations"]),
        wildcards: number(&json["wildcards"]),
        open_calls: number(&json["open_calls"]),
        uri_length: number(&json["uri_length"]),
        ..Limits::default()
    }
}

fn number(json: &Value) -> Option<usize> {
    json.as_u64().map(|number| number.try_into().unwrap())
}

fn authorization(role: &Value, inventory: Option<&Arc<Inventory>>) -> Authorization {
    if let Some(procedure) = role["authorizer"].as_str() {
        let time =
            |key: &str, default| Duration::from_millis(role[key].as_u64().unwrap_or(default));
        return Authorization::Dynamic(Authorizer {
            procedure: Text::from(procedure),
            timeout: time("timeout", 10_000),
            cache_ttl: time("cache_ttl", 60_000),
        });
    }
    let permissions = role["permissions"].as_array().unwrap();
    let permissions = permissions.iter().map(|it| permission(it, inventory));
    Authorization::Static(permissions.collect())
}

fn permission(json: &Value, inventory: Option<&Arc<Inventory>>) -> Permission {
    let allows = |action: &str| {
        let allow = json["allow"].as_array().unwrap();
        allow.iter().any(|allowed| allowed == action)
    };
    let disclosure = |what: &str| {
        let word = &json["disclose"][what];
        match word.as_str() {
            Some("on_request") => Disclosure::OnRequest,
            Some("never") => Disclosure::Never,
            Some(_) | None if word == true => Disclosure::Always,
            Some(_) | None => Disclosure::OnOwnRequest,
        }
    };
    Permission {
        uri: Text::from(json["uri"].as_str().unwrap()),
        policy: MatchPolicy::named(json["match"].as_str().unwrap_or("exact")).unwrap(),
        allow: Actions {
            call: allows("call"),
            register: allows("register"),
            publish: allows("publish"),
            subscribe: allows("subscribe"),
        },
        disclose_caller: disclosure("caller"),
        disclose_publisher: disclosure("publisher"),
        trustlevel: trustlevel(json),
        cache: false,
        validation: json["validate"].as_object().map(|types| {
            let mut validation = Validation::default();
            for (what, name) in types {
                let shape = Shape::find(inventory.unwrap(), name.as_str().unwrap());
                *validation.named(what).unwrap() = Some(shape.unwrap());
            }
            Arc::new(validation)
        }),
    }
}
