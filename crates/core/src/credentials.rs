use std::fmt;
use std::sync::Arc;

use crossbar_wire::auth::certificate::{Certificate, Fingerprint, Name};
use crossbar_wire::{Text, Value};

use crate::{Principal, Timestamp};

/// What a connection itself proves of its client, before any HELLO. `Debug` does not show the keying material.
#[derive(Clone, Default)]
pub struct Credentials {
    /// The exported keying material that binds to the TLS connection: 32 octets (RFC 9266).
    pub channel: Option<[u8; 32]>,
    /// The client's certificate, verified by TLS.
    pub certificate: Option<ClientCertificate>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let channel = self.channel.map(|_| "***");
        f.debug_struct("Credentials")
            .field("channel", &channel)
            .field("certificate", &self.certificate)
            .finish()
    }
}

/// A certificate that a client has shown and whose chain was verified. `Debug` shows its fingerprint.
#[derive(Clone, Eq, PartialEq)]
pub struct ClientCertificate {
    /// The certificate in DER (X.509).
    pub der: Arc<[u8]>,
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Fingerprint::sha256_of(&self.der).fmt(f)
    }
}

impl From<&ClientCertificate> for Value {
    /// Makes `transport.peer_cert`, with Crossbar.io's keys.
    fn from(certificate: &ClientCertificate) -> Self {
        let der = &certificate.der;
        let mut dict = vec![
            entry("sha1", Fingerprint::sha1_of(der).to_string()),
            entry("sha256", Fingerprint::sha256_of(der).to_string()),
        ];
        let Some(read) = Certificate::read(der) else {
            return Self::Dict(dict);
        };
        let name = |name: Name| {
            let attributes = name.into_iter().map(|(key, value)| (key, value.into()));
            Self::Dict(attributes.collect())
        };
        dict.extend([
            entry("serial", read.serial),
            entry("signature_algorithm", read.algorithm),
            entry("not_before", read.not_before),
            entry("not_after", read.not_after),
            ("subject".to_owned(), name(read.subject)),
            ("issuer".to_owned(), name(read.issuer)),
        ]);
        let mut extensions = Vec::new();
        if !read.names.is_empty() {
            extensions.push(Self::Dict(vec![
                entry("name", "subjectAltName".to_owned()),
                entry("value", read.names.join(", ")),
            ]));
        }
        dict.push(("extensions".to_owned(), Self::List(extensions)));
        Self::Dict(dict)
    }
}

fn entry(key: &str, value: String) -> (String, Value) {
    (key.to_owned(), value.into())
}

/// Who has proven who it is, and is known again by a cookie.
#[derive(Clone, Debug, PartialEq)]
pub struct CookieLogin {
    /// The realm that was joined.
    pub realm: Text,
    /// Who joined, as it was then.
    pub principal: Principal,
    /// When what it has proven ends, if that has an end of its own.
    pub expires: Option<Timestamp>,
}

/// What stands for a cookie where others may see it. It is drawn at random and tells nothing of the cookie.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct CookieAlias([u8; 24]);

impl CookieAlias {
    /// Makes an alias of octets that tell nothing.
    #[must_use]
    pub const fn new(octets: [u8; 24]) -> Self {
        Self(octets)
    }

    pub(crate) const fn octets(&self) -> &[u8; 24] {
        &self.0
    }
}

impl fmt::Display for CookieAlias {
    /// Writes it like the authid of an anonymous client, which it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::joining::authid_of(&self.0))
    }
}

impl fmt::Debug for CookieAlias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keying_material_is_not_shown() {
        let credentials = Credentials {
            channel: Some([77; 32]),
            certificate: None,
        };
        let shown = format!("{credentials:?}");
        assert!(!shown.contains("77") && shown.contains("***"), "{shown}");
    }
}
