use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::Tls;
use crate::link::Bound;

/// Speaks TLS over `stream`, to the server that calls itself `host`.
///
/// # Errors
/// The server is not trusted, or does not speak TLS.
pub async fn connect_tls(
    trust: &Tls,
    host: &str,
    stream: TcpStream,
) -> Result<impl AsyncRead + AsyncWrite + Send + Unpin + use<>, io::Error> {
    let (stream, _) = connect(trust, host, stream).await?;
    Ok(stream)
}

/// Speaks TLS over `stream`, to the server that calls itself `host`. The exported value binds to the connection only in TLS
/// 1.3: before, it would take the extended master secret, of whose use rustls does not tell.
pub(crate) async fn connect(
    trust: &Tls,
    host: &str,
    stream: TcpStream,
) -> Result<Bound, io::Error> {
    let name = match trust {
        Tls::Files(files) => files.hostname.as_deref().unwrap_or(host),
        Tls::System | Tls::Authorities(_) | Tls::Config(_) => host,
    };
    let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
    let connector = TlsConnector::from(config(trust)?);
    let stream = connector.connect(name, stream).await?;
    let (_, connection) = stream.get_ref();
    let exported = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => connection
            .export_keying_material([0; 32], EXPORTER, Some(b""))
            .ok(),
        _ => None,
    };
    Ok((Box::new(stream), exported))
}

fn config(trust: &Tls) -> Result<Arc<ClientConfig>, io::Error> {
    let mut roots = RootCertStore::empty();
    let mut shown = None;
    match trust {
        Tls::Config(config) => return Ok(Arc::clone(config)),
        Tls::System => add_system(&mut roots)?,
        Tls::Authorities(authorities) => {
            for authority in authorities {
                roots.add(authority.clone()).map_err(io::Error::other)?;
            }
        }
        Tls::Files(files) => {
            if files.authorities.is_empty() {
                add_system(&mut roots)?;
            }
            for authority in certificates(&files.authorities)? {
                roots.add(authority).map_err(io::Error::other)?;
            }
            shown = files.certificate.as_ref();
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots);
    Ok(Arc::new(match shown {
        None => builder.with_no_client_auth(),
        Some(shown) => {
            let key = PrivateKeyDer::from_pem_file(&shown.key)
                .map_err(|error| in_file(&shown.key, &error))?;
            builder
                .with_client_auth_cert(certificates(&shown.certificates)?, key)
                .map_err(|error| in_file(&shown.key, &error))?
        }
    }))
}

fn add_system(roots: &mut RootCertStore) -> Result<(), io::Error> {
    let found = rustls_native_certs::load_native_certs();
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable > 0 {
        return Ok(());
    }
    Err(found.errors.into_iter().next().map_or_else(
        || io::Error::other("the system has no certificate authorities"),
        io::Error::other,
    ))
}

/// Reads all certificates of some files, each of which has one at least.
fn certificates(files: &[PathBuf]) -> Result<Vec<CertificateDer<'static>>, io::Error> {
    let mut all = Vec::new();
    for path in files {
        let before = all.len();
        let found = CertificateDer::pem_file_iter(path).map_err(|error| in_file(path, &error))?;
        for certificate in found {
            all.push(certificate.map_err(|error| in_file(path, &error))?);
        }
        if all.len() == before {
            return Err(in_file(path, &"it has no certificate in PEM"));
        }
    }
    Ok(all)
}

fn in_file(path: &Path, what: &dyn Display) -> io::Error {
    io::Error::other(format!("{}: {what}", path.display()))
}

/// The label of channel bindings (RFC 9266).
const EXPORTER: &[u8] = b"EXPORTER-Channel-Binding";
