use crossbar_wire::{Authenticate, Text};

use super::cryptosign::{self, Cryptosign};
use super::scram::{self, Scram};
use super::ticket::{self, Ticket};
use super::wampcra::{self, WampCra};
use crate::abort::abort;
use crate::{Principal, uris};

/// What a challenged client has to show.
#[derive(Debug)]
pub(super) enum Proof {
    Ticket(Ticket),
    WampCra(WampCra),
    Scram(Box<Scram>),
    Cryptosign(Cryptosign),
    /// It is checked as any other, but never right.
    Never(Box<Self>),
}

/// Why a client is refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wrong {
    /// What it is told.
    message: &'static str,
    /// What RFC 5802 calls it, if that is spoken.
    scram: Option<&'static str>,
}

impl Proof {
    /// Says whether it takes milliseconds to check.
    pub(super) fn is_slow(&self) -> bool {
        match self {
            Self::Ticket(ticket) => ticket.is_hashed(),
            Self::WampCra(_) | Self::Scram(_) | Self::Cryptosign(_) => false,
            Self::Never(proof) => proof.is_slow(),
        }
    }

    /// Checks an answer; what the client is to know once it is in comes to its principal.
    pub(super) fn verify(
        &self,
        answer: &Authenticate,
        principal: &mut Principal,
    ) -> Result<(), Wrong> {
        let signature = answer.signature.as_bytes();
        match self {
            Self::Ticket(ticket) if ticket.verify(signature) => Ok(()),
            Self::Ticket(_) => Err(Wrong::new(ticket::REFUSAL)),
            Self::WampCra(wampcra) if wampcra.verify(signature) => Ok(()),
            Self::WampCra(_) => Err(Wrong::new(wampcra::REFUSAL)),
            Self::Scram(scram) => scram.verify(answer, principal),
            Self::Cryptosign(cryptosign) => {
                cryptosign.verify(&answer.signature).map_err(Wrong::new)
            }
            Self::Never(proof) => match proof.verify(answer, principal) {
                Ok(()) => Err(proof.refusal()),
                Err(wrong) => Err(wrong),
            },
        }
    }

    /// Gives what a wrong answer is called.
    fn refusal(&self) -> Wrong {
        match self {
            Self::Ticket(_) => Wrong::new(ticket::REFUSAL),
            Self::WampCra(_) => Wrong::new(wampcra::REFUSAL),
            Self::Scram(scram) => scram.wrong(scram::INVALID_PROOF),
            Self::Cryptosign(_) => Wrong::new(cryptosign::UNAUTHORIZED),
            Self::Never(proof) => proof.refusal(),
        }
    }
}

impl Wrong {
    pub(super) const fn new(message: &'static str) -> Self {
        Self {
            message,
            scram: None,
        }
    }

    /// Adds what RFC 5802 calls it.
    pub(super) const fn scram(message: &'static str, error: Option<&'static str>) -> Self {
        Self {
            message,
            scram: error,
        }
    }

    /// Makes the ABORT.
    pub(super) fn abort(self) -> crossbar_wire::Abort {
        let mut abort = abort(uris::NOT_AUTHORIZED, self.message.to_owned());
        abort.scram = self.scram.map(Text::from_static);
        abort
    }
}
