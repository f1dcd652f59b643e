use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use crate::ciphers::CipherSuite;
use crate::place::Place;
use crate::reading::Reading;
use crate::written::Written;
use crate::{Hint, Problem};

/// `tls` of a listening endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerTls {
    /// `certificate` with its key and chain, then `certificates`; never empty. The first serves clients that ask for no
    /// name or for an unknown one.
    pub certificates: Vec<CertificateFiles>,
    /// `ca_certificates` and `client_auth`
    pub clients: ClientCertificates,
    /// `versions`
    pub versions: TlsVersions,
    /// `ciphers`: the suites that may be agreed on, the preferred first; never without one for each version. Empty: all.
    pub ciphers: Vec<CipherSuite>,
}

/// A certificate and what belongs to it, in PEM files.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CertificateFiles {
    /// Where it stands in `tls`: empty, or `certificates[0]`.
    pub at: String,
    /// `key`: the private key, in PKCS #8, PKCS #1 or SEC1.
    pub key: PathBuf,
    /// `certificate`: the certificate; what follows it in the file are intermediate ones.
    pub certificate: PathBuf,
    /// `chain_certificates`: files of further intermediate certificates, each issued by the next.
    pub chain: Vec<PathBuf>,
    /// `hostnames`: the names that it is shown for; empty: those in the certificate.
    pub hostnames: Vec<String>,
}

/// Whether clients show certificates, and who may have issued them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ClientCertificates {
    /// No `ca_certificates`: clients are not asked for any.
    Unasked,
    /// `client_auth: optional`: a client may have none, but one that it shows is verified.
    Optional(Vec<PathBuf>),
    /// Without one, there is no connection.
    Required(Vec<PathBuf>),
}

/// The versions of TLS that are spoken; at least one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TlsVersions {
    /// TLS 1.2
    pub v1_2: bool,
    /// TLS 1.3
    pub v1_3: bool,
}

/// `tls` of a connecting endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientTls {
    /// `hostname`: the name that the server's certificate must have, also sent to it (SNI).
    pub hostname: String,
    /// `ca_certificates`: files of the authorities that are trusted; empty: those of the system.
    pub authorities: Vec<PathBuf>,
    /// `certificate`, `key` and `chain_certificates`: what is shown to the server.
    pub certificate: Option<CertificateFiles>,
}

/// `tls` of a listening endpoint as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServerAsWritten {
    key: Option<String>,
    certificate: Option<String>,
    chain_certificates: Option<Vec<String>>,
    ca_certificates: Option<Vec<String>>,
    hostnames: Option<Vec<String>>,
    certificates: Option<Value>,
    client_auth: Option<String>,
    versions: Option<Vec<String>>,
    ciphers: Option<String>,
}

impl Written for ServerAsWritten {
    const IGNORED: &'static [(&'static str, &'static str)] = &[(
        "dhparam",
        "keys are agreed on over elliptic curves, which need no parameters",
    )];
}

impl ServerTls {
    /// Reads the TLS part of a listening endpoint.
    pub(crate) fn read(reading: &mut Reading, value: Value, at: &Place) -> Option<Self> {
        let has = |key| value.get(key).is_some();
        let listed = has("certificates");
        if value.is_object() && !listed && !has("key") && !has("certificate") {
            for key in ["key", "certificate"] {
                reading.fault(at, Problem::MissingKey(key), None);
            }
        }
        let written: ServerAsWritten = reading.read(value, at)?;
        let versions = TlsVersions::read(reading, written.versions, &at.key("versions"));
        let ciphers = written
            .ciphers
            .map(|text| CipherSuite::read_list(reading, &text, versions, &at.key("ciphers")));
        let first = FilesAsWritten {
            key: written.key,
            certificate: written.certificate,
            chain_certificates: written.chain_certificates,
            hostnames: written.hostnames,
        };
        let mut certificates: Vec<CertificateFiles> = first
            .files(reading, at, String::new())
            .into_iter()
            .collect();
        for (item, at) in reading.items(written.certificates, &at.key("certificates")) {
            certificates.extend(CertificateFiles::read(reading, item, &at));
        }
        if certificates.is_empty() {
            if listed {
                let problem = Problem::Rule("no certificate is given");
                reading.fault(&at.key("certificates"), problem, None);
            }
            return None;
        }
        let authorities = written.ca_certificates;
        Some(Self {
            certificates,
            clients: ClientCertificates::read(reading, authorities, written.client_auth, at),
            versions,
            ciphers: ciphers.unwrap_or_default(),
        })
    }
}

/// An item of `certificates` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilesAsWritten {
    key: Option<String>,
    certificate: Option<String>,
    chain_certificates: Option<Vec<String>>,
    hostnames: Option<Vec<String>>,
}

impl Written for FilesAsWritten {
    const REQUIRED: &'static [&'static str] = &["key", "certificate"];
}

impl CertificateFiles {
    fn read(reading: &mut Reading, value: Value, at: &Place) -> Option<Self> {
        let written: FilesAsWritten = reading.read(value, at)?;
        let place = at.to_string();
        let start = place.rfind("certificates[").unwrap_or_default();
        written.files(reading, at, place[start..].to_owned())
    }
}

impl FilesAsWritten {
    /// Makes paths of what is written; nothing if key or certificate is not there.
    fn files(self, reading: &mut Reading, at: &Place, inner: String) -> Option<CertificateFiles> {
        let missing = match (&self.key, &self.certificate) {
            (Some(_), None) => Some("certificate"),
            (None, Some(_)) => Some("key"),
            (Some(_), Some(_)) | (None, None) => None,
        };
        if let Some(missing) = missing {
            let hint = Hint::Advice("a certificate and its key belong together");
            reading.fault(at, Problem::MissingKey(missing), Some(hint));
        }
        let hostnames = self.hostnames.unwrap_or_default();
        check_hostnames(reading, &hostnames, &at.key("hostnames"));
        Some(CertificateFiles {
            at: inner,
            key: reading.surroundings.path(&self.key?),
            certificate: reading.surroundings.path(&self.certificate?),
            chain: paths(reading, self.chain_certificates),
            hostnames,
        })
    }
}

fn check_hostnames(reading: &mut Reading, names: &[String], at: &Place) {
    for (index, name) in names.iter().enumerate() {
        let bare = name.strip_prefix("*.").unwrap_or(name);
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if bare.is_empty() || !bare.chars().all(fits) {
            let problem = Problem::Rule("a host name is example.com or *.example.com");
            let value = Some(Value::from(name.as_str()));
            reading.fault_with(&at.index(index), problem, value, None);
        }
    }
}

impl ClientCertificates {
    fn read(
        reading: &mut Reading,
        authorities: Option<Vec<String>>,
        word: Option<String>,
        at: &Place,
    ) -> Self {
        let Some(authorities) = authorities else {
            if word.is_some() {
                let problem = Problem::Rule("client certificates need \"ca_certificates\"");
                reading.fault(&at.key("client_auth"), problem, None);
            }
            return Self::Unasked;
        };
        let authorities = paths(reading, Some(authorities));
        if authorities.is_empty() {
            let problem = Problem::Rule("no authority is given");
            let hint = Hint::Advice("leave the key out if clients need no certificate");
            reading.fault(&at.key("ca_certificates"), problem, Some(hint));
        }
        let meanings = [("required", true), ("optional", false)];
        let required =
            word.and_then(|word| reading.one_of(&word, "value", &meanings, &at.key("client_auth")));
        match required {
            None | Some(true) => Self::Required(authorities),
            Some(false) => Self::Optional(authorities),
        }
    }
}

impl TlsVersions {
    /// Both.
    pub const ALL: Self = Self {
        v1_2: true,
        v1_3: true,
    };

    fn read(reading: &mut Reading, words: Option<Vec<String>>, at: &Place) -> Self {
        let Some(words) = words else {
            return Self::ALL;
        };
        let mut versions = Self {
            v1_2: false,
            v1_3: false,
        };
        if words.is_empty() {
            let problem = Problem::Rule("no version of TLS is given");
            reading.fault(at, problem, Some(Hint::Advice("write [\"1.2\", \"1.3\"]")));
        }
        let meanings = [("1.2", false), ("1.3", true)];
        for (index, word) in words.iter().enumerate() {
            match reading.one_of(word, "version of TLS", &meanings, &at.index(index)) {
                Some(true) => versions.v1_3 = true,
                Some(false) => versions.v1_2 = true,
                None => {}
            }
        }
        versions
    }
}

/// `tls` of a connecting endpoint as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientAsWritten {
    hostname: String,
    ca_certificates: Option<Vec<String>>,
    key: Option<String>,
    certificate: Option<String>,
    chain_certificates: Option<Vec<String>>,
}

impl Written for ClientAsWritten {
    const REQUIRED: &'static [&'static str] = &["hostname"];
}

impl ClientTls {
    /// Reads the TLS part of a connecting endpoint.
    pub(crate) fn read(reading: &mut Reading, value: Value, at: &Place) -> Option<Self> {
        let mut written: ClientAsWritten = reading.read(value, at)?;
        if written.key.is_none() && written.certificate.take().is_some() {
            let text = "has no effect without \"key\": no certificate is shown";
            reading.notice(&at.key("certificate"), text);
        }
        if written.hostname.is_empty() {
            let problem = Problem::Rule("the name of the server is empty");
            reading.fault(&at.key("hostname"), problem, None);
        }
        let files = FilesAsWritten {
            key: written.key,
            certificate: written.certificate,
            chain_certificates: written.chain_certificates,
            hostnames: None,
        };
        Some(Self {
            hostname: written.hostname,
            authorities: paths(reading, written.ca_certificates),
            certificate: files.files(reading, at, String::new()),
        })
    }
}

fn paths(reading: &Reading, files: Option<Vec<String>>) -> Vec<PathBuf> {
    let files = files.unwrap_or_default().into_iter();
    files.map(|file| reading.surroundings.path(&file)).collect()
}
