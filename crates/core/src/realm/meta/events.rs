//! The events of the realm itself (WAMP spec, "Meta API").

use crossbar_wire::{Audience, Identity, RegistrationId, SessionId, SubscriptionId, Text, Value};

use super::{registrations, sessions, subscriptions};
use crate::Outbox;
use crate::realm::Realm;
use crate::role::TRUSTED;

/// A session has come into a subscription or registration.
#[derive(Clone, Copy, Debug)]
pub(in crate::realm) struct Attached<I> {
    pub(in crate::realm) id: I,
    /// Whether it is the first.
    pub(in crate::realm) created: bool,
    /// Whether it was not in it before.
    pub(in crate::realm) added: bool,
}

/// A session has gone out of a subscription or registration.
#[derive(Clone, Copy, Debug)]
pub(in crate::realm) struct Detached<I> {
    pub(in crate::realm) id: I,
    /// Whether it was the last.
    pub(in crate::realm) deleted: bool,
    /// Whether it is not told, since the URI lies in the reserved namespace.
    pub(in crate::realm) quiet: bool,
}

impl Realm {
    /// Publishes that a session has joined.
    pub(in crate::realm) fn announce_join(&mut self, session: SessionId, out: &mut Outbox) {
        let details = |realm: &Self| vec![sessions::details(realm, session)];
        self.publish_own("wamp.session.on_join", details, out);
    }

    /// Publishes that a session has left.
    pub(in crate::realm) fn announce_leave(
        &mut self,
        session: SessionId,
        authid: &Text,
        authrole: &Text,
        out: &mut Outbox,
    ) {
        let args = |realm: &Self| {
            let mut args = vec![Value::from(session)];
            if !realm.options.compat_crossbar {
                args.extend([Value::from(authid), Value::from(authrole)]);
            }
            args // compat: the session only
        };
        self.publish_own("wamp.session.on_leave", args, out);
    }

    /// Publishes that a session has subscribed. `links` are the sessions elsewhere that a router link subscribes for.
    pub(in crate::realm) fn announce_subscribed(
        &mut self,
        session: SessionId,
        attached: Attached<SubscriptionId>,
        links: &[Identity],
        out: &mut Outbox,
    ) {
        let Attached { id, created, added } = attached;
        if !added || subscriptions::is_reserved(self, id) {
            return;
        }
        let whom = &self.told_of(session, links);
        if created {
            let args = |realm: &Self| vec![session.into(), subscriptions::details(realm, id)];
            self.publish_own_for("wamp.subscription.on_create", whom, args, out);
        }
        let args = |_: &Self| vec![session.into(), id.into()];
        self.publish_own_for("wamp.subscription.on_subscribe", whom, args, out);
    }

    /// Publishes that a session has ended its subscription.
    pub(in crate::realm) fn announce_unsubscribed(
        &mut self,
        session: SessionId,
        detached: Detached<SubscriptionId>,
        links: &[Identity],
        out: &mut Outbox,
    ) {
        if detached.quiet {
            return;
        }
        let whom = &self.told_of(session, links);
        let args = |_: &Self| vec![session.into(), detached.id.into()];
        self.publish_own_for("wamp.subscription.on_unsubscribe", whom, args, out);
        if detached.deleted {
            self.publish_own_for("wamp.subscription.on_delete", whom, args, out);
        }
    }

    /// Publishes that a session has registered. `links` are the sessions elsewhere that a router link registers for.
    pub(in crate::realm) fn announce_registered(
        &mut self,
        session: SessionId,
        attached: Attached<RegistrationId>,
        links: &[Identity],
        out: &mut Outbox,
    ) {
        let Attached { id, created, added } = attached;
        if !added || registrations::is_reserved(self, id) {
            return;
        }
        let whom = &self.told_of(session, links);
        if created {
            let args = |realm: &Self| vec![session.into(), registrations::details(realm, id)];
            self.publish_own_for("wamp.registration.on_create", whom, args, out);
        }
        let args = |_: &Self| vec![session.into(), id.into()];
        self.publish_own_for("wamp.registration.on_register", whom, args, out);
    }

    /// Publishes that a session has ended its registration.
    pub(in crate::realm) fn announce_unregistered(
        &mut self,
        session: SessionId,
        detached: Detached<RegistrationId>,
        links: &[Identity],
        out: &mut Outbox,
    ) {
        if detached.quiet {
            return;
        }
        let whom = &self.told_of(session, links);
        let args = |_: &Self| vec![session.into(), detached.id.into()];
        self.publish_own_for("wamp.registration.on_unregister", whom, args, out);
        if detached.deleted {
            self.publish_own_for("wamp.registration.on_delete", whom, args, out);
        }
    }

    /// Gives who is told what a session does: of the node's own only the like; and not those for whom a router link does it
    /// (Crossbar.io).
    fn told_of(&self, session: SessionId, links: &[Identity]) -> Option<Box<Audience>> {
        let authids: Vec<Text> = links.iter().filter_map(|it| it.authid.clone()).collect();
        let all = if self.is_trusted(session) {
            Some(of_the_nodes_own())
        } else {
            (!authids.is_empty()).then(Box::default)
        };
        all.map(|mut all| {
            all.exclude_authid = (!authids.is_empty()).then_some(authids);
            all
        })
    }
}

/// Gives who is told of the node's own sessions: the like.
pub(super) fn of_the_nodes_own() -> Box<Audience> {
    Box::new(Audience {
        eligible_authrole: Some(vec![Text::from_static(TRUSTED)]),
        ..Audience::default()
    })
}
