//! Testaments (WAMP spec, "Session Testament").
//!
//! They are published by the session that added them, as the last thing it does: its role's permissions are asked then. They are
//! asked at once as well, so that a client learns what would come to nothing.

use crossbar_wire::{Format, MatchPolicy, Message, Publish, Role, SessionId, Text, Value};

use super::OwnProcedure;
use super::arguments::{Arguments, invalid};
use crate::realm::Realm;
use crate::refusal::Refusal;
use crate::role::Action;
use crate::testaments::{Scope, Testament};
use crate::validation::Checked;
use crate::{Outbox, uris};

pub(super) const PROCEDURES: &[OwnProcedure] = &[
    OwnProcedure {
        uri: "wamp.session.add_testament",
        run: add,
    },
    OwnProcedure {
        uri: "wamp.session.flush_testaments",
        run: flush,
    },
];

/// `wamp.session.add_testament(topic, args, kwargs, publish_options?, scope?)`: gives the id that the publication will have (as
/// Crossbar.io does).
fn add(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let topic = arguments.text("topic")?;
    let args = arguments.take("args");
    let kwargs = arguments.take("kwargs");
    let options = arguments.take("publish_options");
    let scope = read_scope(realm, &mut arguments)?;
    arguments.end()?;
    let (publish, octets) = compose(&topic, args, kwargs, options)?;
    realm.check_testament(caller, &publish)?;
    let publication = realm.ids.publication();
    let testament = Testament {
        publication,
        publish,
        octets,
    };
    let Some(session) = realm.sessions.get_mut(caller) else {
        return Ok(Value::Null);
    };
    if !session
        .details
        .testaments
        .get_or_insert_default()
        .add(scope, testament)
    {
        let text = "there is no room for another testament of this session";
        return Err(Refusal::new(uris::TESTAMENT_ERROR, text));
    }
    Ok(Value::from(publication))
}

/// `wamp.session.flush_testaments(scope?)`: gives the number of testaments that it removed (as Crossbar.io does).
fn flush(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let scope = read_scope(realm, &mut arguments)?;
    arguments.end()?;
    let session = realm.sessions.get_mut(caller);
    let testaments = session.and_then(|session| session.details.testaments.as_mut());
    let count = testaments.map_or(0, |testaments| testaments.flush(scope));
    Ok(Value::from(u64::try_from(count).unwrap_or(u64::MAX)))
}

fn read_scope(realm: &Realm, arguments: &mut Arguments) -> Result<Scope, Refusal> {
    match arguments.take("scope") {
        None => Ok(Scope::Destroyed),
        Some(Value::Text(word)) if word == "destroyed" => Ok(Scope::Destroyed),
        Some(Value::Text(word)) if word == "detached" => Ok(Scope::Detached),
        Some(_) => {
            let text = "the argument \"scope\" must be \"destroyed\" or \"detached\"";
            Err(if realm.options.compat_crossbar {
                Refusal::new(uris::TESTAMENT_ERROR, text) // compat: Crossbar.io's own error
            } else {
                invalid(text.to_owned())
            })
        }
    }
}

/// Makes the PUBLISH of a testament, read as if the client had sent it; gives its octets, too. Nobody is there to be answered.
fn compose(
    topic: &Text,
    args: Option<Value>,
    kwargs: Option<Value>,
    options: Option<Value>,
) -> Result<(Publish, usize), Refusal> {
    let parts = [
        Value::from(u64::from(Publish::CODE)),
        Value::from(1_u64),
        options.unwrap_or_else(|| Value::Dict(Vec::new())),
        Value::from(topic),
        args.unwrap_or_else(|| Value::List(Vec::new())),
        kwargs.unwrap_or_else(|| Value::Dict(Vec::new())),
    ];
    let unusable = |text: String| invalid(format!("no publication can be made of this: {text}"));
    // CBOR expresses every value that can come from a client.
    let octets = Value::List(parts.into())
        .encode(Format::Cbor)
        .map_err(|error| unusable(error.to_string()))?;
    let length = octets.len();
    match Message::decode(Format::Cbor, &octets.into()) {
        Ok(Message::Publish(publish)) => Ok((
            Publish {
                acknowledge: None,
                ..publish
            },
            length,
        )),
        Ok(_) => unreachable!("it was encoded with the type of PUBLISH"),
        Err(error) => Err(unusable(error.to_string())),
    }
}

impl Realm {
    /// Sees that a testament could be published.
    fn check_testament(&self, caller: SessionId, publish: &Publish) -> Result<(), Refusal> {
        self.check_uri(caller, &publish.topic)?;
        self.check_receiver(caller, Role::Publisher, publish.passthru.as_deref())?;
        let Some(session) = self.sessions.get(caller) else {
            return Ok(());
        };
        Self::check_namespace(session, &publish.topic)?;
        let is_asked_later =
            self.options.compat_crossbar && self.roles.authorizer(session.role).is_none();
        match self.authorize(session, Action::Publish, &publish.topic, MatchPolicy::Exact) {
            Err(_) if is_asked_later => Ok(()), // compat: Crossbar.io asks only when it publishes
            Err(refusal) => Err(refusal),
            Ok(grant) => {
                let passthru = publish.passthru.as_deref();
                let validation = grant.validation.as_ref();
                Self::validate(validation, Checked::Event, &publish.payload, passthru)?;
                self.is_disclosed(grant.disclosure, publish.disclose_me, false)
                    .map(|_| ())
            }
        }
    }

    /// Publishes what a session that ends has left.
    pub(in crate::realm) fn publish_testaments(&mut self, of: SessionId, out: &mut Outbox) {
        let session = self.sessions.get_mut(of);
        let testaments = session.and_then(|session| session.details.testaments.take());
        for testament in testaments.into_iter().flat_map(|it| it.into_all()) {
            self.publish_last(of, testament.publish, testament.publication, out);
        }
    }
}
