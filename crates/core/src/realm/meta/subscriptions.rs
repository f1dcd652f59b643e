use crossbar_wire::{Pattern, SessionId, SubscriptionId, Value};

use super::arguments::{Arguments, MOST_IDS, check_list};
use super::{ByPolicy, OwnProcedure, is_hidden, text};
use crate::broker::Subscription;
use crate::realm::Realm;
use crate::refusal::Refusal;
use crate::{Outbox, uris};

/// The topics about subscriptions (WAMP spec, "Subscription Meta API").
pub(super) const PROCEDURES: &[OwnProcedure] = &[
    OwnProcedure {
        uri: "wamp.subscription.list",
        run: list,
    },
    OwnProcedure {
        uri: "wamp.subscription.lookup",
        run: lookup,
    },
    OwnProcedure {
        uri: "wamp.subscription.match",
        run: matching,
    },
    OwnProcedure {
        uri: "wamp.subscription.get",
        run: get,
    },
    OwnProcedure {
        uri: "wamp.subscription.list_subscribers",
        run: list_subscribers,
    },
    OwnProcedure {
        uri: "wamp.subscription.count_subscribers",
        run: count_subscribers,
    },
    OwnProcedure {
        uri: "wamp.subscription.remove_subscriber",
        run: remove_subscriber,
    },
];

/// Gives what is told about a subscription.
pub(super) fn details(realm: &Realm, id: SubscriptionId) -> Value {
    let Some(subscription) = realm.broker.get(id) else {
        return Value::Null;
    };
    let topic = subscription.topic();
    Value::Dict(vec![
        ("id".to_owned(), id.into()),
        text("created", &subscription.created().to_string()),
        text("uri", topic.as_str()),
        text("match", topic.policy().name()),
    ])
}

pub(super) fn is_reserved(realm: &Realm, id: SubscriptionId) -> bool {
    let subscription = realm.broker.get(id);
    subscription.is_some_and(|it| uris::is_reserved(it.topic().as_bytes()))
}

/// `wamp.subscription.list(session?)`: the ids of all subscriptions, or of those of a session, by match policy.
fn list(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let of = arguments.take_id("session", SessionId::new)?;
    arguments.end()?;
    if of.is_none() {
        check_list(realm.broker.len(), MOST_IDS)?;
    }
    let mut ids = ByPolicy::default();
    let mut add = |id: SubscriptionId, subscription: &Subscription| {
        let topic = subscription.topic();
        if !is_hidden(realm, caller, topic) {
            ids.add(topic.policy(), id.value());
        }
    };
    match of {
        None => realm.broker.iter().for_each(|(id, it)| add(id, it)),
        Some(of) => {
            let session = realm.seen(caller, of)?;
            for &id in &session.subscriptions {
                if let Some(subscription) = realm.broker.get(id) {
                    add(id, subscription);
                }
            }
        }
    }
    Ok(ids.into())
}

/// `wamp.subscription.lookup(topic, options?)`: the id of the subscription of this very URI and match policy, or null.
fn lookup(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let uri = arguments.text("topic")?;
    let policy = arguments.take_policy()?;
    arguments.end()?;
    let found = Pattern::new(&uri, policy, realm.options.uri_check)
        .ok()
        .and_then(|topic| realm.broker.lookup(&topic));
    Ok(found.filter(|&id| find(realm, caller, id).is_ok()).into())
}

/// `wamp.subscription.match(topic)`: the ids of the subscriptions that an event of this URI goes to, or null if there are none.
fn matching(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let uri = arguments.text("topic")?;
    arguments.end()?;
    let patterns = realm.broker.patterns(uri.as_bytes());
    let found = realm.broker.exact(uri.as_bytes()).into_iter();
    let found: Vec<Value> = found
        .chain(patterns)
        .filter(|&id| find(realm, caller, id).is_ok())
        .map(Value::from)
        .collect();
    Ok((!found.is_empty()).then_some(found).into())
}

/// `wamp.subscription.get(subscription)`
fn get(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let id = take(&mut arguments)?;
    arguments.end()?;
    find(realm, caller, id)?;
    Ok(details(realm, id))
}

/// `wamp.subscription.list_subscribers(subscription)`: the ids of the sessions that have it.
fn list_subscribers(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let id = take(&mut arguments)?;
    arguments.end()?;
    let subscribers = find(realm, caller, id)?.iter();
    let subscribers = subscribers.filter(|&it| realm.shows(caller, it));
    Ok(Value::List(subscribers.map(Value::from).collect()))
}

/// `wamp.subscription.count_subscribers(subscription)`
fn count_subscribers(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let id = take(&mut arguments)?;
    arguments.end()?;
    let subscribers = find(realm, caller, id)?.iter();
    let subscribers = subscribers.filter(|&it| realm.shows(caller, it));
    Ok(subscribers.count().into())
}

/// `wamp.subscription.remove_subscriber(subscription, subscriber, reason?)`: takes a subscription away from one subscriber
/// (WAMP spec, "Subscription Revocation").
fn remove_subscriber(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    out: &mut Outbox,
) -> Result<Value, Refusal> {
    let id = take(&mut arguments)?;
    let subscriber = arguments.session("subscriber")?;
    let reason = arguments.take_text("reason")?;
    arguments.end()?;
    find(realm, caller, id)?;
    let removed =
        realm.shows(caller, subscriber) && realm.revoke_subscription(subscriber, id, reason, out);
    if removed {
        return Ok(Value::Null);
    }
    let text = format!("no session {subscriber} has the subscription {id}");
    Err(Refusal::new(uris::NO_SUCH_SUBSCRIPTION, text))
}

fn take(arguments: &mut Arguments) -> Result<SubscriptionId, Refusal> {
    arguments.id("subscription", SubscriptionId::new)
}

fn find(realm: &Realm, caller: SessionId, id: SubscriptionId) -> Result<&Subscription, Refusal> {
    let Some(subscription) = realm.broker.get(id) else {
        let text = format!("there is no subscription {id}");
        return Err(Refusal::new(uris::NO_SUCH_SUBSCRIPTION, text));
    };
    if is_hidden(realm, caller, subscription.topic()) {
        let text = format!("the subscription {id} is the router's own");
        return Err(Refusal::new(uris::NOT_AUTHORIZED, text));
    }
    Ok(subscription)
}
