use std::sync::Arc;
use std::time::Duration;

use crossbar_core::{Access, Limits};
use crossbar_wire::Format;
use serde::Deserialize;
use serde_json::Value;

use crate::origins::{self, names_host};
use crate::place::Place;
use crate::reading::Reading;
use crate::transport::HELLO_TIMEOUT;
use crate::written::{Written, given};
use crate::{Cookie, Problem, QueueLimits, access, limits, serializers};

/// WAMP over WebSocket: a transport, a Web service, or a part of a `universal` transport.
#[derive(Clone, Debug)]
pub struct WebSocket {
    /// `url`: how clients reach it (`ws://` or `wss://`); for the reader of the configuration.
    pub url: Option<String>,
    /// `serializers`, in the router's order of preference: CBOR, MessagePack, JSON and UBJSON by default. With `ubjson`,
    /// `"bjdata"` (the default) or `"draft12"`, which of two incompatible formats is served by the name of `ubjson`: the
    /// one of Autobahn and Crossbar.io since 26.6, or the one before.
    pub formats: Vec<Format>,
    /// `options`
    pub options: WebSocketOptions,
    /// `auth`
    pub access: Access,
    /// `cookie`
    pub cookie: Option<Cookie>,
    /// `limits`: what each of its sessions may have and send.
    pub limits: Arc<Limits>,
}

/// `options` of a WebSocket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WebSocketOptions {
    /// `allowed_origins`: patterns in which `*` stands for anything, compared with the whole origin, as sent and with its port;
    /// others get 403. Requests without `Origin` are not asked.
    pub allowed_origins: Vec<String>,
    /// `allow_null_origin`: whether `Origin: null` is served (pages from files, sandboxed frames).
    pub allow_null_origin: bool,
    /// `open_handshake_timeout`: how long a client of a `websocket` transport may take for the head of its request; the default with 0,
    /// and where the head must be read to know that it is one for a WebSocket.
    pub open_handshake_timeout: Option<Duration>,
    /// `hello_timeout`: how long a client may take then until its session is open; none with 0.
    pub hello_timeout: Option<Duration>,
    /// `close_handshake_timeout`: how long a client may take to answer a close frame; none with 0.
    pub close_handshake_timeout: Option<Duration>,
    /// `enable_webstatus`: a plain GET gets a status page.
    pub enable_webstatus: bool,
    /// `validate_utf8`: of text messages.
    pub validate_utf8: bool,
    /// `mask_server_frames`
    pub mask_server_frames: bool,
    /// `require_masked_client_frames`
    pub require_masked_client_frames: bool,
    /// `max_frame_size` in octets; none with 0.
    pub max_frame_size: Option<usize>,
    /// `max_message_size` in octets; none with 0.
    pub max_message_size: Option<usize>,
    /// `auto_fragment_size`: messages are sent in frames of this many octets; none with 0.
    pub auto_fragment_size: Option<usize>,
    /// `fail_by_drop`: a violation of the protocol drops the connection, without a close frame.
    pub fail_by_drop: bool,
    /// `echo_close_codereason`: a client's close code and reason are sent back.
    pub echo_close_codereason: bool,
    /// `auto_ping_*`; none with `auto_ping_interval` 0.
    pub auto_ping: Option<AutoPing>,
    /// `compression.deflate`
    pub deflate: Option<Deflate>,
    /// `require_websocket_subprotocol`: if not, a client that offers none speaks `wamp.2.json`.
    pub require_websocket_subprotocol: bool,
    /// `show_server_version`: in the `Server` header.
    pub show_server_version: bool,
    /// `strict_request_ids`: clients' request ids must count up from 1; they need not by default.
    pub strict_request_ids: bool,
    /// `send_queue_limit`, `send_queue_overflow`
    pub queue: QueueLimits,
}

/// `auto_ping_*`
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AutoPing {
    /// `auto_ping_interval`
    pub interval: Duration,
    /// `auto_ping_timeout`: a connection that has not answered by then is dropped.
    pub timeout: Option<Duration>,
    /// `auto_ping_size`: octets of a ping's payload, 12 to 125.
    pub size: u8,
    /// `auto_ping_restart_on_any_traffic`: whatever comes in counts as an answer.
    pub restart_on_any_traffic: bool,
}

/// `compression.deflate`: permessage-deflate (RFC 7692), used when a client offers it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Deflate {
    /// `request_no_context_takeover`: asks of the client to forget its window after each message.
    pub request_no_context_takeover: bool,
    /// `request_max_window_bits`: asks of the client a window of 2^n octets; none with 0.
    pub request_max_window_bits: Option<u8>,
    /// `no_context_takeover`: forgets its own window after each message, even unasked.
    pub no_context_takeover: Option<bool>,
    /// `max_window_bits`: of its own window, 9 to 15, even unasked.
    pub max_window_bits: Option<u8>,
}

impl Default for WebSocketOptions {
    fn default() -> Self {
        Self {
            allowed_origins: vec!["*".to_owned()],
            allow_null_origin: true,
            open_handshake_timeout: Some(Duration::from_secs(10)),
            hello_timeout: Some(HELLO_TIMEOUT),
            close_handshake_timeout: Some(Duration::from_secs(5)),
            enable_webstatus: true,
            validate_utf8: true,
            mask_server_frames: false,
            require_masked_client_frames: true,
            max_frame_size: None,
            max_message_size: Some(16 << 20),
            auto_fragment_size: None,
            fail_by_drop: false,
            echo_close_codereason: false,
            auto_ping: None,
            deflate: None,
            require_websocket_subprotocol: true,
            show_server_version: false,
            strict_request_ids: false,
            queue: QueueLimits::default(),
        }
    }
}

/// `websocket` as written, without what belongs to a transport.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebSocketAsWritten {
    url: Option<String>,
    serializers: Option<Value>,
    ubjson: Option<String>,
    options: Option<Value>,
    /// Null would leave the transport open to everybody, so it is no absent key.
    #[serde(default, deserialize_with = "given")]
    auth: Option<Value>,
    cookie: Option<Value>,
    limits: Option<Value>,
}

impl Written for WebSocketAsWritten {
    const IGNORED: &'static [(&'static str, &'static str)] =
        &[("debug", "`--loglevel` says what is logged")];
}

impl WebSocket {
    /// Reads what is WebSocket's in a transport, Web service or part of a `universal` transport.
    pub(crate) fn read(reading: &mut Reading, body: Value, at: &Place) -> Option<Self> {
        let written: WebSocketAsWritten = reading.read(body, at)?;
        if let Some(url) = &written.url
            && !is_websocket_url(url)
        {
            let problem = Problem::Rule("not a URL of the form ws://host:port/path or wss://…");
            let value = Some(Value::from(url.as_str()));
            reading.fault_with(&at.key("url"), problem, value, None);
        }
        let ubjson = written.ubjson.as_deref();
        let formats = serializers::read(reading, written.serializers, ubjson, at);
        let access = access::read_with_cookie(reading, written.auth, &at.key("auth"));
        let lacking = "the method needs \"cookie\" beside \"auth\"";
        reading.check_needs_cookie(written.cookie.is_none().then_some(lacking));
        let cookie = written.cookie;
        let cookie = cookie.map(|it| Cookie::read(reading, it, &at.key("cookie")));
        let limits = limits::read(reading, written.limits, &at.key("limits"));
        let options = WebSocketOptions::read(reading, written.options, &at.key("options"))?;
        origins::check_certificates(
            reading,
            &access,
            &options.allowed_origins,
            &at.key("options"),
        );
        if let Some(Some(cookie)) = &cookie
            && access.has_cookie_method()
        {
            check_exposure(reading, cookie, &options, at);
        }
        Some(Self {
            url: written.url,
            formats,
            options,
            access,
            cookie: cookie.map_or(Some(None), |cookie| cookie.map(Some))?,
            limits: Arc::new(limits?),
        })
    }
}

/// Gives notice of what lets others than the reader of a page use the cookie that lets its holder in.
fn check_exposure(reading: &mut Reading, cookie: &Cookie, options: &WebSocketOptions, at: &Place) {
    if !options.allowed_origins.iter().any(|it| names_host(it)) {
        let at = at.key("options").key("allowed_origins");
        let text = "no host is named: the cookie is good for pages of the host that is asked only";
        reading.notice(&at, text);
    }
    if !cookie.http_only {
        let text =
            "set \"http_strict\", so that no script of a page can read what lets its reader in";
        reading.notice(&at.key("cookie").key("http_strict"), text);
    }
}

fn is_websocket_url(url: &str) -> bool {
    let rest = url
        .strip_prefix("ws://")
        .or_else(|| url.strip_prefix("wss://"));
    let authority = rest.and_then(|rest| rest.split(['/', '?']).next());
    let host_and_port = authority.map(|authority| {
        let bracket = authority.rfind(']');
        match authority
            .rfind(':')
            .filter(|&colon| bracket.is_none_or(|bracket| colon > bracket))
        {
            Some(colon) => authority.split_at(colon),
            None => (authority, ""),
        }
    });
    host_and_port.is_some_and(|(host, port)| {
        let port_is_valid = port.is_empty() || port[1..].parse::<u16>().is_ok();
        !host.is_empty() && port_is_valid && !url.contains(char::is_whitespace)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for url in [
            "ws://localhost:8080/ws",
            "wss://example.com",
            "ws://[::1]:80/",
        ] {
            assert!(is_websocket_url(url), "{url}");
        }
        for url in [
            "http://localhost",
            "ws://",
            "ws://h:99999",
            "ws://:80",
            "ws://a b",
        ] {
            assert!(!is_websocket_url(url), "{url}");
        }
    }
}
