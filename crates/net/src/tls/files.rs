//! Reads the files of a transport's TLS and looks whether they fit together.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crossbar_config::{CertificateFiles, ClientCertificates, ServerTls};
use crossbar_core::Timestamp;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use webpki::EndEntityCert;

use super::agreed::provider;
use super::certificate::Validity;
use super::names::Named;
use super::{TlsConcern, TlsFault, TlsProblem, TlsWarning};

/// What the files hold.
pub(crate) struct Loaded {
    /// The certificates, the default first.
    pub(crate) certificates: Vec<Named>,
    /// Verifies what clients show, if they are asked.
    pub(crate) clients: Option<Arc<dyn ClientCertVerifier>>,
    /// What should be looked at.
    pub(crate) warnings: Vec<TlsWarning>,
}

/// Looks at the files of a transport's TLS without using them. Gives what should be looked at.
///
/// # Errors
/// Says what is wrong with the first file with which something is.
pub fn check(tls: &ServerTls) -> Result<Vec<TlsWarning>, TlsFault> {
    load(tls).map(|loaded| loaded.warnings)
}

/// Reads all files.
pub(crate) fn load(tls: &ServerTls) -> Result<Loaded, TlsFault> {
    let mut warnings = Vec::new();
    let mut certificates = Vec::new();
    for files in &tls.certificates {
        certificates.push(named(files, &mut warnings)?);
    }
    let clients = verifier(&tls.clients)?;
    Ok(Loaded {
        certificates,
        clients,
        warnings,
    })
}

fn named(files: &CertificateFiles, warnings: &mut Vec<TlsWarning>) -> Result<Named, TlsFault> {
    let at = |key: &str| match files.at.as_str() {
        "" => key.to_owned(),
        item => format!("{item}.{key}"),
    };
    let chain = chain(files, &at)?;
    let key_at = at("key");
    let in_key = |problem: TlsProblem| problem.at(&key_at);
    let der = private_key(&files.key).map_err(in_key)?;
    if let Some(what) = readable_by_others(&files.key).map_err(in_key)? {
        let at = key_at.clone();
        warnings.push(TlsWarning { at, what });
    }
    let key = provider(&[]).key_provider.load_private_key(der);
    let key = key.map_err(|_| {
        in_key(TlsProblem::Key {
            path: files.key.clone(),
        })
    })?;
    let names = names(files, &chain.own)?;
    if let Some(what) = out_of_time(&chain.own.der, &files.certificate) {
        let at = at("certificate");
        warnings.push(TlsWarning { at, what });
    }
    let key = CertifiedKey::new(chain.into_ders(), key);
    if key.keys_match().is_err() {
        return Err(in_key(TlsProblem::Mismatch {
            key: files.key.clone(),
            certificate: files.certificate.clone(),
        }));
    }
    let key = Arc::new(key);
    Ok(Named { names, key })
}

/// A certificate and those that lead from it to an authority, each issued by the next.
struct Chain {
    own: Link,
    rest: Vec<Link>,
}

impl Chain {
    fn into_ders(self) -> Vec<CertificateDer<'static>> {
        let links = std::iter::once(self.own).chain(self.rest);
        links.map(|link| link.der).collect()
    }
}

/// A certificate of a file.
struct Link {
    der: CertificateDer<'static>,
    path: PathBuf,
    /// Which in the file, from 1.
    number: usize,
    at: String,
}

/// Reads a chain. What stands there twice is taken once: a file of the whole chain and one of the rest of it are often
/// both configured.
fn chain(files: &CertificateFiles, at: &impl Fn(&str) -> String) -> Result<Chain, TlsFault> {
    let (own, mut rest) = links(&files.certificate, &at("certificate"))?;
    for (index, path) in files.chain.iter().enumerate() {
        let (first, more) = links(path, &at(&format!("chain_certificates[{index}]")))?;
        for link in std::iter::once(first).chain(more) {
            if own.der != link.der && rest.iter().all(|other| other.der != link.der) {
                rest.push(link);
            }
        }
    }
    let mut link = &own;
    for issuer in &rest {
        if parse(link)?.issuer() != parse(issuer)?.subject() {
            let (path, number) = (issuer.path.clone(), issuer.number);
            return Err(TlsProblem::Order { path, number }.at(&issuer.at));
        }
        link = issuer;
    }
    Ok(Chain { own, rest })
}

/// Reads the certificates of a file: the first, and what follows it.
fn links(path: &Path, at: &str) -> Result<(Link, Vec<Link>), TlsFault> {
    let found = certificates(path).map_err(|problem| problem.at(at))?;
    let links = found.into_iter().enumerate().map(|(index, der)| Link {
        der,
        path: path.to_owned(),
        number: index + 1,
        at: at.to_owned(),
    });
    let mut links = links.collect::<Vec<_>>().into_iter();
    let first = links
        .next()
        .ok_or_else(|| not_pem(path, "certificate").at(at))?;
    Ok((first, links.collect()))
}

fn parse(link: &Link) -> Result<EndEntityCert<'_>, TlsFault> {
    EndEntityCert::try_from(&link.der).map_err(|_| {
        let (path, number) = (link.path.clone(), link.number);
        TlsProblem::Certificate { path, number }.at(&link.at)
    })
}

/// Gives the names for which a certificate is shown.
fn names(files: &CertificateFiles, own: &Link) -> Result<Vec<String>, TlsFault> {
    let parsed = parse(own)?;
    if files.hostnames.is_empty() {
        let names = parsed.valid_dns_names();
        return Ok(names.map(str::to_ascii_lowercase).collect());
    }
    let names = files.hostnames.iter();
    Ok(names.map(|name| name.to_ascii_lowercase()).collect())
}

fn verifier(clients: &ClientCertificates) -> Result<Option<Arc<dyn ClientCertVerifier>>, TlsFault> {
    let (paths, required) = match clients {
        ClientCertificates::Unasked => return Ok(None),
        ClientCertificates::Optional(paths) => (paths, false),
        ClientCertificates::Required(paths) => (paths, true),
    };
    let mut roots = RootCertStore::empty();
    for (index, path) in paths.iter().enumerate() {
        let at = format!("ca_certificates[{index}]");
        let found = certificates(path).map_err(|problem| problem.at(&at))?;
        for (index, der) in found.into_iter().enumerate() {
            roots.add(der).map_err(|_| {
                let (path, number) = (path.clone(), index + 1);
                TlsProblem::Certificate { path, number }.at(&at)
            })?;
        }
    }
    let builder =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider(&[])));
    let builder = if required {
        builder
    } else {
        builder.allow_unauthenticated()
    };
    let verifier = builder.build().map_err(|error| {
        TlsProblem::Setup(rustls::Error::General(error.to_string())).at("ca_certificates")
    })?;
    Ok(Some(verifier))
}

/// Reads all certificates of a file.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsProblem> {
    let octets = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&octets).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) | Err(_) => Err(not_pem(path, "certificate")),
    }
}

fn not_pem(path: &Path, what: &'static str) -> TlsProblem {
    let path = path.to_owned();
    TlsProblem::NotPem { path, what }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsProblem> {
    let octets = read(path)?;
    let encrypted = [
        &b"BEGIN ENCRYPTED PRIVATE KEY"[..],
        b"Proc-Type: 4,ENCRYPTED",
    ];
    if encrypted
        .iter()
        .any(|mark| octets.windows(mark.len()).any(|it| it == *mark))
    {
        let path = path.to_owned();
        return Err(TlsProblem::Encrypted { path });
    }
    PrivateKeyDer::from_pem_slice(&octets).map_err(|_| not_pem(path, "private key"))
}

fn read(path: &Path) -> Result<Vec<u8>, TlsProblem> {
    std::fs::read(path).map_err(|reason| TlsProblem::Unreadable {
        path: path.to_owned(),
        reason,
    })
}

/// Says whether others than its owner may read a key.
///
/// # Errors
/// Everybody may write it.
#[cfg(unix)]
fn readable_by_others(path: &Path) -> Result<Option<TlsConcern>, TlsProblem> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = std::fs::metadata(path).map_err(|reason| TlsProblem::Unreadable {
        path: path.to_owned(),
        reason,
    })?;
    let path = path.to_owned();
    match metadata.permissions().mode() {
        mode if mode & 0o002 != 0 => Err(TlsProblem::Writable { path }),
        mode if mode & 0o077 != 0 => Ok(Some(TlsConcern::Readable { path })),
        _ => Ok(None),
    }
}

#[cfg(not(unix))]
fn readable_by_others(_path: &Path) -> Result<Option<TlsConcern>, TlsProblem> {
    Ok(None)
}

/// Says whether a certificate is of the past or of the future.
fn out_of_time(certificate: &CertificateDer<'_>, path: &Path) -> Option<TlsConcern> {
    let validity = Validity::of(certificate)?;
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()?;
    let now = Timestamp::since_1970(now);
    let path = path.to_owned();
    if validity.until < now {
        let date = validity.until.to_string();
        return Some(TlsConcern::Expired { path, date });
    }
    (now < validity.from).then(|| TlsConcern::NotYetValid {
        path,
        date: validity.from.to_string(),
    })
}

impl TlsProblem {
    fn at(self, at: &str) -> TlsFault {
        let at = at.to_owned();
        TlsFault { at, problem: self }
    }
}

/// What tells one state of a transport's files from another. Links are followed: certbot and Kubernetes renew certificates
/// by setting links anew.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Stamps(Vec<Option<Stamp>>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    /// Device and number of the file.
    identity: (u64, u64),
    /// When its mode or owner changed last, in seconds and billionths.
    changed: (i64, i64),
}

impl Stamps {
    /// Looks at all files.
    pub(crate) fn of(tls: &ServerTls) -> Self {
        let authorities = match &tls.clients {
            ClientCertificates::Unasked => &[][..],
            ClientCertificates::Optional(paths) | ClientCertificates::Required(paths) => paths,
        };
        let own = tls.certificates.iter().flat_map(|files| {
            [&files.key, &files.certificate]
                .into_iter()
                .chain(&files.chain)
        });
        Self(own.chain(authorities).map(|path| Stamp::of(path)).collect())
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        #[cfg(unix)]
        let (identity, changed) = {
            use std::os::unix::fs::MetadataExt;
            let changed = (metadata.ctime(), metadata.ctime_nsec());
            ((metadata.dev(), metadata.ino()), changed)
        };
        #[cfg(not(unix))]
        let (identity, changed) = ((0, 0), (0, 0));
        Some(Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            identity,
            changed,
        })
    }
}
