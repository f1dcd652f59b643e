use std::collections::BTreeMap;

use crossbar_wire::Text;

use super::{Client, Step, principal};
use crate::abort::abort;
use crate::{ClientCertificate, TlsPrincipal, uris};

/// The method's name on the wire (WAMP spec, "TLS Certificate-based Authentication").
pub(super) const METHOD: &str = "tls";

impl Client {
    /// Lets a client in whose certificate is a principal's. The authid it announces decides between principals with the same one.
    pub(super) fn tls(self, principals: &BTreeMap<Text, TlsPrincipal>) -> Step {
        let Some(certificate) = self.certificate() else {
            return no_certificate();
        };
        let mut having = principals
            .iter()
            .filter(|(_, principal)| principal.has(&certificate.der));
        let first = having.clone().next();
        let announced = self.authid();
        let Some((authid, found)) = having
            .find(|(authid, _)| Some(*authid) == announced)
            .or(first)
        else {
            return refused("no principal has this TLS client certificate");
        };
        let principal = principal(authid, &found.role, METHOD);
        self.enter(principal)
    }

    /// Gives the certificate that the client has shown to TLS.
    pub(super) fn certificate(&self) -> Option<&ClientCertificate> {
        self.opening.credentials.as_ref()?.certificate.as_ref()
    }
}

/// Refuses a client that has shown no certificate.
pub(super) fn no_certificate() -> Step {
    refused("client did not send a TLS client certificate")
}

fn refused(message: &'static str) -> Step {
    Step::Denied(abort(uris::NOT_AUTHORIZED, message.to_owned()))
}
