use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossbar_wire::auth::cryptosign::{PrivateKey, PublicKey};
use crossbar_wire::auth::scram::Dialect;
use crossbar_wire::{Format, Value};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;

/// How to join a realm.
///
/// ```
/// use crossbar_client::{Auth, Options};
///
/// let options = Options {
///     authid: Some("joe".to_owned()),
///     auth: vec![Auth::Ticket("secret".into())],
///     ..Options::realm("realm1")
/// };
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    /// The realm to join; none if the router's authenticator is to choose.
    pub realm: Option<String>,
    /// Serializers, the preferred first. WebSocket offers all, RawSocket uses the first.
    pub formats: Vec<Format>,
    /// Who to be.
    pub authid: Option<String>,
    /// Ways to prove it, the preferred first; empty is anonymous.
    pub auth: Vec<Auth>,
    /// Further facts for the router's authenticator; a dictionary, or null for none.
    pub authextra: Value,
    /// The longest message that is taken, in octets.
    pub max_message_size: usize,
    /// Whether to offer compression (WebSocket only).
    pub deflate: bool,
    /// Further headers of the WebSocket request (`Origin`, `Cookie`, …).
    pub headers: Vec<(String, String)>,
    /// Whom to trust, for `wss` and `rss`.
    pub tls: Tls,
    /// How long connecting, handshakes and authentication may take together.
    pub connect_timeout: Duration,
    /// How long a TCP connection may be silent before the system asks whether the other side is still there, so that
    /// a vanished router is noticed; none to never ask.
    pub keepalive: Option<Duration>,
    /// Whether and how to connect again when the connection is lost.
    pub reconnect: Option<Reconnect>,
}

impl Options {
    /// Makes options to join `realm` anonymously.
    #[must_use]
    pub fn realm(realm: &str) -> Self {
        Self {
            realm: Some(realm.to_owned()),
            ..Self::default()
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            realm: None,
            formats: vec![Format::MsgPack, Format::Cbor, Format::Json],
            authid: None,
            auth: Vec::new(),
            authextra: Value::Null,
            max_message_size: 16 << 20,
            deflate: false,
            headers: Vec::new(),
            tls: Tls::System,
            connect_timeout: Duration::from_secs(10),
            keepalive: Some(Duration::from_secs(30)),
            reconnect: None,
        }
    }
}

/// A way to prove who one is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Auth {
    /// No proof.
    Anonymous,
    /// The certificate that was shown over TLS ([`TlsFiles::certificate`]).
    Tls,
    /// A shared secret, sent as it is.
    Ticket(Secret),
    /// A shared secret that signs a challenge; salted if the router says so.
    Wampcra(Secret),
    /// A password that is not said (`wamp-scram`); the router, too, must show that it knows it.
    WampScram {
        /// The password.
        password: Secret,
        /// Whether the proof is to hold for this TLS connection only (`tls-exporter`).
        binding: bool,
    },
    /// The same as Autobahn and Crossbar.io have it (`scram`).
    Scram(Secret),
    /// An Ed25519 key that signs a challenge.
    Cryptosign {
        /// The client's key.
        key: PrivateKey,
        /// The router's key, if it must show that it has it.
        router: Option<PublicKey>,
        /// Whether the signatures are to hold for this TLS connection only (`tls-exporter`).
        binding: bool,
    },
}

impl Auth {
    pub(crate) const fn method(&self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Tls => "tls",
            Self::Ticket(_) => "ticket",
            Self::Wampcra(_) => "wampcra",
            Self::WampScram { .. } => Dialect::Specification.method(),
            Self::Scram(_) => Dialect::Autobahn.method(),
            Self::Cryptosign { .. } => "cryptosign",
        }
    }

    /// Says whether the router must show who it is.
    pub(crate) const fn is_mutual(&self) -> bool {
        match self {
            Self::Anonymous | Self::Tls | Self::Ticket(_) | Self::Wampcra(_) => false,
            Self::WampScram { .. } | Self::Scram(_) => true,
            Self::Cryptosign { router, .. } => router.is_some(),
        }
    }
}

/// A secret; its `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Secret(Arc<str>);

impl Secret {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Self(secret.into())
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self(secret.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Whom to trust over TLS.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Tls {
    /// The certificate authorities of the system.
    #[default]
    System,
    /// These certificate authorities only.
    Authorities(Vec<CertificateDer<'static>>),
    /// What PEM files hold.
    Files(Box<TlsFiles>),
    /// A configuration of one's own.
    Config(Arc<ClientConfig>),
}

/// PEM files for TLS, read whenever a connection is made.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TlsFiles {
    /// The name that the server's certificate must have, also sent to it (SNI); none: the host of the URL.
    pub hostname: Option<String>,
    /// The certificate authorities to trust; empty: those of the system.
    pub authorities: Vec<PathBuf>,
    /// What is shown to the server.
    pub certificate: Option<TlsCertificate>,
}

/// A certificate that is shown over TLS, in PEM files.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsCertificate {
    /// The certificate, and those that lead from it to an authority.
    pub certificates: Vec<PathBuf>,
    /// Its private key.
    pub key: PathBuf,
}

/// How to connect again: after `first`, then each time `factor` times as long, up to `longest`.
///
/// Each wait is shortened at random by up to half, so that many clients do not come back at once. A session that was
/// open starts over at `first`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reconnect {
    /// The first wait.
    pub first: Duration,
    /// What the wait grows by.
    pub factor: u32,
    /// The longest wait.
    pub longest: Duration,
    /// How often to try before giving up; none for ever.
    pub attempts: Option<u32>,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            factor: 2,
            longest: Duration::from_secs(30),
            attempts: None,
        }
    }
}

impl Reconnect {
    /// Gives the wait before attempt `attempt`, which counts from 0; `chance` shortens it.
    pub(crate) fn wait(&self, attempt: u32, chance: u16) -> Duration {
        let grown = self
            .factor
            .checked_pow(attempt)
            .and_then(|factor| self.first.checked_mul(factor))
            .map_or(self.longest, |wait| wait.min(self.longest));
        grown - grown / 2 * u32::from(chance) / u32::from(u16::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_longest() {
        let reconnect = Reconnect::default();
        let waits: Vec<_> = [0, 1, 2, 5, 6, 40, u32::MAX]
            .map(|attempt| reconnect.wait(attempt, 0).as_millis())
            .into();
        assert_eq!(waits, [500, 1000, 2000, 16_000, 30_000, 30_000, 30_000]);
        assert_eq!(reconnect.wait(0, u16::MAX), Duration::from_millis(250));
        assert!(reconnect.wait(40, 30_000) < Duration::from_secs(30));
    }

    #[test]
    fn secrets_do_not_show() {
        let options = Options {
            auth: vec![
                Auth::Ticket("sesame".into()),
                Auth::Wampcra("sesame".into()),
            ],
            ..Options::realm("realm1")
        };
        assert!(!format!("{options:?}").contains("sesame"));
    }
}
