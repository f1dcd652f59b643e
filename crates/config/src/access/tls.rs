//! `auth.tls`

use std::collections::BTreeMap;

use crossbar_core::{MethodConfig, TlsPrincipal};
use crossbar_wire::Text;
use crossbar_wire::auth::certificate::Fingerprint;
use serde::Deserialize;
use serde_json::Value;

use crate::Problem;
use crate::place::Place;
use crate::reading::Reading;
use crate::written::Written;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsAsWritten {
    principals: Value,
}

impl Written for TlsAsWritten {
    const REQUIRED: &'static [&'static str] = &["principals"];
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TlsPrincipalAsWritten {
    /// The fingerprint of the client's certificate, with colons; this or the next is needed.
    certificate_sha1: Option<String>,
    /// The same by SHA-256.
    certificate_sha256: Option<String>,
    role: String,
}

impl Written for TlsPrincipalAsWritten {
    const REQUIRED: &'static [&'static str] = &["role"];
}

pub(super) fn read(reading: &mut Reading, body: Value, at: &Place) -> Option<MethodConfig> {
    let written: TlsAsWritten = reading.read(body, at)?;
    let mut principals = BTreeMap::new();
    for (authid, value, at) in reading.entries(Some(written.principals), &at.key("principals")) {
        let Some(written) = reading.read::<TlsPrincipalAsWritten>(value, &at) else {
            continue;
        };
        let fingerprints = fingerprints(reading, &written, &at);
        let role = Text::from(written.role);
        reading.uses_role(&role, &at.key("role"));
        principals.insert(Text::from(authid), TlsPrincipal { fingerprints, role });
    }
    Some(MethodConfig::Tls(principals))
}

fn fingerprints(
    reading: &mut Reading,
    written: &TlsPrincipalAsWritten,
    at: &Place,
) -> Vec<Fingerprint> {
    let mut fingerprints = Vec::new();
    if let Some(text) = &written.certificate_sha1 {
        let problem = Problem::Rule("not 20 octets in hexadecimal, with colons between them");
        match Fingerprint::read_sha1(text) {
            Some(fingerprint) => fingerprints.push(fingerprint),
            None => reading.fault(&at.key("certificate-sha1"), problem, None),
        }
    }
    if let Some(text) = &written.certificate_sha256 {
        let problem = Problem::Rule("not 32 octets in hexadecimal, with colons between them");
        match Fingerprint::read_sha256(text) {
            Some(fingerprint) => fingerprints.push(fingerprint),
            None => reading.fault(&at.key("certificate-sha256"), problem, None),
        }
    }
    if written.certificate_sha1.is_none() && written.certificate_sha256.is_none() {
        let problem = Problem::Rule("needs certificate-sha256 or certificate-sha1");
        reading.fault(at, problem, None);
    }
    fingerprints
}
