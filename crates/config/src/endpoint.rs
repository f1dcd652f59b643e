use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

/// Where a transport listens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Endpoint {
    /// `tcp`
    Tcp(TcpEndpoint),
    /// `unix`
    Unix(UnixEndpoint),
}

/// A TCP port.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TcpEndpoint {
    /// `port` or `portrange`
    pub ports: Ports,
    /// `interface` and `version`
    pub interface: Interface,
    /// `backlog`: connections that wait to be accepted.
    pub backlog: u16,
    /// `shared`: several processes may listen on the port (`SO_REUSEPORT`).
    pub shared: bool,
    /// `user_timeout`: how long sent octets may stay unacknowledged (`TCP_USER_TIMEOUT`).
    pub user_timeout: Option<Duration>,
}

/// The port, or those to try in turn.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ports {
    /// This one; 0 lets the system choose a free one.
    One(u16),
    /// The first of these that can be bound; not empty.
    Range(RangeInclusive<u16>),
}

/// The address to bind.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Interface {
    /// Neither `interface` nor `version`: all addresses of IPv4 and, where there is IPv6, of IPv6.
    All,
    /// Only `version`: all addresses of that IP version.
    AllOf(IpVersion),
    /// An address.
    Address(IpAddr),
    /// A name to resolve when listening starts, to addresses of one IP version if given.
    Host(String, Option<IpVersion>),
}

/// `version` of an endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IpVersion {
    /// IPv4
    V4,
    /// IPv6
    V6,
}

/// A Unix domain socket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnixEndpoint {
    /// `path`, absolute.
    pub path: PathBuf,
    /// `backlog`: connections that wait to be accepted.
    pub backlog: u16,
}
