//! Transports that listen.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crossbar_config::{Endpoint, Proxies, Transport, TransportKind};
use socket2::TcpKeepalive;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::blocking::hold_up;
use crate::endpoint::{Address, Bound, ListenError, bind};
use crate::gate::{self, Gate};
use crate::http::Front;
use crate::introduction;
use crate::places::{Place, Places};
use crate::rawsocket::RawSocketService;
use crate::site::{Peer, Site};
use crate::sites::{Lone, Universal};
use crate::statistics::Counters;
use crate::tls::{Protocols, TlsService};
use crate::{Router, WebSocketService};

/// A transport that listens. Dropping it does not stop it.
#[derive(Debug)]
pub struct Listener {
    address: Address,
    stop: CancellationToken,
}

/// Starts a transport: binds its endpoint and serves what comes in. Must be called within a tokio runtime. `site` answers
/// the HTTP requests of `web` and of `universal` with Web services.
///
/// # Errors
/// Says why the transport does not listen.
pub fn listen(
    transport: &Transport,
    router: &Arc<Router>,
    site: Option<Arc<dyn Site>>,
) -> Result<Listener, ListenError> {
    let gate = Arc::new(gate(transport, router, site)?);
    let tls = tls(transport, &gate)?;
    let (bound, address) = bind(&transport.endpoint)?;
    let stop = router.closing().child_token();
    if let Some(tls) = &tls {
        let certificates = router.certificates();
        certificates.watch(tls, router.tasks(), stop.clone());
    }
    let accept = Accept {
        gate,
        tls,
        router: Arc::clone(router),
        room: Arc::new(Semaphore::new(
            transport.max_connections.min(Semaphore::MAX_PERMITS),
        )),
        most: transport.max_connections,
        introducers: Arc::new(introducers(&transport.endpoint)),
        carriers: Arc::new(transport.forwarding.proxies.clone()),
        places: transport.max_connections_per_address.map(Places::new),
        stop: stop.clone(),
    };
    match bound {
        Bound::Tcp(listeners, user_timeout) => {
            for listener in listeners {
                let tcp = Tcp {
                    listener,
                    user_timeout,
                };
                router.tasks().spawn(accept.clone().run(tcp));
            }
        }
        #[cfg(unix)]
        Bound::Unix(listener, path) => {
            let unix = Unix { listener, path };
            router.tasks().spawn(accept.run(unix));
        }
    }
    info!(transport = transport.id, %address, "transport listening on {address}");
    Ok(Listener { address, stop })
}

/// Serves a single RawSocket connection over a stream that is there already, such as a socket to another process of the
/// node. It ends with the router.
pub fn serve_stream<S>(stream: S, config: &crossbar_config::RawSocket, router: &Arc<Router>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let gate = Arc::new(Gate::RawSocket(RawSocketService::new(config, router)));
    let serve = gate::serve(stream, gate, Arc::clone(router), Peer::default());
    router.tasks().spawn(serve);
}

impl Listener {
    /// Gives the address, with the port that was found.
    #[must_use]
    pub const fn local_address(&self) -> &Address {
        &self.address
    }

    /// Stops to accept connections; those that are there stay.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}

fn gate(
    transport: &Transport,
    router: &Arc<Router>,
    site: Option<Arc<dyn Site>>,
) -> Result<Gate, ListenError> {
    let front = |site| {
        let forwarding = transport.forwarding.clone();
        Front { site, forwarding }
    };
    Ok(match &transport.kind {
        TransportKind::WebSocket(config) => Gate::Http(front(Arc::new(Lone(
            WebSocketService::new(config, router)?,
        )))),
        TransportKind::RawSocket(config) => Gate::RawSocket(RawSocketService::new(config, router)),
        TransportKind::Web(_) => Gate::Http(front(site.ok_or(ListenError::NoSite)?)),
        TransportKind::Universal(config) => {
            if config.web.is_some() && site.is_none() {
                return Err(ListenError::NoSite);
            }
            let websocket = config
                .websocket
                .iter()
                .map(|(path, config)| {
                    WebSocketService::new(config, router).map(|it| (path.clone(), it))
                })
                .collect::<Result<_, _>>()?;
            let web = Arc::new(Universal {
                websocket,
                web: site,
            });
            match &config.rawsocket {
                Some(raw) => Gate::Universal(RawSocketService::new(raw, router), front(web)),
                None => Gate::Http(front(web)),
            }
        }
        TransportKind::WebSocketTestee(options) => Gate::Http(front(Arc::new(Lone(
            WebSocketService::echo(options, router),
        )))),
        TransportKind::StreamTestee => Gate::Echo,
    })
}

/// Reads what a transport needs for TLS, if it speaks it.
fn tls(transport: &Transport, gate: &Gate) -> Result<Option<Arc<TlsService>>, ListenError> {
    let Endpoint::Tcp(tcp) = &transport.endpoint else {
        return Ok(None);
    };
    let Some(configured) = &tcp.tls else {
        return Ok(None);
    };
    let protocols = match gate {
        Gate::Http(_) | Gate::Universal(..) => Protocols::Http,
        Gate::RawSocket(_) | Gate::Echo => Protocols::Unnamed,
    };
    let service = hold_up(|| TlsService::load(&transport.id, configured, protocols))?;
    Ok(Some(Arc::new(service)))
}

/// What the accept loop needs.
#[derive(Clone)]
struct Accept {
    gate: Arc<Gate>,
    tls: Option<Arc<TlsService>>,
    router: Arc<Router>,
    /// A permit for each connection that may be open.
    room: Arc<Semaphore>,
    most: usize,
    /// What each address may have of them, if that is limited.
    places: Option<Arc<Places>>,
    /// Those that say whom they speak for before anything else.
    introducers: Arc<Proxies>,
    /// Those that bring requests of many clients: an address's limit is not for them.
    carriers: Arc<Proxies>,
    stop: CancellationToken,
}

/// An address has as many connections as it may.
struct Crowded;

/// What a connection occupies of its transport, until it is dropped.
struct Seat {
    _permit: OwnedSemaphorePermit,
    _place: Option<Place>,
}

/// A socket that listens.
trait Door: Send + Sync + 'static {
    type Stream: Carrier;

    /// Waits for the next connection.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, Peer)>> + Send;
}

/// A connection as it comes in.
trait Carrier: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Serves it on a task of its own.
    fn start(self, accept: &Accept, peer: Peer, seat: Seat);
}

struct Tcp {
    listener: TcpListener,
    user_timeout: Option<Duration>,
}

#[cfg(unix)]
struct Unix {
    listener: tokio::net::UnixListener,
    path: std::path::PathBuf,
}

/// How long nothing is accepted when the process has no descriptors left.
const EXHAUSTED: Duration = Duration::from_millis(200);
/// How often one warning is repeated at most.
const WARNING: Duration = Duration::from_secs(10);

impl Accept {
    async fn run<D: Door>(self, door: D) {
        let mut warned = None;
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = door.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => match Arc::clone(&self.room).try_acquire_owned() {
                    Ok(permit) => self.serve(stream, peer, permit),
                    Err(_) => {
                        Counters::add(&self.router.counters().connections_refused, 1);
                        if is_due(&mut warned) {
                            warn!(
                                max_connections = self.most,
                                "connections are closed: the transport has as many as it may"
                            );
                        }
                    }
                },
                Err(error) if is_of_one_connection(&error) => {
                    debug!(%error, "a connection went before it was accepted");
                }
                Err(error) => {
                    if is_due(&mut warned) {
                        warn!(%error, "cannot accept connections");
                    }
                    tokio::time::sleep(EXHAUSTED).await;
                }
            }
        }
    }

    /// Serves a connection, once it is known whose it is.
    fn serve<S: Carrier>(&self, mut stream: S, peer: Peer, permit: OwnedSemaphorePermit) {
        let is_introduced = self.introducers.trust(peer.ip());
        if !is_introduced {
            self.start(stream, peer, permit);
            return;
        }
        let accept = self.clone();
        self.router.tasks().spawn(async move {
            if let Some(peer) = introduce(&mut stream, peer, &accept.router).await {
                accept.start(stream, peer, permit);
            }
        });
    }

    fn start<S: Carrier>(&self, stream: S, peer: Peer, permit: OwnedSemaphorePermit) {
        let Ok(place) = self.place(&peer) else {
            return;
        };
        Counters::add(&self.router.counters().connections_accepted, 1);
        let seat = Seat {
            _permit: permit,
            _place: place,
        };
        stream.start(self, peer, seat);
    }

    /// Serves a connection that carries what the transport speaks as it is.
    fn start_plain<S>(&self, stream: S, peer: Peer, seat: Seat)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (gate, router) = (Arc::clone(&self.gate), Arc::clone(&self.router));
        self.router.tasks().spawn(async move {
            gate::serve(stream, gate, router, peer).await;
            drop(seat);
        });
    }

    /// Serves a connection over TLS. It is a task of another type, so that it costs those without TLS nothing.
    fn start_encrypted(&self, tls: Arc<TlsService>, stream: TcpStream, peer: Peer, seat: Seat) {
        let (gate, router) = (Arc::clone(&self.gate), Arc::clone(&self.router));
        self.router.tasks().spawn(async move {
            // The handshake's state is large and short-lived.
            let done = Box::pin(tls.shake_hands(stream, peer, &router)).await;
            drop(tls);
            if let Some((stream, peer)) = done {
                gate::serve(stream, gate, router, peer).await;
            }
            drop(seat);
        });
    }

    /// Takes a place for a connection, if places are limited.
    fn place(&self, peer: &Peer) -> Result<Option<Place>, Crowded> {
        let (Some(places), Some(address)) = (&self.places, peer.address) else {
            return Ok(None);
        };
        if self.carriers.trust(peer.ip()) {
            return Ok(None);
        }
        let place = places.take(address.ip());
        if place.is_none() {
            let counters = self.router.counters();
            Counters::add(&counters.connections_refused, 1);
            if let Some(hidden) = counters.told.crowds.due() {
                warn!(%address, hidden, "a connection is closed: its address has as many as it may");
            }
        }
        place.map(Some).ok_or(Crowded)
    }
}

/// Lets a proxy say whom it speaks for; none if the connection is to be closed.
async fn introduce<S>(stream: &mut S, proxy: Peer, router: &Router) -> Option<Peer>
where
    S: AsyncRead + Unpin,
{
    let address = proxy.address;
    tokio::select! {
        () = router.shutdown().cancelled() => return None,
        introduced = introduction::introduced(stream, proxy) => match introduced {
            Ok(peer) => return Some(peer),
            Err(fault) => debug!(%fault, ?address, "connection of a proxy closed"),
        },
    }
    Counters::add(&router.counters().handshakes_failed, 1);
    None
}

/// Gives those of an endpoint's clients that are proxies with a header of their own.
fn introducers(endpoint: &Endpoint) -> Proxies {
    match endpoint {
        Endpoint::Tcp(tcp) => tcp.proxy_protocol.clone(),
        Endpoint::Unix(unix) => Proxies::new(Vec::new(), unix.proxy_protocol),
    }
}

impl Carrier for TcpStream {
    fn start(self, accept: &Accept, peer: Peer, seat: Seat) {
        match &accept.tls {
            None => accept.start_plain(self, peer, seat),
            Some(tls) => accept.start_encrypted(Arc::clone(tls), self, peer, seat),
        }
    }
}

#[cfg(unix)]
impl Carrier for tokio::net::UnixStream {
    fn start(self, accept: &Accept, peer: Peer, seat: Seat) {
        accept.start_plain(self, peer, seat);
    }
}

impl Door for Tcp {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, Peer)> {
        let (stream, address) = self.listener.accept().await?;
        if let Err(error) = self.configure(&stream) {
            debug!(%error, %address, "a socket option was refused");
        }
        Ok((stream, peer(address)))
    }
}

impl Tcp {
    /// Messages are gathered before they are written: the system need not wait for more. A peer that has vanished without a
    /// word is noticed even if nothing is ever sent to it.
    fn configure(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let socket = socket2::SockRef::from(stream);
        socket.set_tcp_keepalive(&keepalive())?;
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if self.user_timeout.is_some() {
            socket.set_tcp_user_timeout(self.user_timeout)?;
        }
        Ok(())
    }
}

/// A peer that is silent for a minute is asked whether it is still there, and given up after another without an answer.
fn keepalive() -> TcpKeepalive {
    let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(60));
    let keepalive = keepalive.with_interval(Duration::from_secs(15));
    keepalive.with_retries(4)
}

#[cfg(unix)]
impl Door for Unix {
    type Stream = tokio::net::UnixStream;

    async fn accept(&self) -> io::Result<(tokio::net::UnixStream, Peer)> {
        let (stream, _) = self.listener.accept().await?;
        Ok((stream, Peer::default()))
    }
}

#[cfg(unix)]
impl Drop for Unix {
    /// Leaves no socket behind that nobody listens on.
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            debug!(%error, path = %self.path.display(), "the socket was gone already");
        }
    }
}

const fn peer(address: SocketAddr) -> Peer {
    Peer {
        address: Some(address),
        via: None,
        secure: false,
        credentials: None,
        forwarded: false,
    }
}

/// Says whether an error concerns one connection only.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

fn is_due(warned: &mut Option<Instant>) -> bool {
    let now = Instant::now();
    if warned.is_some_and(|last| now - last < WARNING) {
        return false;
    }
    *warned = Some(now);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_system_asks_whether_a_silent_peer_is_there() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tcp = Tcp {
            listener,
            user_timeout: None,
        };
        let _client = TcpStream::connect(address).await.unwrap();
        let (stream, _) = tcp.accept().await.unwrap();
        let socket = socket2::SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        let (time, interval) = (socket.tcp_keepalive_time(), socket.tcp_keepalive_interval());
        assert_eq!(time.unwrap(), Duration::from_secs(60));
        assert_eq!(interval.unwrap(), Duration::from_secs(15));
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), 4);
        assert!(stream.nodelay().unwrap());
    }
}
