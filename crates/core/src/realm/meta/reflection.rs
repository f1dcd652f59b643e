//! What there is on the realm, for whoever may use it (WAMP spec, "Interface Reflection").
//!
//! The specification leaves arguments and results open. Here, `list` gives a list of `{uri, match}`, sorted; `describe(uri, options?)` gives
//! what is known of one of them, or null; both are about what the caller may use. A session says more about a URI that it may register or
//! publish with `wamp.reflect.define(uri, schema)`, as long as it is there.

mod errors;

use crossbar_wire::{Dict, MatchPolicy, Pattern, SessionId, Text, Value};

use super::arguments::{Arguments, MOST_DESCRIBED, check_list, invalid};
use super::{ENCODING, OwnProcedure, PROCEDURES as ALL_OWN};
use super::{is_hidden, registrations, subscriptions, text};
use crate::definitions::Obstacle;
use crate::realm::Realm;
use crate::refusal::Refusal;
use crate::role::{Action, Verdict};
use crate::{Outbox, uris};

macro_rules! procedures {
    ($($uri:literal => $run:expr,)*) => {
        &[$(OwnProcedure { uri: $uri, run: $run }),*]
    };
}

pub(super) const PROCEDURES: &[OwnProcedure] = procedures! {
    "wamp.reflection.procedure.list" => list_procedures,
    "wamp.reflection.procedure.describe" => describe_procedure,
    "wamp.reflection.topic.list" => list_topics,
    "wamp.reflection.topic.describe" => describe_topic,
    "wamp.reflection.error.list" => errors::list,
    "wamp.reflection.error.describe" => errors::describe,
    "wamp.reflect.define" => define,
    "wamp.reflect.describe" => describe,
};

/// The events that the realm publishes itself.
const TOPICS: &[&str] = &[
    "wamp.reflect.on_define",
    "wamp.reflect.on_undefine",
    "wamp.registration.on_create",
    "wamp.registration.on_delete",
    "wamp.registration.on_register",
    "wamp.registration.on_unregister",
    "wamp.session.on_join",
    "wamp.session.on_leave",
    "wamp.session.on_stats",
    "wamp.subscription.on_create",
    "wamp.subscription.on_delete",
    "wamp.subscription.on_subscribe",
    "wamp.subscription.on_unsubscribe",
];

impl Realm {
    /// Publishes what a session that ends has defined and nobody defines any more.
    pub(in crate::realm) fn undefine_all(&mut self, session: SessionId, out: &mut Outbox) {
        for uri in self.definitions.forget(session) {
            self.announce_undefined(&uri, out);
        }
    }

    fn announce_undefined(&mut self, uri: &Text, out: &mut Outbox) {
        let args = |_: &Self| vec![uri.into()];
        self.publish_own("wamp.reflect.on_undefine", args, out);
    }

    fn may(&self, caller: SessionId, action: Action, uri: &[u8], policy: MatchPolicy) -> bool {
        self.sessions.get(caller).is_some_and(|session| {
            let verdict = self.roles.decide(session.role, action, uri, policy);
            matches!(verdict, Verdict::Allowed(_))
        })
    }

    fn may_use(&self, caller: SessionId, action: Action, pattern: &Pattern) -> bool {
        !is_hidden(self, caller, pattern)
            && self.may(caller, action, pattern.as_bytes(), pattern.policy())
    }

    fn may_use_own(&self, caller: SessionId, action: Action, uri: &str) -> bool {
        self.may(caller, action, uri.as_bytes(), MatchPolicy::Exact)
    }
}

/// `wamp.reflection.procedure.list()`: what the caller may call.
fn list_procedures(
    realm: &mut Realm,
    caller: SessionId,
    arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    arguments.end()?;
    check_list(realm.dealer.len(), MOST_DESCRIBED)?;
    let own = own_procedures().filter(|uri| realm.may_use_own(caller, Action::Call, uri));
    let registered = realm.dealer.iter().map(|(_, it)| it.procedure());
    let registered = registered.filter(|it| realm.may_use(caller, Action::Call, it));
    Ok(sorted(own, registered))
}

/// `wamp.reflection.topic.list()`: what somebody subscribed to and the caller may subscribe to, too.
fn list_topics(
    realm: &mut Realm,
    caller: SessionId,
    arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    arguments.end()?;
    check_list(realm.broker.len(), MOST_DESCRIBED)?;
    let own = TOPICS.iter().copied();
    let own = own.filter(|uri| realm.may_use_own(caller, Action::Subscribe, uri));
    let subscribed = realm.broker.iter().map(|(_, it)| it.topic());
    let subscribed = subscribed.filter(|it| realm.may_use(caller, Action::Subscribe, it));
    Ok(sorted(own, subscribed))
}

/// `wamp.reflection.procedure.describe(procedure, options?)`: the registration of this URI and match policy, else the one that a call
/// goes to.
fn describe_procedure(
    realm: &mut Realm,
    caller: SessionId,
    arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let (uri, pattern) = take(realm, arguments, "procedure")?;
    if own_procedures().any(|own| own == uri.as_str()) {
        return Ok(described_own(realm, caller, Action::Call, &uri));
    }
    let Some(pattern) = pattern.filter(|it| realm.may_use(caller, Action::Call, it)) else {
        return Ok(Value::Null);
    };
    let found = realm.dealer.lookup(&pattern);
    let found = found.or_else(|| match pattern.policy() {
        MatchPolicy::Exact => realm.dealer.pattern(uri.as_bytes()),
        MatchPolicy::Prefix | MatchPolicy::Wildcard => None,
    });
    let details = found.map(|id| {
        let callees = realm.dealer.get(id).map(|it| {
            let callees = it.callees();
            callees.filter(|&it| realm.shows(caller, it)).count()
        });
        let counted = ("callees".to_owned(), callees.into());
        (registrations::details(realm, id), counted)
    });
    Ok(described(realm, &uri, details))
}

/// `wamp.reflection.topic.describe(topic, options?)`: the subscription to this URI with this match policy.
fn describe_topic(
    realm: &mut Realm,
    caller: SessionId,
    arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let (uri, pattern) = take(realm, arguments, "topic")?;
    if TOPICS.contains(&uri.as_str()) {
        return Ok(described_own(realm, caller, Action::Subscribe, &uri));
    }
    let Some(pattern) = pattern.filter(|it| realm.may_use(caller, Action::Subscribe, it)) else {
        return Ok(Value::Null);
    };
    let details = realm.broker.lookup(&pattern).map(|id| {
        let subscribers = realm.broker.get(id).map(|it| {
            let subscribers = it.iter();
            subscribers.filter(|&it| realm.shows(caller, it)).count()
        });
        let counted = ("subscribers".to_owned(), subscribers.into());
        (subscriptions::details(realm, id), counted)
    });
    Ok(described(realm, &uri, details))
}

/// `wamp.reflect.define(uri, schema?)`: says something about a URI; without a schema, forgets what was said.
fn define(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    out: &mut Outbox,
) -> Result<Value, Refusal> {
    let uri = arguments.text("uri")?;
    let schema = arguments.take("schema");
    arguments.end()?;
    realm.check_uri(caller, &uri)?;
    if let Some(session) = realm.sessions.get(caller) {
        Realm::check_namespace(session, &uri)?;
        let exact = MatchPolicy::Exact;
        if !realm.may(caller, Action::Publish, uri.as_bytes(), exact) {
            realm.authorize(session, Action::Register, &uri, exact)?;
        }
    }
    let Some(schema) = schema else {
        let forgotten = realm.definitions.undefine(caller, &uri);
        if forgotten.map_err(|why| not_defined(&uri, why))? {
            realm.announce_undefined(&uri, out);
        }
        return Ok(Value::Null);
    };
    let defined = realm.definitions.define(caller, &uri, &schema);
    defined.map_err(|why| not_defined(&uri, why))?;
    let args = |_: &Realm| vec![uri.as_str().into(), schema];
    realm.publish_own("wamp.reflect.on_define", args, out);
    Ok(Value::Null)
}

fn not_defined(uri: &Text, why: Obstacle) -> Refusal {
    match why {
        Obstacle::Octets => invalid("the schema with its URI is longer than 16 KiB".to_owned()),
        Obstacle::Count => {
            invalid("there is no room for another definition of this session".to_owned())
        }
        Obstacle::Owner => {
            let text = format!("another session has defined <{uri}>");
            Refusal::new(uris::NOT_AUTHORIZED, text)
        }
    }
}

/// `wamp.reflect.describe(uri)`: what was said about a URI, or null.
fn describe(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let uri = arguments.text("uri")?;
    arguments.end()?;
    let actions = [
        Action::Call,
        Action::Subscribe,
        Action::Register,
        Action::Publish,
    ];
    let may = actions
        .into_iter()
        .any(|action| realm.may(caller, action, uri.as_bytes(), MatchPolicy::Exact));
    Ok(realm.definitions.get(&uri).filter(|_| may).into())
}

/// Gives the realm's own procedures.
fn own_procedures() -> impl Iterator<Item = &'static str> {
    let plain = ALL_OWN.iter().copied().flatten().map(|it| it.uri);
    plain.chain(ENCODING.iter().map(|it| it.uri))
}

/// Takes the arguments of `describe`; none as pattern if the URI is none.
fn take(
    realm: &Realm,
    mut arguments: Arguments,
    name: &str,
) -> Result<(Text, Option<Pattern>), Refusal> {
    let uri = arguments.text(name)?;
    let policy = arguments.take_policy()?;
    arguments.end()?;
    let pattern = Pattern::new(&uri, policy, realm.options.uri_check).ok();
    Ok((uri, pattern))
}

fn sorted<'a>(
    own: impl Iterator<Item = &'static str>,
    others: impl Iterator<Item = &'a Pattern>,
) -> Value {
    let own = own.map(|uri| (uri, MatchPolicy::Exact));
    let others = others.map(|pattern| (pattern.as_str(), pattern.policy()));
    let mut all: Vec<_> = own.chain(others).collect();
    all.sort_unstable();
    let entry = |(uri, policy): (&str, MatchPolicy)| {
        Value::Dict(vec![text("uri", uri), text("match", policy.name())])
    };
    Value::List(all.into_iter().map(entry).collect())
}

/// Describes what the router has itself.
fn described_own(realm: &Realm, caller: SessionId, action: Action, uri: &Text) -> Value {
    if !realm.may_use_own(caller, action, uri) {
        return Value::Null;
    }
    own(uri)
}

fn own(uri: &str) -> Value {
    Value::Dict(vec![
        text("uri", uri),
        text("match", MatchPolicy::Exact.name()),
        text("provider", "router"),
    ])
}

/// Adds what is counted and what was said about a URI to the details; null if there is neither.
fn described(realm: &Realm, uri: &Text, details: Option<(Value, (String, Value))>) -> Value {
    let schema = realm.definitions.get(uri);
    let mut dict: Dict = match details {
        Some((Value::Dict(mut details), counted)) => {
            details.push(counted);
            details
        }
        Some(_) | None if schema.is_none() => return Value::Null,
        Some(_) | None => vec![text("uri", uri)],
    };
    dict.extend(schema.map(|schema| ("schema".to_owned(), schema)));
    Value::Dict(dict)
}
