use std::fmt;
use std::io;
use std::sync::Arc;

use crossbar_wire::rawsocket::{FrameError, ReplyError};
use crossbar_wire::websocket::{CloseFrame, HandshakeFault, Violation};
use crossbar_wire::{DecodeError, EncodeError, Text, ValueError};

use crate::{Content, TargetError};

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL names no router.
    #[error("bad URL")]
    Target(#[from] TargetError),
    /// The options name no serializer.
    #[error("the options name no serializer")]
    NoFormat,
    /// The router cannot be reached.
    #[error("cannot connect to {address}")]
    Unreachable {
        /// Where the router should be.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// TLS cannot be set up.
    #[error("TLS failed")]
    Tls(#[source] io::Error),
    /// No Unix sockets on this platform.
    #[error("there are no Unix sockets on this platform")]
    NoUnixSockets,
    /// The WebSocket handshake failed.
    #[error("the WebSocket handshake failed")]
    WebSocket(#[from] HandshakeFault),
    /// The server chose no subprotocol, so that nobody knows the serializer.
    #[error("the server chose no WAMP subprotocol")]
    NoSubprotocol,
    /// The RawSocket handshake failed.
    #[error("the RawSocket handshake failed")]
    RawSocket(#[from] ReplyError),
    /// The connection broke before the session was open.
    #[error("the connection broke before the session was open")]
    Link(#[from] LinkError),
    /// The router refused the session.
    #[error("the router refused the session: {reason}{}", suffix(.message.as_ref()))]
    Aborted {
        /// The reason URI.
        reason: Text,
        /// The router's explanation.
        message: Option<Text>,
    },
    /// The router asked for a proof that the options do not give.
    #[error("the router asks for authentication method {0:?}, for which the options have nothing")]
    Challenge(Text),
    /// The router's challenge lacks something or is malformed.
    #[error("the router's challenge is malformed: {0}")]
    BadChallenge(&'static str),
    /// The router is not the one that is meant.
    #[error("the router is not the one it should be: {0}")]
    Impostor(&'static str),
    /// The proof is to hold for one TLS connection, and there is no TLS or the router cannot do that.
    #[error("the connection cannot be bound to TLS")]
    Unbound,
    /// The router sent something out of turn.
    #[error("the router sent {0} before the session was open")]
    OutOfTurn(&'static str),
    /// It took too long.
    #[error("no session within {} s", .0.as_secs_f32())]
    Timeout(std::time::Duration),
}

impl ConnectError {
    /// Says whether trying again may help: not when the router refused who this client is.
    pub(crate) fn is_lasting(&self) -> bool {
        match self {
            Self::Aborted { reason, .. } => matches!(
                reason.as_str(),
                "wamp.error.not_authorized"
                    | "wamp.error.authorization_denied"
                    | "wamp.error.authentication_failed"
                    | "wamp.error.authentication_denied"
                    | "wamp.error.authentication_required"
                    | "wamp.error.no_auth_method"
                    | "wamp.error.no_matching_auth_method"
                    | "wamp.error.no_such_principal"
            ),
            Self::Target(_)
            | Self::NoFormat
            | Self::NoUnixSockets
            | Self::Challenge(_)
            | Self::BadChallenge(_)
            | Self::Impostor(_)
            | Self::Unbound => true,
            Self::Unreachable { .. }
            | Self::Tls(_)
            | Self::WebSocket(_)
            | Self::NoSubprotocol
            | Self::RawSocket(_)
            | Self::Link(_)
            | Self::OutOfTurn(_)
            | Self::Timeout(_) => false,
        }
    }
}

/// Why a connection ended, or a message cannot be sent on it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The system says so.
    #[error("the connection failed")]
    Io(#[from] io::Error),
    /// The router closed the connection.
    #[error("the router closed the connection")]
    Ended,
    /// The router closed the WebSocket.
    #[error("the router closed the WebSocket{}", close_suffix(.0.as_ref()))]
    Closed(Option<CloseFrame>),
    /// The router broke the rules of RawSocket.
    #[error("the router broke the rules of RawSocket")]
    Frame(#[from] FrameError),
    /// The router broke the rules of WebSocket.
    #[error("the router broke the rules of WebSocket")]
    Violation(#[from] Violation),
    /// The router sent text for a binary serializer, or the other way round.
    #[error("the router sent the wrong kind of WebSocket message for the serializer")]
    WrongKind,
    /// The router sent what is no WAMP message.
    #[error("the router sent what is no WAMP message")]
    Decode(#[from] DecodeError),
    /// The router sent what fits nothing that was asked.
    #[error("the router broke the protocol: {0}")]
    OutOfTurn(&'static str),
    /// A message is longer than the router takes.
    #[error("a message of {length} octets is over the router's limit of {limit}")]
    TooLong {
        /// The message's length.
        length: usize,
        /// What the router takes.
        limit: usize,
    },
    /// A message cannot be expressed.
    #[error("the message cannot be encoded")]
    Encode(#[from] EncodeError),
}

/// Why a request has no good answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The router or the callee answered with an error.
    #[error("{0}")]
    Refused(Box<Refused>),
    /// There is no session at present, or no more.
    #[error("not connected")]
    NotConnected,
    /// The connection was lost before the answer came.
    #[error("the connection was lost before the answer came")]
    Lost,
    /// The time that the caller gave is over.
    #[error("no result in time")]
    Timeout,
    /// The arguments cannot be expressed.
    #[error("the arguments cannot be expressed")]
    Arguments(#[from] ValueError),
    /// The message cannot be sent.
    #[error("the message cannot be sent")]
    Send(#[source] Arc<LinkError>),
    /// The result is not what the caller expects.
    #[error("the result is not what was expected")]
    Result(#[from] ContentError),
}

impl RequestError {
    /// Gives the error URI, if the router or the callee answered with one.
    #[must_use]
    pub fn uri(&self) -> Option<&str> {
        match self {
            Self::Refused(refused) => Some(refused.uri.as_str()),
            Self::NotConnected
            | Self::Lost
            | Self::Timeout
            | Self::Arguments(_)
            | Self::Send(_)
            | Self::Result(_) => None,
        }
    }
}

/// An ERROR: from the router, or from the callee.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The error URI.
    pub uri: Text,
    /// The error's arguments.
    pub content: Content,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri)?;
        match self.content.values() {
            Ok(args) => match args.first().and_then(|value| value.as_str()) {
                Some(text) => write!(f, ": {text}"),
                None => Ok(()),
            },
            Err(_) => Ok(()),
        }
    }
}

/// Why received arguments have no counterpart in a type.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// The octets are malformed.
    #[error("the arguments are malformed")]
    Decode(#[from] DecodeError),
    /// The values are others.
    #[error("the arguments do not fit: {0}")]
    Value(#[from] ValueError),
}

/// Why a session is over.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CloseReason {
    /// This side left.
    Left,
    /// The router said goodbye.
    Goodbye {
        /// The reason URI.
        reason: Text,
        /// The router's explanation.
        message: Option<Text>,
    },
    /// The router aborted the session.
    Aborted {
        /// The reason URI.
        reason: Text,
        /// The router's explanation.
        message: Option<Text>,
    },
    /// The connection was lost.
    Lost(Arc<LinkError>),
    /// The connection was lost, and connecting again failed for good.
    GaveUp(Arc<ConnectError>),
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Left => f.write_str("left"),
            Self::Goodbye { reason, message } => {
                write!(
                    f,
                    "the router said goodbye: {reason}{}",
                    suffix(message.as_ref())
                )
            }
            Self::Aborted { reason, message } => {
                write!(
                    f,
                    "the router aborted the session: {reason}{}",
                    suffix(message.as_ref())
                )
            }
            Self::Lost(error) => write!(f, "{error}"),
            Self::GaveUp(error) => write!(f, "gave up connecting again: {error}"),
        }
    }
}

fn suffix(message: Option<&Text>) -> String {
    message.map_or_else(String::new, |message| format!(" ({message})"))
}

fn close_suffix(frame: Option<&CloseFrame>) -> String {
    frame.map_or_else(String::new, |frame| {
        format!(" with code {}: {}", frame.code, frame.reason)
    })
}
