//! RawSocket services: the handshake, and what a connection is once it is done.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossbar_config::{QueueLimits, RawSocket};
use crossbar_core::{Access, ChannelFraming, Limits};
use crossbar_wire::Format;
use crossbar_wire::rawsocket::{Deframer, Handshake, HandshakeError, Length, Refusal};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::allowance::{self, Allowance};
use crate::connection::{Connection, Parts};
use crate::framing::Framing;
use crate::inlet::Inlet;
use crate::manners::Manners;
use crate::outlet::Outlet;
use crate::router::Router;
use crate::session::Session;
use crate::site::Peer;

/// A RawSocket endpoint: its settings and the realms behind it.
#[derive(Debug)]
pub(crate) struct RawSocketService {
    formats: Vec<Format>,
    longest: Length,
    queue: QueueLimits,
    access: Arc<Access>,
    strict_request_ids: bool,
    /// How long a client may take to open a session.
    hello_timeout: Option<Duration>,
    limits: Option<Arc<Limits>>,
    router: Arc<Router>,
}

/// Why a RawSocket connection did not come about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeFailure {
    #[error("connection lost")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Refused(#[from] HandshakeError),
    #[error("the client asks for a serializer that is not configured")]
    Serializer,
}

/// How long a client may take to close.
const CLOSE: Duration = Duration::from_secs(5);
/// The longest message that is sent, in octets: one less than 16 Mi, which is said in two ways (WAMP spec and Twisted peers).
const LONGEST: usize = (1 << 24) - 1;

impl RawSocketService {
    pub(crate) fn new(config: &RawSocket, router: &Arc<Router>) -> Self {
        Self {
            formats: config.formats.clone(),
            longest: Length::covering(config.max_message_size),
            queue: config.queue,
            access: Arc::new(config.access.clone()),
            strict_request_ids: config.strict_request_ids,
            hello_timeout: config.hello_timeout,
            limits: allowance::shared(&config.limits),
            router: Arc::clone(router),
        }
    }

    /// Shakes hands. `early` are the octets that were read already, four at most.
    ///
    /// # Errors
    /// Says why there is no connection; the client has been told.
    pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        early: &[u8],
    ) -> Result<Handshake, HandshakeFailure> {
        let mut octets = [0; 4];
        let (have, lack) = octets.split_at_mut(early.len());
        have.copy_from_slice(early);
        // Whoever opens with anything else is no RawSocket client and is not kept waiting for four octets.
        if early.is_empty() {
            let (first, rest) = lack.split_at_mut(1);
            stream.read_exact(first).await?;
            if first != [crossbar_wire::rawsocket::MAGIC] {
                return Err(HandshakeError::Magic(first[0]).into());
            }
            stream.read_exact(rest).await?;
        } else {
            stream.read_exact(lack).await?;
        }
        let request = match Handshake::parse_request(octets) {
            Ok(request) => request,
            Err(error) => {
                if let Some(refusal) = error.refusal() {
                    refuse(stream, refusal).await?;
                }
                return Err(error.into());
            }
        };
        let Some(format) = self.served(request.format) else {
            refuse(stream, Refusal::SerializerUnsupported).await?;
            return Err(HandshakeFailure::Serializer);
        };
        let reply = Handshake {
            length: self.longest,
            format,
        };
        stream.write_all(&reply.octets()).await?;
        stream.flush().await?;
        Ok(Handshake { format, ..request })
    }

    /// Gives the serializer that is served by the name of the one that was asked for.
    fn served(&self, asked: Format) -> Option<Format> {
        let mut served = self.formats.iter().copied();
        served.find(|format| format.name() == asked.name())
    }

    /// Makes the connection of a stream on which the handshake is done.
    pub(crate) fn connect<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        request: Handshake,
        peer: &Peer,
    ) -> Connection<S> {
        let outlet = Arc::new(Outlet::new(
            request.format,
            Framing::RawSocket,
            request.length.octets().min(LONGEST),
            self.queue,
        ));
        let client = peer.client(ChannelFraming::RawSocket, request.format);
        let mut session = Session::new(&self.router, &self.access, &outlet, client);
        session.strict_request_ids = self.strict_request_ids;
        session.allowance = Allowance::new(self.limits.as_ref());
        let parts = Parts {
            stream,
            inlet: Inlet::Raw(Deframer::new(self.longest.octets())),
            outlet,
            framing: Framing::RawSocket,
            stage: None,
            session,
            keep_alive: None,
            manners: Manners {
                hello: self.hello_timeout,
                close: Some(CLOSE),
                fail_by_drop: false,
                echo_close: false,
            },
        };
        Connection::new(parts, &[])
    }
}

/// Says no, and ends the stream.
async fn refuse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    refusal: Refusal,
) -> io::Result<()> {
    stream.write_all(&refusal.octets()).await?;
    stream.shutdown().await
}
