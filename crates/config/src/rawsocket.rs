use std::sync::Arc;
use std::time::Duration;

use crossbar_core::{Access, Limits};
use crossbar_wire::Format;
use serde::Deserialize;
use serde_json::Value;

use crate::place::Place;
use crate::reading::Reading;
use crate::serializers;
use crate::transport::{HELLO_TIMEOUT, QueueLimit};
use crate::written::{Milliseconds, Refusal, Whole, Written, given};
use crate::{QueueLimits, access, limits};

/// RawSocket on a transport, or as a part of a `universal` one.
#[derive(Clone, Debug)]
pub struct RawSocket {
    /// `serializers`, in the router's order of preference: CBOR, MessagePack, JSON and UBJSON by default. With `ubjson`,
    /// `"bjdata"` (the default) or `"draft12"`, which of two incompatible formats is served by the name of `ubjson`: the
    /// one of Autobahn and Crossbar.io since 26.6, or the one before.
    pub formats: Vec<Format>,
    /// `options.max_message_size`: octets of a message that a client may send, 512 to 16 MiB.
    pub max_message_size: usize,
    /// `options.hello_timeout`: how long a client may take until its session is open; none with 0.
    pub hello_timeout: Option<Duration>,
    /// `options.send_queue_limit`, `options.send_queue_overflow`
    pub queue: QueueLimits,
    /// `options.strict_request_ids`: clients' request ids must count up from 1; they need not by default.
    pub strict_request_ids: bool,
    /// `auth`
    pub access: Access,
    /// `limits`: what each of its sessions may have and send.
    pub limits: Arc<Limits>,
}

/// `rawsocket` as written, without what belongs to a transport.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSocketAsWritten {
    serializers: Option<Value>,
    ubjson: Option<String>,
    options: Option<Value>,
    /// Null would leave the transport open to everybody, so it is no absent key.
    #[serde(default, deserialize_with = "given")]
    auth: Option<Value>,
    limits: Option<Value>,
}

impl Written for RawSocketAsWritten {
    const IGNORED: &'static [(&'static str, &'static str)] =
        &[("debug", "`--loglevel` says what is logged")];
    const REFUSED: &'static [(&'static str, Refusal)] = &[(
        "cookie",
        Refusal::Never("cookies are HTTP's, and RawSocket is none"),
    )];
}

/// `options` as written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionsAsWritten {
    max_message_size: Option<Whole<512, MAX_MESSAGE_SIZE>>,
    hello_timeout: Option<Milliseconds>,
    send_queue_limit: Option<QueueLimit>,
    send_queue_overflow: Option<String>,
    strict_request_ids: Option<bool>,
}

impl Written for OptionsAsWritten {}

impl RawSocket {
    /// Reads what is RawSocket's in a transport.
    pub(crate) fn read(reading: &mut Reading, body: Value, at: &Place) -> Option<Self> {
        let written: RawSocketAsWritten = reading.read(body, at)?;
        let ubjson = written.ubjson.as_deref();
        let formats = serializers::read(reading, written.serializers, ubjson, at);
        let access = access::read(reading, written.auth, &at.key("auth"));
        let limits = limits::read(reading, written.limits, &at.key("limits"))?;
        let at = at.key("options");
        let options: OptionsAsWritten = reading.read_or_empty(written.options, &at)?;
        let limit = options.send_queue_limit;
        let queue = QueueLimits::read(reading, limit, options.send_queue_overflow.as_deref(), &at);
        let max_message_size = options.max_message_size;
        Some(Self {
            formats,
            max_message_size: max_message_size.map_or(DEFAULT_MESSAGE_SIZE, Whole::get),
            hello_timeout: options
                .hello_timeout
                .map_or(Some(HELLO_TIMEOUT), Milliseconds::duration),
            queue,
            strict_request_ids: options.strict_request_ids.unwrap_or(false),
            access,
            limits: Arc::new(limits),
        })
    }
}

/// 16 MiB: the longest length that RawSocket's handshake can tell.
const MAX_MESSAGE_SIZE: u64 = 16 << 20;
const DEFAULT_MESSAGE_SIZE: usize = 16 << 20;
