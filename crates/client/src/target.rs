use std::path::PathBuf;
use std::str::FromStr;

/// Where a router is and how it is spoken to.
///
/// | URL | meaning |
/// | --- | --- |
/// | `ws://host:port/path`, `wss://…` | WebSocket, plain or over TLS |
/// | `rs://host:port`, `rss://…` | RawSocket, plain or over TLS |
/// | `unix:/path`, `rs+unix:/path` | RawSocket over a Unix socket |
/// | `ws+unix:/path` | WebSocket over a Unix socket, resource `/` |
///
/// Without a port, `ws` means 80, `wss` 443, and both RawSocket schemes 8080.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// How messages are framed.
    pub framing: Framing,
    /// Where to connect.
    pub address: Address,
    /// Whether TLS is spoken.
    pub tls: bool,
}

/// How messages are framed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Framing {
    /// RawSocket.
    RawSocket,
    /// WebSocket, with the path and query of the request.
    WebSocket {
        /// Path and query; begins with a slash.
        resource: String,
    },
}

/// Where to connect.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Address {
    /// A TCP port.
    Tcp {
        /// Name, or address without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// A Unix socket.
    Unix(PathBuf),
}

impl Target {
    /// Gives what a WebSocket request says as `Host`: the port only if it is not the scheme's own.
    pub(crate) fn host(&self) -> String {
        let Address::Tcp { host, port } = &self.address else {
            return "localhost".to_owned();
        };
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.clone()
        };
        match (self.tls, port) {
            (false, 80) | (true, 443) => host,
            (false | true, port) => format!("{host}:{port}"),
        }
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(url: &str) -> Result<Self, TargetError> {
        let (scheme, rest) = url.split_once(':').ok_or(TargetError::NoScheme)?;
        let websocket = matches!(scheme, "ws" | "wss" | "ws+unix");
        let (tls, default_port) = match scheme {
            "unix" | "rs+unix" | "ws+unix" => return unix(rest, websocket),
            "ws" => (false, 80),
            "wss" => (true, 443),
            "rs" => (false, 8080),
            "rss" => (true, 8080),
            other => return Err(TargetError::Scheme(other.to_owned())),
        };
        let rest = rest.strip_prefix("//").ok_or(TargetError::NoHost)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, resource) = rest.split_at(end);
        let (host, port) = authority_parts(authority)?;
        let resource = resource.split('#').next().unwrap_or_default();
        let framing = match (websocket, resource) {
            (true, resource) if resource.starts_with('/') => Framing::WebSocket {
                resource: resource.to_owned(),
            },
            (true, resource) => Framing::WebSocket {
                resource: format!("/{resource}"),
            },
            (false, "" | "/") => Framing::RawSocket,
            (false, _) => return Err(TargetError::Path),
        };
        Ok(Self {
            framing,
            address: Address::Tcp {
                host: host.to_owned(),
                port: port.unwrap_or(default_port),
            },
            tls,
        })
    }
}

/// Why a URL names no router.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TargetError {
    /// There is no colon.
    #[error("the URL has no scheme: it begins with ws:, wss:, rs:, rss: or unix:")]
    NoScheme,
    /// The scheme is another.
    #[error("unknown scheme {0:?}: expected ws, wss, rs, rss or unix")]
    Scheme(String),
    /// There is no host.
    #[error("the URL has no host")]
    NoHost,
    /// The port is no number from 1 to 65535.
    #[error("bad port {0:?}")]
    Port(String),
    /// RawSocket has no paths.
    #[error("a RawSocket URL has no path")]
    Path,
    /// A user name or password stands before the host.
    #[error("credentials do not belong in the URL")]
    Credentials,
}

fn unix(path: &str, websocket: bool) -> Result<Target, TargetError> {
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() {
        return Err(TargetError::NoHost);
    }
    let framing = if websocket {
        Framing::WebSocket {
            resource: "/".to_owned(),
        }
    } else {
        Framing::RawSocket
    };
    Ok(Target {
        framing,
        address: Address::Unix(PathBuf::from(path)),
        tls: false,
    })
}

/// Reads `host`, `host:port`, `[v6]` or `[v6]:port`.
fn authority_parts(authority: &str) -> Result<(&str, Option<u16>), TargetError> {
    if authority.contains('@') {
        return Err(TargetError::Credentials);
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or(TargetError::NoHost)?;
            match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if rest.is_empty() => (host, None),
                None => return Err(TargetError::NoHost),
            }
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if host.is_empty() {
        return Err(TargetError::NoHost);
    }
    let port = match port {
        Some(text) => match text.parse() {
            Ok(port) if port > 0 => Some(port),
            _ => return Err(TargetError::Port(text.to_owned())),
        },
        None => None,
    };
    Ok((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(url: &str) -> (bool, Option<String>, String, u16) {
        let target: Target = url.parse().unwrap();
        let Address::Tcp { host, port } = target.address else {
            panic!("{url} is no TCP address");
        };
        let resource = match target.framing {
            Framing::RawSocket => None,
            Framing::WebSocket { resource } => Some(resource),
        };
        (target.tls, resource, host, port)
    }

    #[test]
    fn urls_are_read() {
        let resource = |text: &str| Some(text.to_owned());
        for (url, expected) in [
            ("ws://a", (false, resource("/"), "a".to_owned(), 80)),
            ("wss://a/ws", (true, resource("/ws"), "a".to_owned(), 443)),
            (
                "ws://a:81?x=1",
                (false, resource("/?x=1"), "a".to_owned(), 81),
            ),
            (
                "ws://[::1]:81/b#c",
                (false, resource("/b"), "::1".to_owned(), 81),
            ),
            ("rs://127.0.0.1:9", (false, None, "127.0.0.1".to_owned(), 9)),
            ("rss://a/", (true, None, "a".to_owned(), 8080)),
        ] {
            assert_eq!(tcp(url), expected, "{url}");
        }
        for url in [
            "unix:/run/x",
            "unix:///run/x",
            "rs+unix:/run/x",
            "ws+unix:/run/x",
        ] {
            let target: Target = url.parse().unwrap();
            assert_eq!(
                target.address,
                Address::Unix(PathBuf::from("/run/x")),
                "{url}"
            );
            assert_eq!(target.framing == Framing::RawSocket, !url.starts_with("ws"));
        }
    }

    #[test]
    fn hosts_have_the_port_if_it_matters() {
        for (url, host) in [
            ("ws://a", "a"),
            ("ws://a:443", "a:443"),
            ("wss://a:443", "a"),
            ("ws://[::1]:81", "[::1]:81"),
        ] {
            assert_eq!(url.parse::<Target>().unwrap().host(), host);
        }
    }

    #[test]
    fn faults_have_names() {
        for (url, error) in [
            ("localhost", TargetError::NoScheme),
            ("http://a", TargetError::Scheme("http".to_owned())),
            ("ws:a", TargetError::NoHost),
            ("ws://:80", TargetError::NoHost),
            ("ws://[::1", TargetError::NoHost),
            ("ws://a:0", TargetError::Port("0".to_owned())),
            ("ws://a:x", TargetError::Port("x".to_owned())),
            ("rs://a/path", TargetError::Path),
            ("ws://me:secret@a", TargetError::Credentials),
            ("unix:", TargetError::NoHost),
        ] {
            assert_eq!(url.parse::<Target>(), Err(error), "{url}");
        }
    }
}
