//! `options` of WebSocket as written.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::place::Place;
use crate::reading::Reading;
use crate::transport::QueueLimit;
use crate::written::{Milliseconds, Refusal, Whole, Written};
use crate::{AutoPing, Deflate, QueueLimits, WebSocketOptions};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionsAsWritten {
    allowed_origins: Option<Vec<String>>,
    allow_null_origin: Option<bool>,
    open_handshake_timeout: Option<Milliseconds>,
    hello_timeout: Option<Milliseconds>,
    close_handshake_timeout: Option<Milliseconds>,
    enable_webstatus: Option<bool>,
    validate_utf8: Option<bool>,
    mask_server_frames: Option<bool>,
    require_masked_client_frames: Option<bool>,
    max_frame_size: Option<Whole<0, MAX_SIZE>>,
    max_message_size: Option<Whole<0, MAX_SIZE>>,
    auto_fragment_size: Option<Whole<0, MAX_SIZE>>,
    fail_by_drop: Option<bool>,
    echo_close_codereason: Option<bool>,
    auto_ping_interval: Option<Milliseconds>,
    auto_ping_timeout: Option<Milliseconds>,
    auto_ping_size: Option<Whole<12, 125>>,
    auto_ping_restart_on_any_traffic: Option<bool>,
    compression: Option<Value>,
    require_websocket_subprotocol: Option<bool>,
    show_server_version: Option<bool>,
    send_queue_limit: Option<QueueLimit>,
    send_queue_overflow: Option<String>,
    strict_request_ids: Option<bool>,
}

impl Written for OptionsAsWritten {
    const IGNORED: &'static [(&'static str, &'static str)] = &[
        ("apply_mask", "what a client masks is always unmasked"),
        (
            "external_port",
            "origins are compared with allowed_origins alone, as by Crossbar.io",
        ),
        ("enable_hybi10", "drafts of WebSocket are not served"),
        ("enable_rfc6455", "RFC 6455 is always served"),
        ("tcp_nodelay", "it is always on"),
    ];
    const REFUSED: &'static [(&'static str, Refusal)] =
        &[("enable_flash_policy", FLASH), ("flash_policy", FLASH)];
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CompressionAsWritten {
    deflate: Option<Value>,
}

impl Written for CompressionAsWritten {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeflateAsWritten {
    request_no_context_takeover: Option<bool>,
    request_max_window_bits: Option<WindowBits>,
    no_context_takeover: Option<bool>,
    max_window_bits: Option<Whole<9, 15>>,
    /// In every file of `crossbar init`; the compressor chooses its memory itself.
    #[serde(rename = "memory_level")]
    _memory_level: Option<Whole<1, 9>>,
}

impl Written for DeflateAsWritten {}

impl WebSocketOptions {
    /// Reads the options; an absent object has all defaults.
    pub(crate) fn read(reading: &mut Reading, value: Option<Value>, at: &Place) -> Option<Self> {
        let written: OptionsAsWritten = reading.read_or_empty(value, at)?;
        let (limit, overflow) = (written.send_queue_limit, &written.send_queue_overflow);
        let queue = QueueLimits::read(reading, limit, overflow.as_deref(), at);
        let compression = written.compression.clone();
        let deflate = Deflate::read(reading, compression, &at.key("compression"));
        Some(written.with_defaults(queue, deflate))
    }
}

impl OptionsAsWritten {
    fn with_defaults(self, queue: QueueLimits, deflate: Option<Deflate>) -> WebSocketOptions {
        let default = WebSocketOptions::default();
        let time = |written: Option<Milliseconds>, default: Option<Duration>| {
            written.map_or(default, Milliseconds::duration)
        };
        let auto_ping = self.auto_ping();
        WebSocketOptions {
            allowed_origins: self.allowed_origins.unwrap_or(default.allowed_origins),
            allow_null_origin: self.allow_null_origin.unwrap_or(default.allow_null_origin),
            open_handshake_timeout: time(
                self.open_handshake_timeout,
                default.open_handshake_timeout,
            ),
            hello_timeout: time(self.hello_timeout, default.hello_timeout),
            close_handshake_timeout: time(
                self.close_handshake_timeout,
                default.close_handshake_timeout,
            ),
            enable_webstatus: self.enable_webstatus.unwrap_or(default.enable_webstatus),
            validate_utf8: self.validate_utf8.unwrap_or(default.validate_utf8),
            mask_server_frames: self
                .mask_server_frames
                .unwrap_or(default.mask_server_frames),
            require_masked_client_frames: self
                .require_masked_client_frames
                .unwrap_or(default.require_masked_client_frames),
            max_frame_size: self
                .max_frame_size
                .map_or(default.max_frame_size, Whole::non_zero),
            max_message_size: self
                .max_message_size
                .map_or(default.max_message_size, Whole::non_zero),
            auto_fragment_size: self.auto_fragment_size.and_then(Whole::non_zero),
            fail_by_drop: self.fail_by_drop.unwrap_or(default.fail_by_drop),
            echo_close_codereason: self
                .echo_close_codereason
                .unwrap_or(default.echo_close_codereason),
            auto_ping,
            deflate,
            require_websocket_subprotocol: self
                .require_websocket_subprotocol
                .unwrap_or(default.require_websocket_subprotocol),
            show_server_version: self
                .show_server_version
                .unwrap_or(default.show_server_version),
            strict_request_ids: self
                .strict_request_ids
                .unwrap_or(default.strict_request_ids),
            queue,
        }
    }

    fn auto_ping(&self) -> Option<AutoPing> {
        let interval = self.auto_ping_interval.and_then(Milliseconds::duration)?;
        Some(AutoPing {
            interval,
            timeout: self.auto_ping_timeout.and_then(Milliseconds::duration),
            size: self.auto_ping_size.map_or(DEFAULT_PING_SIZE, Whole::get),
            restart_on_any_traffic: self.auto_ping_restart_on_any_traffic.unwrap_or(true),
        })
    }
}

impl Deflate {
    fn read(reading: &mut Reading, value: Option<Value>, at: &Place) -> Option<Self> {
        let written: CompressionAsWritten = reading.read(value?, at)?;
        let written: DeflateAsWritten = reading.read(written.deflate?, &at.key("deflate"))?;
        Some(Self {
            request_no_context_takeover: written.request_no_context_takeover.unwrap_or(false),
            request_max_window_bits: written.request_max_window_bits.and_then(|bits| bits.0),
            no_context_takeover: written.no_context_takeover,
            max_window_bits: written.max_window_bits.map(Whole::get),
        })
    }
}

/// 0 (none) or 9 to 15.
struct WindowBits(Option<u8>);

impl<'de> Deserialize<'de> for WindowBits {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bits = Whole::<0, 15>::deserialize(deserializer)?.non_zero::<u8>();
        if bits.is_some_and(|bits| bits < 9) {
            return Err(serde::de::Error::custom(
                "a window has 9 to 15 bits, or 0 for no limit",
            ));
        }
        Ok(Self(bits))
    }
}

const FLASH: Refusal = Refusal::Never("no browser runs Flash");
/// 64 MiB
const MAX_SIZE: u64 = 64 << 20;
const DEFAULT_PING_SIZE: u8 = 12;
