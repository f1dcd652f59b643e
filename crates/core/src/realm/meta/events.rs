//! The events of the realm itself (WAMP spec, "Meta API").

use crossbar_wire::{SessionId, Text, Value};

use crate::realm::Realm;
use crate::{Outbox, Principal};

impl Realm {
    /// Publishes that a session has joined.
    pub(in crate::realm) fn announce_join(
        &mut self,
        session: SessionId,
        principal: &Principal,
        out: &mut Outbox,
    ) {
        let details = |_: &Self| {
            let text = |key: &str, text: &Text| (key.to_owned(), Value::from(text));
            vec![Value::Dict(vec![
                ("session".to_owned(), Value::from(session)),
                text("authid", &principal.authid),
                text("authrole", &principal.authrole),
                text("authmethod", &principal.authmethod),
                text("authprovider", &principal.authprovider),
                ("authextra".to_owned(), principal.authextra.clone()),
            ])]
        };
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
}
