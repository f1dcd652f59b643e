//! Which of several certificates a client is shown.

use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// A certificate, with the names it is shown for.
#[derive(Debug)]
pub(crate) struct Named {
    /// In lower case; one that begins with `*.` stands for any one label in its place.
    pub(crate) names: Vec<String>,
    /// The certificate with its chain and key.
    pub(crate) key: Arc<CertifiedKey>,
}

/// The certificates of a transport, the default first.
#[derive(Debug)]
pub(crate) struct ByName(pub(crate) Vec<Named>);

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().map(str::to_ascii_lowercase);
        let schemes = hello.signature_schemes();
        let usable = |named: &&Named| named.key.key.choose_scheme(schemes).is_some();
        self.of_name(name.as_deref(), usable)
            .map(|named| Arc::clone(&named.key))
    }
}

impl ByName {
    /// Finds the certificate for a name: of those that are usable the first that has the name itself, else the first with a
    /// pattern for it, else the first. If none is usable, the default's handshake says so to the client.
    fn of_name(&self, name: Option<&str>, usable: impl Fn(&&Named) -> bool) -> Option<&Named> {
        let has = |named: &&Named, name: &str| named.names.iter().any(|own| own == name);
        let pattern = name
            .and_then(|name| name.split_once('.'))
            .map(|(_, parent)| format!("*.{parent}"));
        let all = || self.0.iter().filter(|named| usable(named));
        let exact = name.and_then(|name| all().find(|named| has(named, name)));
        exact
            .or_else(|| pattern.and_then(|pattern| all().find(|named| has(named, &pattern))))
            .or_else(|| all().next())
            .or_else(|| self.0.first())
    }
}
