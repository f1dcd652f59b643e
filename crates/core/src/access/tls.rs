use crossbar_wire::Text;
use crossbar_wire::auth::certificate::Fingerprint;

/// A principal that shows a certificate to TLS.
#[derive(Clone, Debug)]
pub struct TlsPrincipal {
    /// What its certificate is known by: all of these must fit, and there is at least one.
    pub fingerprints: Vec<Fingerprint>,
    /// The role it gets.
    pub role: Text,
}

impl TlsPrincipal {
    /// Says whether a certificate (DER) is the principal's.
    #[must_use]
    pub fn has(&self, der: &[u8]) -> bool {
        !self.fingerprints.is_empty() && self.fingerprints.iter().all(|print| print.is_of(der))
    }
}
