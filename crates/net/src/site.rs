//! What answers the HTTP requests that come in on a transport.

use std::borrow::Cow;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crossbar_core::{ChannelFraming, ChannelType, Credentials, TransportDetails};
use crossbar_wire::Format;
use http::header::{self, HeaderName, HeaderValue};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;

use crate::WebSocketService;
use crate::cookies::Holder;
use crate::origin::Page;

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The body of a response; an error ends the connection, so that the client sees that it is cut.
pub type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// Answers HTTP requests: a lone WebSocket service, or a tree of Web services.
pub trait Site: Send + Sync {
    /// Answers one request. Its extensions stay in place: they hold the handle for an upgrade.
    fn serve<'a>(
        &'a self,
        request: &'a mut http::Request<hyper::body::Incoming>,
        peer: &'a Peer,
    ) -> BoxFuture<'a, Reply>;

    /// How long a client may take for a request's head, and between requests, if not as long as others.
    fn client_timeout(&self) -> Option<Duration> {
        None
    }
}

/// What is to happen with a request.
pub enum Reply {
    /// This response is sent.
    Response(http::Response<Body>),
    /// The WebSocket service takes the request: it upgrades the connection or says why not.
    WebSocket(Arc<WebSocketService>),
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    /// The client's own address; none on a Unix socket, unless a proxy there tells it.
    pub address: Option<SocketAddr>,
    /// The address of the trusted proxy that has told the client's; none without one, or if it came in on a Unix socket.
    pub via: Option<SocketAddr>,
    /// Whether the connection is encrypted.
    pub secure: bool,
    /// What the connection proves of its client.
    pub credentials: Option<Arc<Credentials>>,
    /// Whether a trusted proxy speaks for the client, perhaps without telling its address.
    pub forwarded: bool,
}

/// A client that comes in on a transport.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// What it comes over.
    pub(crate) transport: TransportDetails,
    /// What its connection proves.
    pub(crate) credentials: Option<Arc<Credentials>>,
    /// Its cookie.
    pub(crate) cookie: Option<Box<Holder>>,
}

impl Client {
    /// Gives it a cookie.
    pub(crate) fn with_cookie(mut self, cookie: Option<Holder>) -> Self {
        self.transport.cookie = cookie.as_ref().map(Holder::alias);
        self.cookie = cookie.map(Box::new);
        self
    }
}

impl Peer {
    /// Gives the client's IP address, if it has one.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.address.map(|address| address.ip())
    }

    /// Gives what counts of a client whose request a page sends. One that may because all may acts for whoever visits it: what the
    /// connection proves of that one does not count.
    #[must_use]
    pub fn behind(&self, page: Page) -> Cow<'_, Self> {
        match page {
            Page::Unnamed | Page::Named => Cow::Borrowed(self),
            Page::Any => Cow::Owned(Self {
                credentials: None,
                ..self.clone()
            }),
        }
    }

    /// Makes what a session knows of its client.
    pub(crate) fn client(&self, framing: ChannelFraming, format: Format) -> Client {
        Client {
            transport: self.transport(framing, format),
            credentials: self.credentials.clone(),
            cookie: None,
        }
    }

    /// Describes the transport for the session meta API.
    fn transport(&self, framing: ChannelFraming, format: Format) -> TransportDetails {
        let channel = match (self.secure, self.address) {
            (true, _) => ChannelType::Tls,
            (false, None) if !self.forwarded => ChannelType::Unix,
            (false, _) => ChannelType::Tcp,
        };
        TransportDetails {
            channel,
            framing,
            format,
            peer: self.address,
            cookie: None,
            certificate: (self.credentials.as_ref()).and_then(|it| it.certificate.clone()),
        }
    }
}

/// Makes an empty body.
#[must_use]
pub fn empty() -> Body {
    full(Bytes::new())
}

/// Makes a body of octets that are all there.
#[must_use]
pub fn full(octets: impl Into<Bytes>) -> Body {
    Body::new(http_body_util::Full::new(octets.into()).map_err(|never| match never {}))
}

/// Tells browsers that a page of the node itself loads nothing, stands in no frame, is what it says it is, and tells other sites
/// nothing. What the page has said of these is kept.
#[must_use]
pub fn guarded(mut response: http::Response<Body>) -> http::Response<Body> {
    for (name, value) in GUARDS {
        (response.headers_mut())
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

const GUARDS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
];
