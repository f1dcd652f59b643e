use std::sync::Arc;

use crossbar_wire::Text;

use crate::Principal;

/// What a connection itself proves of its client, before any HELLO.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// The exported keying material that binds to the TLS connection: 32 octets (RFC 9266).
    pub channel: Option<[u8; 32]>,
    /// The client's certificate, verified by TLS.
    pub certificate: Option<ClientCertificate>,
    /// The cookie by which an HTTP request knows its client again.
    pub cookie: Option<CookieLogin>,
}

/// A certificate that a client has shown and whose chain was verified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientCertificate {
    /// The certificate in DER (X.509).
    pub der: Arc<[u8]>,
}

/// A cookie that a transport has set, and who came in with it.
#[derive(Clone, Debug)]
pub struct CookieLogin {
    /// What stands for the cookie's value where others may see it.
    pub alias: Text,
    /// The realm that was joined with it, and who joined; none before that.
    pub joined: Option<(Text, Principal)>,
}
