//! What proxies that pass on octets say at the beginning of a connection (the PROXY protocol).

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crossbar_wire::proxy_protocol::{ProxyFault, Source, Step, step};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::site::Peer;

/// Why a connection from a proxy is closed before it is served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IntroductionFault {
    /// What came is not a header.
    #[error(transparent)]
    Header(#[from] ProxyFault),
    /// The connection ended before the header was complete.
    #[error("the connection ended in a header of the PROXY protocol")]
    Ended(#[from] io::Error),
    /// The header did not come in time.
    #[error("no header of the PROXY protocol came in time")]
    Late,
}

/// Reads the header that a proxy sends before its client's octets, and nothing of those. Gives whom the connection comes
/// from.
///
/// # Errors
/// Says why the connection must be closed: it is not known whose it is.
pub(crate) async fn introduced<S>(stream: &mut S, proxy: Peer) -> Result<Peer, IntroductionFault>
where
    S: AsyncRead + Unpin,
{
    let source = tokio::time::timeout(HEADER, read(stream))
        .await
        .map_err(|_| IntroductionFault::Late)??;
    Ok(match source {
        // Perhaps it speaks for itself, perhaps for somebody of whom it knows nothing.
        Source::Own => Peer {
            forwarded: true,
            ..proxy
        },
        Source::Client(address) => Peer {
            via: proxy.address,
            address: Some(SocketAddr::new(address.ip().to_canonical(), address.port())),
            ..proxy
        },
    })
}

async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Source, IntroductionFault> {
    let mut header = Vec::new();
    loop {
        match step(&header)? {
            Step::Done(source) => return Ok(source),
            Step::Read(count) => {
                let read = header.len();
                header.resize(read + count, 0);
                stream.read_exact(&mut header[read..]).await?;
            }
        }
    }
}

/// How long a proxy may take for its header.
const HEADER: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use crossbar_core::{ChannelFraming, ChannelType};
    use crossbar_wire::Format;

    use super::*;

    #[tokio::test]
    async fn who_is_not_named_is_not_the_proxy_on_a_unix_socket() {
        let local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
        for mut header in [&b"PROXY UNKNOWN\r\n"[..], local] {
            let peer = introduced(&mut header, Peer::default()).await.unwrap();
            let client = peer.client(ChannelFraming::RawSocket, Format::Json);
            assert_eq!(client.transport.channel, ChannelType::Tcp);
            assert_eq!(peer.address, None);
        }
    }
}
