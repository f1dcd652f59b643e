use std::time::Instant;

use crossbar_wire::{Abort, Message, SessionId, Text, UriCheck};

use crate::{Join, Outbox, RoleConfig};

/// Options of a realm.
#[derive(Clone, Debug, Default)]
pub struct RealmOptions {
    /// `uri_check`
    pub uri_check: UriCheck,
    /// `compat: crossbar`: Crossbar.io's behaviour where it differs from the specification.
    pub compat_crossbar: bool,
}

/// Why a message could not be put into a session's queue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Undeliverable {
    /// It is larger than the receiver accepts.
    TooLarge,
    /// The receiver's serializer cannot express its payload.
    Unrepresentable,
}

/// One realm: its sessions, broker and dealer.
#[derive(Debug)]
pub struct Realm {}

impl Realm {
    /// Makes an empty realm. `seed` seeds the generator of ids.
    #[must_use]
    pub fn new(_name: Text, _options: RealmOptions, _seed: [u8; 32]) -> Self {
        Self {}
    }

    /// Adds a role, or replaces the one of that name.
    pub fn set_role(&mut self, _role: RoleConfig) {}

    /// Removes a role; its sessions are denied everything from then on. Says whether it was there.
    pub fn remove_role(&mut self, _name: &str) -> bool {
        false
    }

    /// Opens a session and answers WELCOME.
    ///
    /// # Errors
    /// Gives the ABORT for a role that the realm lacks or a session id that is taken.
    pub fn join(&mut self, _join: Join, _out: &mut Outbox) -> Result<(), Abort> {
        Ok(())
    }

    /// Takes a message of an open session.
    pub fn handle(
        &mut self,
        _from: SessionId,
        _message: Message,
        _now: Instant,
        _out: &mut Outbox,
    ) {
    }

    /// Ends a session that broke the protocol: ABORT `wamp.error.protocol_violation` with this text.
    pub fn violate(&mut self, _session: SessionId, _message: &str, _out: &mut Outbox) {}

    /// Ends a session whose transport is gone.
    pub fn leave(&mut self, _session: SessionId, _out: &mut Outbox) {}

    /// Takes back a message that could not be queued for `to`.
    pub fn undeliverable(
        &mut self,
        _to: SessionId,
        _message: &Message,
        _why: Undeliverable,
        _out: &mut Outbox,
    ) {
    }

    /// Says GOODBYE to every session, which then have until a time limit to answer.
    pub fn close(&mut self, _reason: &str, _now: Instant, _out: &mut Outbox) {}

    /// Gives the time of the next [`Realm::handle_timeout`].
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        None
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, _now: Instant, _out: &mut Outbox) {}
}
