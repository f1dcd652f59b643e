use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::place::Place;
use crate::reading::Reading;
use crate::written::{Refusal, Whole, Written, given};
use crate::{
    Endpoint, Forwarding, Hint, Problem, Raw, RawSocket, Web, WebSocket, WebSocketOptions, names,
    web,
};

/// `transports[]`: a listening transport.
#[derive(Clone, Debug)]
pub struct Transport {
    /// `id`: unique in its worker.
    pub id: String,
    /// `endpoint`
    pub endpoint: Endpoint,
    /// `max_connections`: connections beyond are closed as soon as accepted.
    pub max_connections: usize,
    /// `max_connections_per_address`: the same for those from one IP address.
    pub max_connections_per_address: Option<usize>,
    /// `trusted_proxies`, `forwarded_header`: of transports that serve HTTP.
    pub forwarding: Forwarding,
    /// `type` and what belongs to it.
    pub kind: TransportKind,
    /// The transport's JSON, as the management API carries it.
    pub raw: Raw,
}

/// What a transport speaks.
#[derive(Clone, Debug)]
pub enum TransportKind {
    /// `websocket`: on any request path.
    WebSocket(Box<WebSocket>),
    /// `rawsocket`
    RawSocket(RawSocket),
    /// `web`
    Web(Web),
    /// `universal`: several of these, told apart by the first octets.
    Universal(Box<Universal>),
    /// `websocket.testee`: sends back every message.
    WebSocketTestee(Box<WebSocketOptions>),
    /// `stream.testee`: sends back every octet.
    StreamTestee,
}

/// `universal`: what is absent closes the connections that ask for it.
#[derive(Clone, Debug, Default)]
pub struct Universal {
    /// `rawsocket`: connections that begin with the octet 0x7F.
    pub rawsocket: Option<RawSocket>,
    /// `websocket`: by the first component of the request's path (`/` for none).
    pub websocket: BTreeMap<String, WebSocket>,
    /// `web`: all other HTTP requests.
    pub web: Option<Web>,
}

/// How much may wait for a session that does not read, and what then happens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct QueueLimits {
    /// `send_queue_limit` in octets.
    pub octets: usize,
    /// `send_queue_overflow`
    pub overflow: Overflow,
}

/// `send_queue_overflow`: what is done when a session's queue is over its limit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Overflow {
    /// `close`: the session is ended, unless it is only a call that does not fit.
    #[default]
    Close,
    /// `drop`: events are dropped and counted; other messages but calls end the session.
    Drop,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self {
            octets: 64 << 20,
            overflow: Overflow::Close,
        }
    }
}

/// What every listening transport has, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadAsWritten {
    id: String,
    #[serde(default, deserialize_with = "given")]
    endpoint: Option<Value>,
    max_connections: Option<Whole<1, { 1 << 31 }>>,
    max_connections_per_address: Option<Whole<1, { 1 << 31 }>>,
    trusted_proxies: Option<Value>,
    forwarded_header: Option<String>,
}

impl Written for HeadAsWritten {
    const REQUIRED: &'static [&'static str] = &["endpoint"];
}

impl Transport {
    /// Reads a transport of a router.
    pub(crate) fn read(reading: &mut Reading, value: Value, at: &Place) -> Option<Self> {
        Self::read_as(reading, value, at, TransportKind::read)
    }

    /// Reads the transport of a `websocket-testee` worker.
    pub(crate) fn read_testee(reading: &mut Reading, value: Value, at: &Place) -> Option<Self> {
        Self::read_as(reading, value, at, |reading, kind, body, at| match kind {
            "websocket" | "websocket.testee" => TransportKind::read_testee(reading, body, at),
            other => {
                reading.unknown(other, "transport type", &["websocket"], &at.key("type"));
                None
            }
        })
    }

    fn read_as(
        reading: &mut Reading,
        mut value: Value,
        at: &Place,
        read_kind: impl FnOnce(&mut Reading, &str, Value, &Place) -> Option<TransportKind>,
    ) -> Option<Self> {
        reading.fill_id(&mut value, "transport");
        web::fill_ids(reading, &mut value);
        reading.substitute(&mut value, at);
        let raw = Raw::new(value.clone());
        let (kind, body) = reading.take_type(value, at)?;
        let (head, body) = split_head(body);
        let head: Option<HeadAsWritten> = reading.read(head, at);
        let keys: Vec<String> = body
            .as_object()
            .into_iter()
            .flat_map(Map::keys)
            .cloned()
            .collect();
        let kind = read_kind(reading, &kind, body, at);
        for key in &keys {
            reading.suggest(key, &HEAD, at);
        }
        let head = head?;
        reading.check_id(&head.id, at);
        let endpoint = head
            .endpoint
            .and_then(|value| Endpoint::read(reading, value, &at.key("endpoint")));
        let header = head.forwarded_header.as_deref();
        let forwarding = Forwarding::read(reading, head.trusted_proxies, header, at);
        if kind.as_ref().is_some_and(|kind| !kind.serves_http()) && !forwarding.proxies.is_empty() {
            let problem =
                Problem::Rule("the transport serves no HTTP, whose headers these proxies write");
            let hint = Hint::Advice("write proxy_protocol at the endpoint");
            reading.fault(&at.key("trusted_proxies"), problem, Some(hint));
        }
        let is_unix_socket = |endpoint: &Endpoint| matches!(endpoint, Endpoint::Unix(_));
        reading.check_unix_only(if !endpoint.as_ref().is_none_or(is_unix_socket) {
            Some("allowed only where the endpoint is of type \"unix\"")
        } else if forwarding.proxies.trust(None) {
            Some(
                "not beside \"unix\" in \"trusted_proxies\": who comes through these proxies may be anybody",
            )
        } else {
            None
        });
        let is_encrypted =
            |endpoint: &Endpoint| matches!(endpoint, Endpoint::Tcp(tcp) if tcp.tls.is_some());
        reading.check_cookies(endpoint.as_ref().is_some_and(is_encrypted));
        Some(Self {
            id: head.id,
            endpoint: endpoint?,
            max_connections: head.max_connections.map_or(DEFAULT_CONNECTIONS, Whole::get),
            max_connections_per_address: head.max_connections_per_address.map(Whole::get),
            forwarding,
            kind: kind?,
            raw,
        })
    }
}

impl TransportKind {
    /// Says whether HTTP requests are answered, those for WebSocket included.
    const fn serves_http(&self) -> bool {
        match self {
            Self::WebSocket(_) | Self::Web(_) | Self::Universal(_) | Self::WebSocketTestee(_) => {
                true
            }
            Self::RawSocket(_) | Self::StreamTestee => false,
        }
    }

    fn read(reading: &mut Reading, kind: &str, body: Value, at: &Place) -> Option<Self> {
        let refused = match kind {
            "websocket" => {
                return WebSocket::read(reading, body, at).map(|it| Self::WebSocket(Box::new(it)));
            }
            "rawsocket" => return RawSocket::read(reading, body, at).map(Self::RawSocket),
            "web" => return Web::read(reading, body, at).map(Self::Web),
            "universal" => {
                return Universal::read(reading, body, at).map(|it| Self::Universal(Box::new(it)));
            }
            "websocket.testee" => return Self::read_testee(reading, body, at),
            "stream.testee" => {
                return reading
                    .read::<NothingAsWritten>(body, at)
                    .map(|_| Self::StreamTestee);
            }
            "mqtt" => Refusal::NotYet,
            "flashpolicy" | "flash" => Refusal::Never("no browser runs Flash"),
            other => {
                reading.unknown(other, "transport type", &TYPES, &at.key("type"));
                return None;
            }
        };
        reading.refuse(
            format!("the transport type {kind:?}"),
            refused,
            &at.key("type"),
        );
        None
    }

    fn read_testee(reading: &mut Reading, body: Value, at: &Place) -> Option<Self> {
        let written: TesteeAsWritten = reading.read(body, at)?;
        WebSocketOptions::read(reading, written.options, &at.key("options"))
            .map(|options| Self::WebSocketTestee(Box::new(options)))
    }
}

/// `stream.testee` as written, without what every transport has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NothingAsWritten {}

impl Written for NothingAsWritten {
    const IGNORED: &'static [(&'static str, &'static str)] =
        &[("debug", "`--loglevel` says what is logged")];
}

/// `websocket.testee` as written, without what every transport has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TesteeAsWritten {
    options: Option<Value>,
}

impl Written for TesteeAsWritten {
    const IGNORED: &'static [(&'static str, &'static str)] = &[
        ("debug", "`--loglevel` says what is logged"),
        ("url", "a testee tells it to nobody"),
        ("serializers", "a testee sends messages back as they are"),
        ("auth", "a testee has no sessions"),
    ];
}

/// The keys that every transport has.
const HEAD: [&str; 6] = [
    "id",
    "endpoint",
    "max_connections",
    "max_connections_per_address",
    "trusted_proxies",
    "forwarded_header",
];

/// Parts a transport's object: what every transport has, and the rest.
fn split_head(body: Value) -> (Value, Value) {
    let Value::Object(body) = body else {
        return (Value::Object(Map::new()), body);
    };
    let (head, rest): (Map<_, _>, Map<_, _>) = body
        .into_iter()
        .partition(|(key, _)| HEAD.contains(&key.as_str()));
    (Value::Object(head), Value::Object(rest))
}

/// `universal` as written, without what every transport has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UniversalAsWritten {
    rawsocket: Option<Value>,
    websocket: Option<Value>,
    web: Option<Value>,
}

impl Written for UniversalAsWritten {
    const REFUSED: &'static [(&'static str, Refusal)] = &[("mqtt", Refusal::NotYet)];
}

impl Universal {
    fn read(reading: &mut Reading, body: Value, at: &Place) -> Option<Self> {
        let written: UniversalAsWritten = reading.read(body, at)?;
        let rawsocket = written.rawsocket.and_then(|value| {
            let at = at.key("rawsocket");
            let body = without_type(reading, value, "rawsocket", &at);
            RawSocket::read(reading, body, &at)
        });
        let mut websocket = BTreeMap::new();
        let paths = reading.entries(written.websocket, &at.key("websocket"));
        for (path, value, at) in paths {
            check_path(reading, &path, &at);
            let body = without_type(reading, value, "websocket", &at);
            websocket.extend(WebSocket::read(reading, body, &at).map(|service| (path, service)));
        }
        let web = written.web.and_then(|value| {
            let at = at.key("web");
            let body = without_type(reading, value, "web", &at);
            Web::read(reading, body, &at)
        });
        if rawsocket.is_none() && websocket.is_empty() && web.is_none() {
            reading.notice(at, "the transport serves nothing");
        }
        Some(Self {
            rawsocket,
            websocket,
            web,
        })
    }
}

/// Takes the `type` that a part of a `universal` transport may repeat, and an id, which it has no use for.
fn without_type(
    reading: &mut Reading,
    mut value: Value,
    expected: &'static str,
    at: &Place,
) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.shift_remove("id");
        match object.shift_remove("type") {
            Some(Value::String(kind)) if kind != expected => {
                reading.unknown(&kind, "type", &[expected], &at.key("type"));
            }
            _ => {}
        }
    }
    value
}

/// Checks a key of `paths`.
pub(crate) fn check_path(reading: &mut Reading, path: &str, at: &Place) {
    if !names::is_path_component(path) {
        let problem = Problem::Rule(
            "a path is \"/\" or one component of A-Z, a-z, 0-9, _ and -, without a slash",
        );
        reading.fault(at, problem, None);
    }
}

/// `send_queue_limit` as written.
pub(crate) type QueueLimit = Whole<1024, { 1 << 31 }>;

impl QueueLimits {
    /// Fills in the defaults.
    pub(crate) fn read(
        reading: &mut Reading,
        limit: Option<QueueLimit>,
        overflow: Option<&str>,
        at: &Place,
    ) -> Self {
        let default = Self::default();
        let meanings = [("close", Overflow::Close), ("drop", Overflow::Drop)];
        let overflow = overflow.and_then(|word| {
            reading.one_of(word, "value", &meanings, &at.key("send_queue_overflow"))
        });
        Self {
            octets: limit.map_or(default.octets, Whole::get),
            overflow: overflow.unwrap_or(default.overflow),
        }
    }
}

/// How long a client may take until its session is open.
pub(crate) const HELLO_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_CONNECTIONS: usize = 50_000;
const TYPES: [&str; 6] = [
    "websocket",
    "rawsocket",
    "web",
    "universal",
    "websocket.testee",
    "stream.testee",
];
