use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::endpoint::IpVersion;
use crate::place::Place;
use crate::reading::Reading;
use crate::written::{Refusal, Whole, Written};
use crate::{ClientTls, Problem};

/// Where something connects to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConnectingEndpoint {
    /// `type` and what belongs to it.
    pub remote: Remote,
    /// `timeout`: how long connecting may take; none for ever.
    pub timeout: Option<Duration>,
}

/// The other side of a connecting endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Remote {
    /// `tcp`
    Tcp {
        /// `host`: a name or an address.
        host: String,
        /// `port`
        port: u16,
        /// `version`: the only IP version that is tried, if given.
        version: Option<IpVersion>,
        /// `tls`: the connection is encrypted.
        tls: Option<ClientTls>,
    },
    /// `unix`: the path of the socket, absolute.
    Unix(PathBuf),
}

impl ConnectingEndpoint {
    /// Reads a connecting endpoint, variables already substituted.
    pub(crate) fn read(reading: &mut Reading, value: Value, at: &Place) -> Option<Self> {
        let (kind, body) = reading.take_type(value, at)?;
        match kind.as_str() {
            "tcp" => Self::read_tcp(reading, body, at),
            "unix" => Self::read_unix(reading, body, at),
            "twisted" | "tor" => {
                let why = if kind == "tor" {
                    Refusal::NotYet
                } else {
                    Refusal::Never("it is an endpoint string of Twisted; write tcp or unix")
                };
                let what = format!("the endpoint type {kind:?}");
                reading.refuse(what, why, &at.key("type"));
                None
            }
            other => {
                reading.unknown(other, "endpoint type", &["tcp", "unix"], &at.key("type"));
                None
            }
        }
    }

    fn read_tcp(reading: &mut Reading, body: Value, at: &Place) -> Option<Self> {
        let written: TcpAsWritten = reading.read(body, at)?;
        let version = IpVersion::read(reading, written.version, at);
        if written.host.is_empty() {
            let problem = Problem::Rule("the host is empty");
            reading.fault(&at.key("host"), problem, None);
        }
        let tls = match written.tls {
            Some(tls) => Some(ClientTls::read(reading, tls, &at.key("tls"))?),
            None => None,
        };
        Some(Self {
            remote: Remote::Tcp {
                host: written.host,
                port: written.port.get(),
                version,
                tls,
            },
            timeout: seconds(written.timeout),
        })
    }

    fn read_unix(reading: &mut Reading, body: Value, at: &Place) -> Option<Self> {
        let written: UnixAsWritten = reading.read(body, at)?;
        if written.path.is_empty() {
            let problem = Problem::Rule("the path of the socket is empty");
            reading.fault(&at.key("path"), problem, None);
        }
        Some(Self {
            remote: Remote::Unix(reading.surroundings.path(&written.path)),
            timeout: seconds(written.timeout),
        })
    }
}

fn seconds(written: Option<Whole<0, 600>>) -> Option<Duration> {
    match written {
        None => Some(Duration::from_secs(10)),
        Some(seconds) => seconds.non_zero().map(Duration::from_secs),
    }
}

/// `tcp` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TcpAsWritten {
    host: String,
    port: Whole<1, 65535>,
    version: Option<u64>,
    /// Seconds.
    timeout: Option<Whole<0, 600>>,
    tls: Option<Value>,
}

impl Written for TcpAsWritten {
    const REQUIRED: &'static [&'static str] = &["host", "port"];
}

/// `unix` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnixAsWritten {
    path: String,
    /// Seconds.
    timeout: Option<Whole<0, 600>>,
}

impl Written for UnixAsWritten {
    const REQUIRED: &'static [&'static str] = &["path"];
}
