//! What a transport does with a connection that has just come in.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crossbar_core::ChannelFraming;
use crossbar_wire::rawsocket::MAGIC;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::connection::Connection;
use crate::http::{self, Front, Upgraded};
use crate::rawsocket::RawSocketService;
use crate::site::Peer;
use crate::statistics::Counters;
use crate::{Router, testee};

/// What a transport speaks.
pub(crate) enum Gate {
    /// RawSocket only.
    RawSocket(RawSocketService),
    /// HTTP, which may lead to WebSocket.
    Http(Front),
    /// Both, told apart by the first octet.
    Universal(RawSocketService, Front),
    /// Nothing but the octets that come, sent back.
    Echo,
}

/// How long a client may take for the first octets of a connection.
const FIRST_OCTETS: Duration = Duration::from_secs(10);

/// Serves one connection to its end.
pub(crate) async fn serve<S>(stream: S, gate: Arc<Gate>, router: Arc<Router>, peer: Peer)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // The handshake's state is large and short-lived: boxed, it costs idle sessions nothing.
    if let Some(connection) = Box::pin(shake_hands(stream, gate, router, peer)).await {
        connection.await;
    }
}

async fn shake_hands<S>(
    stream: S,
    gate: Arc<Gate>,
    router: Arc<Router>,
    peer: Peer,
) -> Option<Connection<S>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stop = router.shutdown();
    match &*gate {
        Gate::RawSocket(service) => rawsocket(stream, service, &router, &[], &peer).await,
        Gate::Http(front) => web(stream, Bytes::new(), front, &peer, stop).await,
        Gate::Universal(service, front) => {
            let (stream, first) = first_octet(stream, &router).await?;
            if first == MAGIC {
                rawsocket(stream, service, &router, &[first], &peer).await
            } else {
                let early = Bytes::copy_from_slice(&[first]);
                web(stream, early, front, &peer, stop).await
            }
        }
        Gate::Echo => {
            testee::echo_octets(stream, stop).await;
            None
        }
    }
}

async fn rawsocket<S>(
    mut stream: S,
    service: &RawSocketService,
    router: &Router,
    early: &[u8],
    peer: &Peer,
) -> Option<Connection<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let handshake = tokio::time::timeout(FIRST_OCTETS, service.accept(&mut stream, early));
    tokio::select! {
        () = router.shutdown().cancelled() => return None,
        done = handshake => match done {
            Ok(Ok(request)) => return Some(service.connect(stream, request, peer)),
            Ok(Err(failure)) => debug!(%failure, "RawSocket handshake failed"),
            Err(_) => debug!("connection closed: no RawSocket handshake in time"),
        },
    }
    Counters::add(&router.counters().handshakes_failed, 1);
    None
}

async fn web<S>(
    stream: S,
    early: Bytes,
    front: &Front,
    peer: &Peer,
    stop: &CancellationToken,
) -> Option<Connection<S>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let upgraded = http::serve(stream, early, front, peer, stop).await?;
    let Some(format) = upgraded.agreement.format else {
        testee::echo(upgraded).await;
        return None;
    };
    let Upgraded {
        stream,
        early,
        service,
        agreement,
        peer,
        cookie,
    } = upgraded;
    let client = peer
        .client(ChannelFraming::WebSocket, format)
        .with_cookie(cookie);
    Some(service.connect(stream, agreement, client, &early))
}

async fn first_octet<S: AsyncRead + Unpin>(mut stream: S, router: &Router) -> Option<(S, u8)> {
    tokio::select! {
        () = router.shutdown().cancelled() => return None,
        first = tokio::time::timeout(FIRST_OCTETS, stream.read_u8()) => match first {
            Ok(Ok(first)) => return Some((stream, first)),
            Ok(Err(_)) => debug!("connection closed before it sent anything"),
            Err(_) => debug!("connection closed: it sent nothing in time"),
        },
    }
    Counters::add(&router.counters().handshakes_failed, 1);
    None
}
