use std::net::SocketAddr;

use crossbar_wire::{Dict, Format, Value};

use crate::{ClientCertificate, CookieAlias};

/// What a session comes over, as far as others may know: nothing of what its client sent in HTTP headers is here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TransportDetails {
    /// What carries the octets.
    pub channel: ChannelType,
    /// What makes messages of them.
    pub framing: ChannelFraming,
    /// The serializer.
    pub format: Format,
    /// The client's address, if it has one.
    pub peer: Option<SocketAddr>,
    /// What stands for the client's cookie, if it has one.
    pub cookie: Option<CookieAlias>,
    /// The client's TLS certificate, if it has shown one.
    pub certificate: Option<ClientCertificate>,
}

/// What carries a transport's octets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ChannelType {
    /// TCP without TLS.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// A socket between processes of one machine.
    Unix,
}

/// What makes messages of a transport's octets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ChannelFraming {
    /// WebSocket.
    WebSocket,
    /// RawSocket.
    RawSocket,
    /// HTTP long-poll.
    LongPoll,
}

impl ChannelType {
    /// Gives the word for it (Autobahn).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Unix => "unix",
        }
    }
}

impl ChannelFraming {
    /// Gives the word for it (Autobahn).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::RawSocket => "rawsocket",
            Self::LongPoll => "longpoll",
        }
    }
}

impl From<&TransportDetails> for Value {
    /// Makes `details.transport` of the session meta API, with Crossbar.io's keys.
    fn from(details: &TransportDetails) -> Self {
        let entry = |key: &str, value: Self| (key.to_owned(), value);
        let mut dict: Dict = vec![
            entry("channel_type", details.channel.name().into()),
            entry("channel_framing", details.framing.name().into()),
            entry("channel_serializer", details.format.name().into()),
            entry("is_server", true.into()),
            entry("is_secure", (details.channel == ChannelType::Tls).into()),
        ];
        if let Some(peer) = details.peer {
            let version = if peer.is_ipv4() { "tcp4" } else { "tcp6" };
            let (host, port) = (peer.ip(), peer.port());
            dict.push(entry("peer", format!("{version}:{host}:{port}").into()));
        }
        if let Some(alias) = details.cookie {
            dict.push(entry("http_cbtid", alias.to_string().into()));
        }
        if let Some(certificate) = &details.certificate {
            dict.push(entry("peer_cert", certificate.into()));
        }
        Self::Dict(dict)
    }
}
