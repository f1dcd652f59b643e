//! How connections end.

use std::time::Duration;

/// How the ends of a connection are treated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manners {
    /// How long a peer may take until its session is open, if there is a limit.
    pub(crate) hello: Option<Duration>,
    /// How long a peer may take to close once it was told to, if there is a limit.
    pub(crate) close: Option<Duration>,
    /// Whether a breach of WebSocket's rules drops the connection without a close frame.
    pub(crate) fail_by_drop: bool,
    /// Whether a peer's close frame is answered with its own code and reason.
    pub(crate) echo_close: bool,
}

/// What a connection does with what comes in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Life {
    /// It is served.
    Live,
    /// It is not listened to. Once all is written, what follows is done.
    Flushing(Farewell),
    /// All is written: the peer is to close.
    Lingering,
}

/// How a connection is closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Farewell {
    /// At once.
    Drop,
    /// By ending the stream, and waiting for the peer to end its own, so that it can read all.
    Shutdown,
    /// By waiting for the peer's close frame.
    AwaitClose,
}

/// The connection is finished.
pub(crate) struct Gone;

/// Whether the connection goes on.
pub(crate) type Going = Result<(), Gone>;

impl Gone {
    /// Tells why the connection is lost.
    pub(crate) fn lost(error: &std::io::Error) -> Self {
        tracing::debug!(%error, "connection lost");
        Self
    }
}
