//! TLS on connections that come in.

mod agreed;
mod certificate;
mod fault;
mod files;
mod names;
mod reload;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossbar_config::ServerTls;
use crossbar_core::{ClientCertificate, Credentials};
use parking_lot::{Mutex, RwLock};
use rustls::{ServerConfig, ServerConnection};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use crate::Router;
use crate::site::Peer;
use crate::statistics::Counters;
use files::Stamps;

pub use fault::{TlsConcern, TlsFault, TlsProblem, TlsWarning};
pub use files::check as check_tls;
pub(crate) use reload::Certificates;
use reload::LastReading;

/// A stream that is encrypted.
pub(crate) type Encrypted = tokio_rustls::server::TlsStream<TcpStream>;

/// What a transport may agree on beside WAMP over octets (ALPN).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Protocols {
    /// HTTP, which may lead to WebSocket.
    Http,
    /// None has a name.
    Unnamed,
}

/// The TLS side of a transport: what was configured, and what is in force of it.
pub(crate) struct TlsService {
    transport: String,
    configured: ServerTls,
    protocols: Protocols,
    present: RwLock<Arc<ServerConfig>>,
    /// Held while files are read, so that what is read last is in force.
    reading: Mutex<LastReading>,
}

/// How long a client may take for the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The first octet of each TLS connection: the record type of a handshake.
const RECORD: u8 = 22;

impl TlsService {
    /// Reads the files of a transport's TLS.
    ///
    /// # Errors
    /// Says what is wrong with which file.
    pub(crate) fn load(
        transport: &str,
        configured: &ServerTls,
        protocols: Protocols,
    ) -> Result<Self, TlsFault> {
        let stamps = Stamps::of(configured);
        let loaded = files::load(configured)?;
        tell(transport, &loaded.warnings);
        Ok(Self {
            transport: transport.to_owned(),
            present: RwLock::new(Arc::new(agreed::config(configured, loaded, protocols)?)),
            configured: configured.clone(),
            protocols,
            reading: Mutex::new(LastReading::new(stamps)),
        })
    }

    /// Does the handshake. Gives the encrypted stream, and what is known of the client by then.
    pub(crate) async fn shake_hands(
        &self,
        stream: TcpStream,
        peer: Peer,
        router: &Router,
    ) -> Option<(Encrypted, Peer)> {
        let address = peer.address;
        let failure = tokio::select! {
            () = router.shutdown().cancelled() => return None,
            done = tokio::time::timeout(HANDSHAKE, self.accept(stream)) => match done {
                Ok(Ok(stream)) => {
                    let peer = Peer {
                        secure: true,
                        credentials: credentials(stream.get_ref().1),
                        ..peer
                    };
                    return Some((stream, peer));
                }
                Ok(Err(failure)) => failure,
                Err(_) => io::ErrorKind::TimedOut.into(),
            },
        };
        debug!(?address, transport = self.transport, %failure, "TLS handshake failed");
        Counters::add(&router.counters().handshakes_failed, 1);
        None
    }

    async fn accept(&self, stream: TcpStream) -> io::Result<Encrypted> {
        let mut first = [0];
        match stream.peek(&mut first).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            _ if first != [RECORD] => return Err(refuse(stream, first).await),
            _ => {}
        }
        let config = Arc::clone(&self.present.read());
        TlsAcceptor::from(config).accept(stream).await
    }
}

/// Closes a connection that does not speak TLS; one that speaks HTTP is told why.
async fn refuse(mut stream: TcpStream, first: [u8; 1]) -> io::Error {
    let what = if first[0].is_ascii_uppercase() {
        // What is unread when a socket is closed would take the answer with it.
        let _ = stream.try_read(&mut [0; 4096]);
        let _ = stream.write_all(PLAIN_HTTP).await;
        let _ = stream.shutdown().await;
        "the client speaks plain HTTP"
    } else {
        "the client does not speak TLS"
    };
    io::Error::new(io::ErrorKind::InvalidData, what)
}

const PLAIN_HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 51\r\nConnection: close\r\n\r\n\
    This port speaks TLS: use a URL of https: or wss:.\n";

/// Takes what the handshake has proved. The exported value binds to the connection only in TLS 1.3: before, it would take
/// the extended master secret, of whose use rustls does not tell (RFC 9266, "Use with Legacy TLS").
fn credentials(connection: &ServerConnection) -> Option<Arc<Credentials>> {
    let channel = match connection.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => connection
            .export_keying_material([0; 32], EXPORTER, Some(b""))
            .ok(),
        _ => None,
    };
    let certificate = connection.peer_certificates().and_then(|chain| {
        let der = Arc::from(chain.first()?.as_ref());
        Some(ClientCertificate { der })
    });
    if channel.is_none() && certificate.is_none() {
        return None;
    }
    Some(Arc::new(Credentials {
        channel,
        certificate,
    }))
}

/// The label of RFC 9266.
const EXPORTER: &[u8] = b"EXPORTER-Channel-Binding";

fn tell(transport: &str, warnings: &[TlsWarning]) {
    for warning in warnings {
        warn!(transport, "endpoint.tls.{warning}");
    }
}

impl std::fmt::Debug for TlsService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsService")
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_plain_http_has_the_length_it_says() {
        let text = std::str::from_utf8(PLAIN_HTTP).unwrap();
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(text.contains(&format!("Content-Length: {}\r\n", body.len())));
    }
}
