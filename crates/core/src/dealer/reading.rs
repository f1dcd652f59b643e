//! What the meta API reads.

use crossbar_wire::{InvocationPolicy, Pattern, RegistrationId, SessionId};

use super::{Dealer, Registration};
use crate::Timestamp;

impl Dealer {
    /// Gives the registration of this very procedure or pattern.
    pub(crate) fn lookup(&self, procedure: &Pattern) -> Option<RegistrationId> {
        self.by_procedure
            .get(procedure.as_bytes(), procedure.policy())
    }

    /// Gives all registrations.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (RegistrationId, &Registration)> {
        self.registrations.iter().map(|(&id, it)| (id, it))
    }
}

impl Registration {
    pub(crate) const fn procedure(&self) -> &Pattern {
        &self.procedure
    }

    pub(crate) const fn invoke(&self) -> InvocationPolicy {
        self.invoke
    }

    pub(crate) const fn created(&self) -> Timestamp {
        self.created
    }

    /// Gives the callees, oldest first.
    pub(crate) fn callees(&self) -> impl ExactSizeIterator<Item = SessionId> {
        self.endpoints.iter().map(|endpoint| endpoint.callee)
    }
}
