use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::place::Place;
use crate::reading::Reading;
use crate::written::{Refusal, Whole, Written};
use crate::{Hint, Problem, Proxies, ServerTls, proxies};

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
    /// `proxy_protocol.from`: the addresses from which every connection must begin with a header of the PROXY protocol, which
    /// tells the client's address. None by default; from elsewhere, such a header is not accepted.
    pub proxy_protocol: Proxies,
    /// `tls`: connections are encrypted.
    pub tls: Option<Box<ServerTls>>,
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
    /// `proxy_protocol`: whether every connection must begin with a header of the PROXY protocol. Not by default.
    pub proxy_protocol: bool,
}

impl Endpoint {
    /// Reads a listening endpoint, variables already substituted.
    pub(crate) fn read(reading: &mut Reading, value: Value, at: &Place) -> Option<Self> {
        let (kind, body) = reading.take_type(value, at)?;
        match kind.as_str() {
            "tcp" => TcpEndpoint::read(reading, body, at).map(Self::Tcp),
            "unix" => UnixEndpoint::read(reading, body, at).map(Self::Unix),
            "twisted" => {
                let why = Refusal::Never("it is an endpoint string of Twisted; write tcp or unix");
                reading.refuse(
                    "the endpoint type \"twisted\"".to_owned(),
                    why,
                    &at.key("type"),
                );
                None
            }
            "onion" => {
                let what = "the endpoint type \"onion\"".to_owned();
                reading.refuse(what, Refusal::NotYet, &at.key("type"));
                None
            }
            other => {
                reading.unknown(other, "endpoint type", &["tcp", "unix"], &at.key("type"));
                None
            }
        }
    }
}

/// `tcp` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TcpAsWritten {
    port: Option<Whole<0, 65535>>,
    portrange: Option<(Whole<1, 65535>, Whole<1, 65535>)>,
    version: Option<u64>,
    interface: Option<String>,
    backlog: Option<Whole<1, 65535>>,
    shared: Option<bool>,
    /// Milliseconds.
    user_timeout: Option<Whole<0, 65535>>,
    proxy_protocol: Option<Value>,
    tls: Option<Value>,
}

impl Written for TcpAsWritten {}

impl TcpEndpoint {
    fn read(reading: &mut Reading, body: Value, at: &Place) -> Option<Self> {
        let given = |key| body.get(key).is_some_and(|value: &Value| !value.is_null());
        let left_out_for_a_fault = given("port") || given("portrange");
        let written: TcpAsWritten = reading.read(body, at)?;
        let version = IpVersion::read(reading, written.version, at);
        let proxy_protocol = written.proxy_protocol;
        let proxy_protocol =
            proxies::read_protocol(reading, proxy_protocol, &at.key("proxy_protocol"));
        let ports = match (written.portrange, written.port) {
            (Some((low, high)), _) => Self::range(reading, low.get(), high.get(), at),
            (None, Some(port)) => Some(Ports::One(port.get())),
            (None, None) if left_out_for_a_fault => None,
            (None, None) => {
                let hint = Hint::Advice("or give \"portrange\"");
                reading.fault(at, Problem::MissingKey("port"), Some(hint));
                None
            }
        };
        let tls = written
            .tls
            .map(|tls| ServerTls::read(reading, tls, &at.key("tls")));
        Some(Self {
            ports: ports?,
            interface: Interface::of(reading, written.interface, version, at),
            backlog: written.backlog.map_or(DEFAULT_BACKLOG, Whole::get),
            shared: written.shared.unwrap_or(false),
            user_timeout: written
                .user_timeout
                .and_then(Whole::non_zero)
                .map(Duration::from_millis),
            proxy_protocol,
            // A faulty one must not turn into none.
            tls: match tls {
                Some(tls) => Some(Box::new(tls?)),
                None => None,
            },
        })
    }

    fn range(reading: &mut Reading, low: u16, high: u16, at: &Place) -> Option<Ports> {
        if high >= low {
            return Some(Ports::Range(low..=high));
        }
        let problem = Problem::Rule("the second port is lower than the first");
        let value = Value::from(vec![low, high]);
        reading.fault_with(&at.key("portrange"), problem, Some(value), None);
        None
    }
}

impl Interface {
    fn of(
        reading: &mut Reading,
        interface: Option<String>,
        version: Option<IpVersion>,
        at: &Place,
    ) -> Self {
        let Some(interface) = interface.filter(|interface| !interface.is_empty()) else {
            return version.map_or(Self::All, Self::AllOf);
        };
        let bare = interface.trim_start_matches('[').trim_end_matches(']');
        let Ok(address) = bare.parse::<IpAddr>() else {
            return Self::Host(interface, version);
        };
        if version.is_some_and(|version| version != IpVersion::of(address)) {
            let problem =
                Problem::Rule("the address is of another IP version than \"version\" says");
            let value = Some(Value::from(interface));
            reading.fault_with(&at.key("interface"), problem, value, None);
        }
        Self::Address(address)
    }
}

impl IpVersion {
    /// Reads `version` of an endpoint at `at`.
    pub(crate) fn read(reading: &mut Reading, version: Option<u64>, at: &Place) -> Option<Self> {
        match version? {
            4 => Some(Self::V4),
            6 => Some(Self::V6),
            other => {
                let problem = Problem::Rule("the IP version is 4 or 6");
                reading.fault_with(&at.key("version"), problem, Some(other.into()), None);
                None
            }
        }
    }

    const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

/// `unix` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnixAsWritten {
    path: String,
    backlog: Option<Whole<1, 65535>>,
    proxy_protocol: Option<bool>,
}

impl Written for UnixAsWritten {
    const REQUIRED: &'static [&'static str] = &["path"];
    const REFUSED: &'static [(&'static str, Refusal)] = &[(
        "tls",
        Refusal::Never("what goes over a Unix socket does not leave the machine"),
    )];
}

impl UnixEndpoint {
    fn read(reading: &mut Reading, body: Value, at: &Place) -> Option<Self> {
        let written: UnixAsWritten = reading.read(body, at)?;
        if written.path.is_empty() {
            let problem = Problem::Rule("the path of the socket is empty");
            reading.fault(&at.key("path"), problem, None);
        }
        Some(Self {
            path: reading.surroundings.path(&written.path),
            backlog: written.backlog.map_or(DEFAULT_BACKLOG, Whole::get),
            proxy_protocol: written.proxy_protocol.unwrap_or(false),
        })
    }
}

const DEFAULT_BACKLOG: u16 = 1024;
