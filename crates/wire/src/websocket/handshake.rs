use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use super::Deflate;

/// The text that turns a key into its acceptance (RFC 6455 §1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The longest head of a reply that a client reads, in octets.
const MAX_HEAD: usize = 16 * 1024;

/// Gives `Sec-WebSocket-Accept` for a client's `Sec-WebSocket-Key`.
#[must_use]
pub fn accept_key(key: &str) -> String {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    STANDARD.encode(digest)
}

/// A client's side of the opening handshake.
#[derive(Clone, Debug)]
pub struct ClientHandshake {
    /// `Host`: name or address, with the port unless it is the scheme's own.
    pub host: String,
    /// Path and query; begins with a slash.
    pub resource: String,
    /// Subprotocols, the preferred first.
    pub protocols: Vec<String>,
    /// Whether to offer compression.
    pub offer_deflate: bool,
    /// Further headers (`Origin`, `Cookie`, …).
    pub headers: Vec<(String, String)>,
    key: String,
}

impl ClientHandshake {
    /// Makes a handshake for `host` and `resource`; `nonce` is random.
    #[must_use]
    pub fn new(host: &str, resource: &str, nonce: [u8; 16]) -> Self {
        Self {
            host: host.to_owned(),
            resource: resource.to_owned(),
            protocols: Vec::new(),
            offer_deflate: false,
            headers: Vec::new(),
            key: STANDARD.encode(nonce),
        }
    }

    /// Gives the request.
    ///
    /// # Errors
    /// [`HandshakeFault::Header`] if a part would break out of its line.
    pub fn request(&self) -> Result<Vec<u8>, HandshakeFault> {
        let mut fields: Vec<(&str, &str)> = vec![
            ("Host", &self.host),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", &self.key),
            ("Sec-WebSocket-Version", "13"),
        ];
        let protocols = self.protocols.join(",");
        if !protocols.is_empty() {
            fields.push(("Sec-WebSocket-Protocol", &protocols));
        }
        if self.offer_deflate {
            fields.push(("Sec-WebSocket-Extensions", Deflate::OFFER));
        }
        fields.extend(self.headers.iter().map(|(key, value)| (&**key, &**value)));
        if !self.resource.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(HandshakeFault::Header("the resource".to_owned()));
        }
        let mut text = format!("GET {} HTTP/1.1\r\n", self.resource);
        for (key, value) in fields {
            if key
                .bytes()
                .any(|octet| !octet.is_ascii_graphic() || octet == b':')
                || value.bytes().any(|octet| octet.is_ascii_control())
            {
                return Err(HandshakeFault::Header(key.to_owned()));
            }
            write!(text, "{key}: {value}\r\n").expect("a string takes all that is written to it");
        }
        text.push_str("\r\n");
        Ok(text.into_bytes())
    }

    /// Reads the server's reply from what has come so far; `None` when octets are missing.
    ///
    /// # Errors
    /// Says why the server's reply opens no connection.
    pub fn parse_reply(&self, octets: &[u8]) -> Result<Option<ServerReply>, HandshakeFault> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut headers);
        let length = match response.parse(octets)? {
            httparse::Status::Complete(length) => length,
            httparse::Status::Partial if octets.len() > MAX_HEAD => {
                return Err(HandshakeFault::TooLong);
            }
            httparse::Status::Partial => return Ok(None),
        };
        if response.code != Some(101) {
            return Err(HandshakeFault::Status {
                code: response.code.unwrap_or_default(),
                reason: response.reason.unwrap_or_default().to_owned(),
            });
        }
        let field = |name: &str| field(response.headers, name);
        let upgrades = field("Upgrade")
            .is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
            && field("Connection").is_some_and(|value| {
                value
                    .split(',')
                    .any(|token| token.trim().eq_ignore_ascii_case("upgrade"))
            });
        if !upgrades {
            return Err(HandshakeFault::NotUpgraded);
        }
        if field("Sec-WebSocket-Accept").as_deref() != Some(&*accept_key(&self.key)) {
            return Err(HandshakeFault::Accept);
        }
        let protocol = field("Sec-WebSocket-Protocol");
        if let Some(other) = protocol.as_ref().filter(|p| !self.protocols.contains(p)) {
            return Err(HandshakeFault::Protocol(other.clone()));
        }
        let deflate = match field("Sec-WebSocket-Extensions") {
            Some(answer) if self.offer_deflate => Some(Deflate::agreed(&answer)?),
            Some(answer) => return Err(HandshakeFault::Extension(answer)),
            None => None,
        };
        Ok(Some(ServerReply {
            protocol,
            deflate,
            length,
        }))
    }
}

/// What a server agreed to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerReply {
    /// The subprotocol, if it chose one.
    pub protocol: Option<String>,
    /// Compression, if it agreed.
    pub deflate: Option<Deflate>,
    /// The number of octets of the reply; frames follow.
    pub length: usize,
}

/// Why there is no WebSocket connection.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeFault {
    /// The request cannot be written.
    #[error("{0} holds characters that may not stand in a request")]
    Header(String),
    /// The reply is not HTTP.
    #[error("the server's reply is not HTTP: {0}")]
    Http(#[from] httparse::Error),
    /// The reply's head does not end.
    #[error("the server's reply is over 16 KiB long")]
    TooLong,
    /// The server said something else than `101 Switching Protocols`.
    #[error("the server answered {code} {reason}")]
    Status {
        /// The status code.
        code: u16,
        /// Its text.
        reason: String,
    },
    /// `Upgrade` or `Connection` is missing.
    #[error("the server's reply does not switch to WebSocket")]
    NotUpgraded,
    /// `Sec-WebSocket-Accept` is wrong.
    #[error("the server's reply does not prove that it read the request")]
    Accept,
    /// The server chose what was not offered.
    #[error("the server chose the subprotocol {0:?}, which was not offered")]
    Protocol(String),
    /// The server chose an extension that was not offered, or with parameters that cannot be.
    #[error("the server answered with extensions {0:?}, which were not offered")]
    Extension(String),
}

/// Gives the values of a header, joined if it comes more than once.
fn field(headers: &[httparse::Header<'_>], name: &str) -> Option<String> {
    let values: Vec<_> = headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case(name))
        .map(|header| String::from_utf8_lossy(header.value))
        .collect();
    (!values.is_empty()).then(|| values.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake() -> ClientHandshake {
        let mut handshake = ClientHandshake::new("localhost:8080", "/ws?x=1", *b"the sample nonce");
        handshake.protocols = vec!["wamp.2.cbor".to_owned(), "wamp.2.json".to_owned()];
        handshake.offer_deflate = true;
        handshake
    }

    fn reply(extra: &str) -> Result<Option<ServerReply>, HandshakeFault> {
        let text = format!(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\n\
             Connection: keep-alive, Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{extra}\r\n"
        );
        let parsed = handshake().parse_reply(text.as_bytes());
        if let Ok(Some(reply)) = &parsed {
            assert_eq!(reply.length, text.len());
            for end in 0..text.len() {
                assert_eq!(handshake().parse_reply(&text.as_bytes()[..end]), Ok(None));
            }
        }
        parsed
    }

    #[test]
    fn the_request_is_as_in_the_specification() {
        let mut handshake = handshake();
        handshake
            .headers
            .push(("Origin".to_owned(), "http://a".to_owned()));
        assert_eq!(
            String::from_utf8(handshake.request().unwrap()).unwrap(),
            "GET /ws?x=1 HTTP/1.1\r\nHost: localhost:8080\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: wamp.2.cbor,wamp.2.json\r\n\
             Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
             Origin: http://a\r\n\r\n"
        );
        handshake.headers[0].1.push_str("\r\nX: y");
        assert!(handshake.request().is_err());
        handshake.headers.clear();
        handshake.resource.push(' ');
        assert!(handshake.request().is_err());
    }

    #[test]
    fn good_replies_are_read() {
        let plain = reply("Sec-WebSocket-Protocol: wamp.2.json\r\n")
            .unwrap()
            .unwrap();
        assert_eq!(plain.protocol.as_deref(), Some("wamp.2.json"));
        assert_eq!(plain.deflate, None);
        let compressed = reply("Sec-WebSocket-Extensions: permessage-deflate\r\n");
        assert!(compressed.unwrap().unwrap().deflate.is_some());
    }

    #[test]
    fn bad_replies_have_names() {
        let protocol = reply("Sec-WebSocket-Protocol: mqtt\r\n");
        assert_eq!(protocol, Err(HandshakeFault::Protocol("mqtt".to_owned())));
        let extension = reply("Sec-WebSocket-Extensions: x-other\r\n");
        assert_eq!(
            extension,
            Err(HandshakeFault::Extension("x-other".to_owned()))
        );
        let parse = |text: &str| handshake().parse_reply(text.as_bytes()).unwrap_err();
        assert_eq!(
            parse("HTTP/1.1 400 Bad Request\r\n\r\n"),
            HandshakeFault::Status {
                code: 400,
                reason: "Bad Request".to_owned()
            }
        );
        assert_eq!(parse("HTTP/1.1 101 X\r\n\r\n"), HandshakeFault::NotUpgraded);
        assert_eq!(
            parse("HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"),
            HandshakeFault::Accept
        );
        assert!(matches!(parse("\x7f\x01\0\0"), HandshakeFault::Http(_)));
        let long = format!("HTTP/1.1 101 X\r\nA: {}", "a".repeat(20_000));
        assert_eq!(parse(&long), HandshakeFault::TooLong);
    }
}
