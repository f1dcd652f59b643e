mod cryptosign;
mod dynamic;
mod jwt;
mod scram;
mod tls;

use std::collections::BTreeMap;
use std::sync::Arc;

use crossbar_wire::Text;
use crossbar_wire::auth::password::PasswordHash;
use crossbar_wire::auth::wampcra;

pub use cryptosign::*;
pub use dynamic::*;
pub use jwt::*;
pub use scram::*;
pub use tls::*;

/// Who may enter through a transport (Crossbar.io: a transport's `auth`).
#[derive(Clone, Debug)]
pub enum Access {
    /// No `auth` key: clients that offer no method, or `anonymous`, join with the role `anonymous`.
    Open,
    /// The configured methods; a client's own order decides among them.
    Methods(Vec<MethodConfig>),
    /// Everybody joins as this principal: a node's own processes on their private sockets.
    Fixed(Principal),
}

impl Access {
    /// Says whether clients come in by their cookies.
    #[must_use]
    pub fn has_cookie_method(&self) -> bool {
        match self {
            Self::Methods(methods) => methods.iter().any(|it| matches!(it, MethodConfig::Cookie)),
            Self::Open | Self::Fixed(_) => false,
        }
    }
}

/// One authentication method and its principals.
#[derive(Clone, Debug)]
pub enum MethodConfig {
    /// `anonymous`
    Anonymous {
        /// The role; Crossbar.io's default is `anonymous`.
        role: Text,
        /// The authid; drawn at random if absent.
        authid: Option<Text>,
    },
    /// `ticket`, static principals by authid.
    Ticket(BTreeMap<Text, TicketPrincipal>),
    /// `wampcra`, static users by authid.
    WampCra(BTreeMap<Text, WampCraPrincipal>),
    /// `scram`, also by the specification's name `wamp-scram`: static principals by authid.
    Scram(BTreeMap<Text, ScramPrincipal>),
    /// `cryptosign`, static principals by authid.
    Cryptosign(BTreeMap<Text, CryptosignPrincipal>),
    /// `cryptosign-proxy`: who has one of these keys says who its clients are.
    CryptosignProxy(BTreeMap<Text, CryptosignPrincipal>),
    /// `anonymous-proxy`: whoever comes over a Unix socket says who its clients are.
    AnonymousProxy,
    /// `tls`: static principals by authid, known by their certificates.
    Tls(BTreeMap<Text, TlsPrincipal>),
    /// `cookie`: who came in with the client's cookie by another of the methods.
    Cookie,
    /// `ticket` of the type `jwt`: the ticket is a JSON Web Token.
    Jwt(Arc<Jwt>),
    /// A method of the type `dynamic`: a procedure tells who a client is.
    Dynamic(Arc<Dynamic>),
}

/// A principal that shows a ticket.
#[derive(Clone, Debug)]
pub struct TicketPrincipal {
    /// The ticket; none matches if absent (an unset environment variable).
    pub ticket: Option<StoredTicket>,
    /// The role it gets.
    pub role: Text,
}

/// What is kept of a ticket.
#[derive(Clone, Debug)]
pub enum StoredTicket {
    /// The ticket itself.
    Plain(Secret),
    /// A hash of it; takes milliseconds to check.
    Hash(PasswordHash),
}

impl From<Secret> for StoredTicket {
    fn from(ticket: Secret) -> Self {
        Self::Plain(ticket)
    }
}

/// A principal that signs a challenge.
#[derive(Clone, Debug)]
pub struct WampCraPrincipal {
    /// The role it gets.
    pub role: Text,
    /// Salting, if the secret is salted.
    pub salting: Option<Salting>,
    /// What signs; no signature is right if it is absent.
    pub(crate) key: Option<Secret>,
}

impl WampCraPrincipal {
    /// Takes the plain secret (absent: an unset environment variable). A salted key is derived here, once, so that joining
    /// costs a client's connection one signature whatever the iterations are.
    #[must_use]
    pub fn new(secret: Option<Secret>, role: Text, salting: Option<Salting>) -> Self {
        let key = match (&secret, &salting) {
            (Some(secret), Some(salting)) => salting.derive(secret),
            (Some(_), None) | (None, Some(_) | None) => secret,
        };
        Self { role, salting, key }
    }
}

/// Parameters of the salted WAMP-CRA key (PBKDF2-HMAC-SHA256, RFC 8018).
#[derive(Clone, Debug)]
pub struct Salting {
    /// The salt.
    pub salt: Text,
    /// Iterations.
    pub iterations: u32,
    /// Length of the derived key in octets.
    pub keylen: u32,
}

impl Salting {
    fn derive(&self, secret: &Secret) -> Option<Secret> {
        let length = usize::try_from(self.keylen).ok()?;
        let key = wampcra::derive_key(
            secret.expose(),
            self.salt.as_bytes(),
            self.iterations,
            length,
        );
        Some(Secret::new(Text::from(key)))
    }
}

/// A secret; `Debug` does not show it.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(Text);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub const fn new(secret: Text) -> Self {
        Self(secret)
    }

    /// Shows the octets, for comparing and signing.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Who a session is, once authenticated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Principal {
    /// `authid`
    pub authid: Text,
    /// `authrole`
    pub authrole: Text,
    /// `authmethod`
    pub authmethod: Text,
    /// `authprovider`
    pub authprovider: Text,
    /// `authextra`
    pub authextra: crossbar_wire::Value,
}
