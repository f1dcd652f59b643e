//! `longpoll`: WAMP over requests of HTTP.

use std::sync::Arc;
use std::time::Duration;

use crossbar_core::{Access, Limits};
use crossbar_wire::Format;
use serde::Deserialize;
use serde_json::Value;

use crate::place::Place;
use crate::reading::Reading;
use crate::written::{Whole, Written, given};
use crate::{Problem, QueueLimits, access, limits, names, origins, serializers};

/// `longpoll`: a Web service for clients that have no WebSocket.
#[derive(Clone, Debug)]
pub struct LongPoll {
    /// `serializers` and `ubjson`, as those of a WebSocket.
    pub formats: Vec<Format>,
    /// `auth`
    pub access: Access,
    /// `limits`: what each of its sessions may have and send.
    pub limits: Arc<Limits>,
    /// `options.allowed_origins`: whose pages may use it, as those of a WebSocket.
    pub allowed_origins: Vec<String>,
    /// `options.allow_null_origin`
    pub allow_null_origin: bool,
    /// `options.request_timeout`: a request for messages is answered with nothing after so long; never with 0.
    pub request_timeout: Option<Duration>,
    /// `options.session_timeout`: a client that is not heard of for so long has gone; never with 0.
    pub session_timeout: Option<Duration>,
    /// `options.queue_limit_bytes`: what may wait for a client, in octets; other transports' limit with 0 or if absent.
    pub queue: QueueLimits,
    /// `options.debug_transport_id`: the id of every transport, so that there is one at a time: for trying out by hand.
    pub debug_transport_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LongPollAsWritten {
    serializers: Option<Value>,
    ubjson: Option<String>,
    options: Option<Value>,
    /// Null would leave the service open to everybody, so it is no absent key.
    #[serde(default, deserialize_with = "given")]
    auth: Option<Value>,
    limits: Option<Value>,
}

impl Written for LongPollAsWritten {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionsAsWritten {
    /// Seconds.
    request_timeout: Option<Whole<0, 86400>>,
    /// Seconds.
    session_timeout: Option<Whole<0, 86400>>,
    /// Octets.
    queue_limit_bytes: Option<Whole<0, { 1 << 31 }>>,
    debug_transport_id: Option<String>,
    allowed_origins: Option<Vec<String>>,
    allow_null_origin: Option<bool>,
}

impl Written for OptionsAsWritten {
    const IGNORED: &'static [(&'static str, &'static str)] = &[
        ("debug", "`--loglevel` says what is logged"),
        (
            "queue_limit_messages",
            "what waits for a client is limited in octets",
        ),
    ];
}

impl LongPoll {
    /// Reads the service.
    pub(crate) fn read(reading: &mut Reading, body: Value, at: &Place) -> Option<Self> {
        let written: LongPollAsWritten = reading.read(body, at)?;
        let ubjson = written.ubjson.as_deref();
        let formats = serializers::read(reading, written.serializers, ubjson, at);
        let access = access::read(reading, written.auth, &at.key("auth"));
        let limits = limits::read(reading, written.limits, &at.key("limits"))?;
        let at = at.key("options");
        let options: OptionsAsWritten = reading.read_or_empty(written.options, &at)?;
        if let Some(id) = &options.debug_transport_id
            && (id == "/" || !names::is_path_component(id))
        {
            let problem = Problem::Rule("an id of a transport has A-Z, a-z, 0-9, _ and - only");
            let value = Some(Value::from(id.as_str()));
            reading.fault_with(&at.key("debug_transport_id"), problem, value, None);
        }
        let seconds = |written: Option<Whole<0, 86400>>, default: u64| {
            let seconds = written.map_or(default, Whole::get);
            (seconds != 0).then(|| Duration::from_secs(seconds))
        };
        let mut queue = QueueLimits::default();
        queue.octets = options
            .queue_limit_bytes
            .and_then(Whole::non_zero)
            .unwrap_or(queue.octets);
        let allowed_origins = options
            .allowed_origins
            .unwrap_or_else(|| vec!["*".to_owned()]);
        origins::check_certificates(reading, &access, &allowed_origins, &at);
        Some(Self {
            formats,
            access,
            limits: Arc::new(limits),
            allowed_origins,
            allow_null_origin: options.allow_null_origin.unwrap_or(true),
            request_timeout: seconds(options.request_timeout, REQUEST_TIMEOUT),
            session_timeout: seconds(options.session_timeout, SESSION_TIMEOUT),
            queue,
            debug_transport_id: options.debug_transport_id,
        })
    }
}

/// Seconds. AutobahnJS takes a request for lost after 12.
const REQUEST_TIMEOUT: u64 = 10;
/// Seconds.
const SESSION_TIMEOUT: u64 = 30;
