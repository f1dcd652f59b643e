//! HTTP on a connection, until it ends or becomes a WebSocket.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use crossbar_config::Forwarding;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::cookies::Holder;
use crate::site::{Body, Peer, Reply, Site};
use crate::upgrade::{self, Agreement};
use crate::{WebSocketService, forwarded};

/// A connection that has become a WebSocket.
pub(crate) struct Upgraded<S> {
    /// The stream after the handshake.
    pub(crate) stream: S,
    /// What came after the handshake in the same read.
    pub(crate) early: Bytes,
    /// The service that took it.
    pub(crate) service: Arc<WebSocketService>,
    /// What was agreed.
    pub(crate) agreement: Agreement,
    /// Whose it is.
    pub(crate) peer: Peer,
    /// The client's cookie.
    pub(crate) cookie: Option<Holder>,
}

/// What answers the requests of a transport.
pub(crate) struct Front {
    /// Answers each.
    pub(crate) site: Arc<dyn Site>,
    /// Which proxies may say whose a request is.
    pub(crate) forwarding: Forwarding,
}

/// How long a client may take for a request's head, and between requests, if the site does not say.
const HEAD: Duration = Duration::from_secs(10);
/// How long a client may leave a response unread.
const UNREAD: Duration = Duration::from_secs(60);
/// How long the end of a connection may take.
const LAST: Duration = Duration::from_secs(5);
/// The longest head of a request, in octets.
const LONGEST_HEAD: usize = 64 * 1024;

/// Answers requests until the client goes away, `stop` is cancelled, or a WebSocket service takes the connection. `early`
/// are octets that were read already.
pub(crate) async fn serve<S>(
    stream: S,
    early: Bytes,
    front: &Front,
    peer: &Peer,
    stop: &CancellationToken,
) -> Option<Upgraded<S>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let taken = Mutex::new(None);
    let service = service_fn(|request| {
        let taken = &taken;
        Box::pin(async move { Ok::<_, Infallible>(answer(request, front, peer, taken).await) })
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(front.site.client_timeout().unwrap_or(HEAD))
        .max_buf_size(LONGEST_HEAD)
        .max_header_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(Rewound::new(early, stream)), service);
    let mut stopping = std::pin::pin!(stop.cancelled());
    let mut stopped = false;
    let done = std::future::poll_fn(|context| {
        if !stopped && stopping.as_mut().poll(context).is_ready() {
            stopped = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        connection.poll_without_shutdown(context)
    })
    .await;
    if let Err(error) = done {
        debug!(%error, "HTTP connection failed");
        return None;
    }
    let parts = connection.into_parts();
    let mut stream = parts.io.into_inner().stream;
    let Some(Taking {
        service,
        agreement,
        peer,
        cookie,
    }) = taken.lock().take()
    else {
        // Over TLS, the client must see that nothing was cut off.
        let _ = tokio::time::timeout(LAST, stream.shutdown()).await;
        return None;
    };
    Some(Upgraded {
        stream,
        early: parts.read_buf,
        service,
        agreement,
        peer,
        cookie,
    })
}

/// A request that becomes a WebSocket.
struct Taking {
    service: Arc<WebSocketService>,
    agreement: Agreement,
    peer: Peer,
    cookie: Option<Holder>,
}

type Taken = Mutex<Option<Taking>>;

async fn answer(
    mut request: Request<Incoming>,
    front: &Front,
    connected: &Peer,
    taken: &Taken,
) -> Response<Body> {
    let peer = match forwarded::client(&front.forwarding, request.headers(), connected) {
        Ok(peer) => peer,
        Err(unclear) => {
            debug!(%unclear, "whose a request is cannot be known");
            return bad_request(&unclear);
        }
    };
    match front.site.serve(&mut request, &peer).await {
        Reply::Response(response) => response,
        Reply::WebSocket(service) => {
            let options = &service.options;
            match upgrade::agree(&request, service.formats.as_deref(), options) {
                Ok((agreement, mut response)) => {
                    let cookies = service.cookies.as_ref();
                    let cookie = cookies.and_then(|cookies| {
                        cookies.take(request.headers(), agreement.page, response.headers_mut())
                    });
                    *taken.lock() = Some(Taking {
                        service,
                        agreement,
                        peer: peer.behind(agreement.page).into_owned(),
                        cookie,
                    });
                    response
                }
                Err(refusal) => {
                    debug!(%refusal, "no WebSocket");
                    upgrade::refuse(&refusal, options)
                }
            }
        }
    }
}

/// Answers that there is nothing.
pub(crate) fn not_found() -> Response<Body> {
    let mut response = Response::new(crate::site::full("404 Not Found\n"));
    *response.status_mut() = StatusCode::NOT_FOUND;
    crate::site::guarded(response)
}

fn bad_request(unclear: &forwarded::Unclear) -> Response<Body> {
    let mut response = Response::new(crate::site::full(format!("{unclear}\n")));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    (response.headers_mut()).insert(http::header::CONTENT_TYPE, crate::upgrade::PLAIN);
    crate::site::guarded(response)
}

/// A stream of which some octets were read already, and whose peer has a time limit for taking what is written.
struct Rewound<S> {
    early: Bytes,
    stream: S,
    /// When the peer has to have taken something; none if it keeps up.
    limit: Option<Pin<Box<Sleep>>>,
}

impl<S> Rewound<S> {
    const fn new(early: Bytes, stream: S) -> Self {
        Self {
            early,
            stream,
            limit: None,
        }
    }

    /// Passes on how a write went, as an error if the peer has not taken anything for too long.
    fn limited(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.limit = None;
            return written;
        }
        let limit = self
            .limit
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(UNREAD)));
        limit
            .as_mut()
            .poll(context)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Rewound<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.early.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        let count = self.early.len().min(buffer.remaining());
        buffer.put_slice(&self.early.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Rewound<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, octets);
        self.limited(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.limited(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
