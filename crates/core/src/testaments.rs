use crossbar_wire::{PublicationId, Publish};

/// What a session leaves to be published when it ends (WAMP spec, "Session Testament").
///
/// Sessions are not resumed, so both ends come at once: first what is for the detached session, then what is for the destroyed one.
#[derive(Debug, Default)]
pub(crate) struct Testaments {
    detached: Vec<Testament>,
    destroyed: Vec<Testament>,
    octets: usize,
}

/// A publication to come.
#[derive(Debug)]
pub(crate) struct Testament {
    /// The id that the publication will have.
    pub(crate) publication: PublicationId,
    pub(crate) publish: Publish,
    /// The octets of the message, which is all that it keeps in memory.
    pub(crate) octets: usize,
}

/// When a testament is published.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scope {
    /// When the session is detached from its client.
    Detached,
    /// When the session is over.
    Destroyed,
}

impl Testaments {
    /// Adds a testament behind those of its scope, if there is room. Says whether there was.
    pub(crate) fn add(&mut self, scope: Scope, testament: Testament) -> bool {
        let count = self.detached.len() + self.destroyed.len();
        let octets = self.octets + testament.octets;
        if count >= MAX_TESTAMENTS || octets > MAX_OCTETS {
            return false;
        }
        self.octets = octets;
        self.of(scope).push(testament);
        true
    }

    /// Forgets the testaments of a scope. Gives their number.
    pub(crate) fn flush(&mut self, scope: Scope) -> usize {
        let flushed = std::mem::take(self.of(scope));
        let octets: usize = flushed.iter().map(|testament| testament.octets).sum();
        self.octets -= octets;
        flushed.len()
    }

    /// Gives all, in the order of their publication.
    pub(crate) fn into_all(self) -> impl Iterator<Item = Testament> {
        self.detached.into_iter().chain(self.destroyed)
    }

    fn of(&mut self, scope: Scope) -> &mut Vec<Testament> {
        match scope {
            Scope::Detached => &mut self.detached,
            Scope::Destroyed => &mut self.destroyed,
        }
    }
}

/// How many testaments a session may have.
const MAX_TESTAMENTS: usize = 100;
/// How many octets they may have together: 1 MiB.
const MAX_OCTETS: usize = 1 << 20;
