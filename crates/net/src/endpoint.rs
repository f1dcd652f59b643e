//! Binds the addresses of an endpoint.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use crossbar_config::{Endpoint, Interface, IpVersion, Ports, TcpEndpoint};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use crate::blocking::hold_up;

/// What an endpoint has bound.
#[derive(Debug)]
pub(crate) enum Bound {
    /// One socket for each IP version.
    Tcp(Vec<TcpListener>, Option<Duration>),
    /// A Unix domain socket.
    #[cfg(unix)]
    Unix(tokio::net::UnixListener, PathBuf),
}

/// The address that a listener has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Address {
    /// TCP; the first of them if there are several.
    Tcp(SocketAddr),
    /// A Unix domain socket.
    Unix(PathBuf),
}

/// Why a transport does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody else listens there.
    #[error("cannot listen on {address}: Address already in use")]
    InUse {
        /// Where.
        address: String,
    },
    /// The system refuses.
    #[error("cannot listen on {address}")]
    Bind {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A host name has no address.
    #[error("the interface \"{host}\" has no address")]
    Host {
        /// The name.
        host: String,
    },
    /// No port of a range is free.
    #[error("no port from {first} to {last} is free")]
    Range {
        /// The first.
        first: u16,
        /// The last.
        last: u16,
    },
    /// At the path of a Unix socket is something else.
    #[error("cannot listen on {path}: it exists and is not a socket")]
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// The transport needs something of the caller to answer HTTP requests.
    #[error("the transport has Web services, but nothing to serve them")]
    NoSite,
    /// The files for TLS are not right.
    #[error("endpoint.tls.{0}")]
    Tls(#[from] crate::tls::TlsFault),
    /// The cookies cannot be kept.
    #[error(transparent)]
    Cookies(#[from] crate::CookieStoreError),
    /// This system has no such endpoints.
    #[error("this system has no Unix domain sockets")]
    NoUnixSockets,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Binds an endpoint and listens. The name of an interface may take long to be looked up.
pub(crate) fn bind(endpoint: &Endpoint) -> Result<(Bound, Address), ListenError> {
    hold_up(|| bind_now(endpoint))
}

fn bind_now(endpoint: &Endpoint) -> Result<(Bound, Address), ListenError> {
    match endpoint {
        Endpoint::Tcp(tcp) => bind_tcp(tcp),
        #[cfg(unix)]
        Endpoint::Unix(unix) => bind_unix(unix),
        #[cfg(not(unix))]
        Endpoint::Unix(_) => Err(ListenError::NoUnixSockets),
    }
}

fn bind_tcp(tcp: &TcpEndpoint) -> Result<(Bound, Address), ListenError> {
    let addresses = addresses(&tcp.interface)?;
    let (listeners, local) = match &tcp.ports {
        Ports::One(port) => bind_port(tcp, &addresses, *port)?,
        Ports::Range(range) => range
            .clone()
            .find_map(|port| match bind_port(tcp, &addresses, port) {
                Err(ListenError::InUse { .. }) => None,
                bound => Some(bound),
            })
            .unwrap_or_else(|| {
                Err(ListenError::Range {
                    first: *range.start(),
                    last: *range.end(),
                })
            })?,
    };
    Ok((Bound::Tcp(listeners, tcp.user_timeout), Address::Tcp(local)))
}

/// The addresses to bind, and whether the system may lack one.
struct Addresses {
    all: Vec<IpAddr>,
    /// Whether one of them is enough (no `interface`: a system may have one IP version only).
    any: bool,
}

fn addresses(interface: &Interface) -> Result<Addresses, ListenError> {
    let v4 = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let v6 = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    let one = |address| Addresses {
        all: vec![address],
        any: false,
    };
    Ok(match interface {
        Interface::All => Addresses {
            all: vec![v4, v6],
            any: true,
        },
        Interface::AllOf(IpVersion::V4) => one(v4),
        Interface::AllOf(IpVersion::V6) => one(v6),
        Interface::Address(address) => one(*address),
        Interface::Host(host, version) => {
            let unknown = || ListenError::Host { host: host.clone() };
            let all = (host.as_str(), 0)
                .to_socket_addrs()
                .map_err(|_| unknown())?;
            let address = all
                .map(|address| address.ip())
                .find(|address| match version {
                    None => true,
                    Some(IpVersion::V4) => address.is_ipv4(),
                    Some(IpVersion::V6) => address.is_ipv6(),
                })
                .ok_or_else(unknown)?;
            one(address)
        }
    })
}

/// Binds one port on all addresses; 0 is chosen once and is the same on all. Gives the first address with its port, too.
fn bind_port(
    tcp: &TcpEndpoint,
    addresses: &Addresses,
    mut port: u16,
) -> Result<(Vec<TcpListener>, SocketAddr), ListenError> {
    let mut listeners = Vec::new();
    let mut first = None;
    let mut failure = ListenError::Range {
        first: port,
        last: port,
    };
    for &ip in &addresses.all {
        let address = SocketAddr::new(ip, port);
        match bind_address(tcp, address) {
            Ok((listener, local)) => {
                port = local.port();
                first.get_or_insert(local);
                listeners.push(listener);
            }
            Err(error) => {
                let in_use = error.kind() == io::ErrorKind::AddrInUse;
                let error = listen_error(address.to_string(), error);
                if in_use || !addresses.any {
                    return Err(error);
                }
                failure = error;
            }
        }
    }
    let local = first.ok_or(failure)?;
    Ok((listeners, local))
}

fn bind_address(tcp: &TcpEndpoint, address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // Without it a restart has to wait for the connections of the last run; Windows means something else by it.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    #[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
    if tcp.shared {
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(i32::from(tcp.backlog))?;
    let listener = TcpListener::from_std(socket.into())?;
    let local = listener.local_addr()?;
    Ok((listener, local))
}

fn listen_error(address: String, source: io::Error) -> ListenError {
    if source.kind() == io::ErrorKind::AddrInUse {
        ListenError::InUse { address }
    } else {
        ListenError::Bind { address, source }
    }
}

/// Binds a Unix domain socket. One that a dead process left is removed, anything else is not. Only owner and group may
/// connect.
#[cfg(unix)]
fn bind_unix(unix: &crossbar_config::UnixEndpoint) -> Result<(Bound, Address), ListenError> {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};

    let path = &unix.path;
    let address = || format!("unix:{}", path.display());
    if let Ok(metadata) = std::fs::symlink_metadata(path) {
        if !metadata.file_type().is_socket() {
            return Err(ListenError::NotASocket { path: path.clone() });
        }
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(ListenError::InUse { address: address() });
        }
        std::fs::remove_file(path).map_err(|error| listen_error(address(), error))?;
    }
    let bound = || {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.bind(&socket2::SockAddr::unix(path)?)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
        socket.listen(i32::from(unix.backlog))?;
        tokio::net::UnixListener::from_std(socket.into())
    };
    let listener = bound().map_err(|error| listen_error(address(), error))?;
    Ok((
        Bound::Unix(listener, path.clone()),
        Address::Unix(path.clone()),
    ))
}
