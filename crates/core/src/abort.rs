use std::borrow::Cow;

use crossbar_wire::{Abort, Text};

use crate::uris;

/// Makes the ABORT for a realm that does not exist.
#[must_use]
pub fn no_such_realm(realm: &str) -> Abort {
    abort(
        uris::NO_SUCH_REALM,
        format!("no realm \"{}\" exists on this router", shortened(realm)),
    )
}

/// Makes the ABORT for a peer that broke the protocol.
#[must_use]
pub fn protocol_violation(message: &str) -> Abort {
    abort(uris::PROTOCOL_VIOLATION, message.to_owned())
}

/// Makes the ABORT for a client that sends faster than it may.
#[must_use]
pub fn limit_exceeded(message: &str) -> Abort {
    abort(uris::LIMIT_EXCEEDED, message.to_owned())
}

/// Makes the ABORT for a client that the router cannot take for now.
#[must_use]
pub fn unavailable(message: &str) -> Abort {
    abort(uris::UNAVAILABLE, message.to_owned())
}

/// Makes the ABORT for a client whose session was not open in time.
#[must_use]
pub fn too_late(message: &str) -> Abort {
    abort(uris::TIMEOUT, message.to_owned())
}

/// Cuts a name that a client has sent and that is longer than anybody reads.
pub(crate) fn shortened(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(MAX_LENGTH) {
        None => Cow::Borrowed(name),
        Some((end, _)) => Cow::Owned(format!("{}…", &name[..end])),
    }
}

/// How many characters of a name are told.
const MAX_LENGTH: usize = 200;

pub(crate) fn abort(reason: &'static str, message: String) -> Abort {
    Abort {
        message: Some(Text::from(message)),
        reason: Text::from_static(reason),
        ..Abort::default()
    }
}
