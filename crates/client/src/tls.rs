use std::io;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::Tls;
use crate::link::Bound;

/// Speaks TLS over `stream`, to the server that calls itself `host`.
pub(crate) async fn connect(
    trust: &Tls,
    host: &str,
    stream: TcpStream,
) -> Result<Bound, io::Error> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let connector = TlsConnector::from(config(trust)?);
    let stream = connector.connect(name, stream).await?;
    let (_, connection) = stream.get_ref();
    let exported = connection.export_keying_material([0; 32], EXPORTER, Some(b""));
    Ok((Box::new(stream), exported.ok()))
}

fn config(trust: &Tls) -> Result<Arc<ClientConfig>, io::Error> {
    let mut roots = RootCertStore::empty();
    match trust {
        Tls::Config(config) => return Ok(Arc::clone(config)),
        Tls::System => {
            let found = rustls_native_certs::load_native_certs();
            let (usable, _) = roots.add_parsable_certificates(found.certs);
            if usable == 0 {
                return Err(found.errors.into_iter().next().map_or_else(
                    || io::Error::other("the system has no certificate authorities"),
                    io::Error::other,
                ));
            }
        }
        Tls::Authorities(authorities) => {
            for authority in authorities {
                roots.add(authority.clone()).map_err(io::Error::other)?;
            }
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The label of channel bindings (RFC 9266).
const EXPORTER: &[u8] = b"EXPORTER-Channel-Binding";
