//! The server's side of WebSocket's opening handshake (RFC 6455 §4.2).

use crossbar_config::WebSocketOptions;
use crossbar_wire::Format;
use crossbar_wire::websocket::{self, Deflate, DeflatePolicy};
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use crate::origin::{self, Foreign, Page};
use crate::site::{Body, empty, full, guarded};
use crate::subprotocol::{self, Subprotocol};

/// What was agreed with a client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Agreement {
    /// The serializer; none where messages are only echoed.
    pub(crate) format: Option<Format>,
    /// Whether each WebSocket message is a batch of WAMP messages.
    pub(crate) batched: bool,
    /// Compression.
    pub(crate) deflate: Option<Deflate>,
    /// Whose page asks.
    pub(crate) page: Page,
}

/// Why a request does not become a WebSocket connection.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("this is a WebSocket service: it takes WebSocket connections only")]
    NotWebSocket,
    #[error("the WebSocket handshake must be a GET request of HTTP/1.1")]
    Method,
    #[error("only version 13 of the WebSocket protocol is spoken here (RFC 6455)")]
    Version,
    #[error("the header Sec-WebSocket-Key must hold 16 octets in Base64")]
    Key,
    #[error("origin \"{0}\" is not allowed to connect")]
    Origin(String),
    #[error("no subprotocol in common: the client must offer one of {0}")]
    Protocol(String),
}

/// Agrees with a request that asks for WebSocket. `formats` are the serializers that can be asked for, none if any
/// subprotocol will do.
///
/// # Errors
/// Says why not.
pub(crate) fn agree<B>(
    request: &Request<B>,
    formats: Option<&[Format]>,
    options: &WebSocketOptions,
) -> Result<(Agreement, Response<Body>), Refusal> {
    let headers = request.headers();
    if !lists(headers, &UPGRADE, "websocket") || !lists(headers, &CONNECTION, "upgrade") {
        return Err(Refusal::NotWebSocket);
    }
    if request.method() != Method::GET || request.version() != http::Version::HTTP_11 {
        return Err(Refusal::Method);
    }
    if text(headers, &SEC_WEBSOCKET_VERSION) != Some("13") {
        return Err(Refusal::Version);
    }
    let key = text(headers, &SEC_WEBSOCKET_KEY)
        .filter(|key| is_key(key))
        .ok_or(Refusal::Key)?;
    let page = origin::check(headers, &options.allowed_origins, options.allow_null_origin)
        .map_err(|Foreign(origin)| Refusal::Origin(origin))?;
    let subprotocol = choose_protocol(headers, formats, options)?;
    let agreement = Agreement {
        format: subprotocol.format,
        batched: subprotocol.batched,
        deflate: choose_deflate(headers, options),
        page,
    };
    let response = accept(key, subprotocol.name, agreement.deflate, options);
    Ok((agreement, response))
}

/// Answers a request that does not become a WebSocket connection.
pub(crate) fn refuse(refusal: &Refusal, options: &WebSocketOptions) -> Response<Body> {
    let status = match refusal {
        Refusal::NotWebSocket if options.enable_webstatus => {
            return with_server(options, status_page());
        }
        Refusal::NotWebSocket | Refusal::Version => StatusCode::UPGRADE_REQUIRED,
        Refusal::Method | Refusal::Key | Refusal::Protocol(_) => StatusCode::BAD_REQUEST,
        Refusal::Origin(_) => StatusCode::FORBIDDEN,
    };
    let mut response = Response::new(full(format!("{refusal}\n")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, PLAIN);
    if status == StatusCode::UPGRADE_REQUIRED {
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    }
    with_server(options, guarded(response))
}

/// Chooses the client's first subprotocol that is served. Without any, `wamp.2.json` is spoken if that is allowed.
fn choose_protocol(
    headers: &HeaderMap,
    formats: Option<&[Format]>,
    options: &WebSocketOptions,
) -> Result<Subprotocol, Refusal> {
    let Some(formats) = formats else {
        return Ok(Subprotocol::default());
    };
    let mut offered = false;
    for offer in items(headers, &SEC_WEBSOCKET_PROTOCOL) {
        offered = true;
        if let Some(subprotocol) = subprotocol::named(offer, formats) {
            return Ok(subprotocol);
        }
    }
    if !offered && !options.require_websocket_subprotocol && formats.contains(&Format::Json) {
        return Ok(Subprotocol {
            format: Some(Format::Json),
            ..Subprotocol::default()
        });
    }
    Err(Refusal::Protocol(subprotocol::list(formats)))
}

fn choose_deflate(headers: &HeaderMap, options: &WebSocketOptions) -> Option<Deflate> {
    let configured = options.deflate?;
    let policy = DeflatePolicy {
        no_context_takeover: configured.no_context_takeover.unwrap_or(false),
        max_window_bits: configured.max_window_bits,
        request_no_context_takeover: configured.request_no_context_takeover,
        request_max_window_bits: configured.request_max_window_bits,
    };
    let offers: Vec<&str> = items(headers, &SEC_WEBSOCKET_EXTENSIONS).collect();
    policy.choose(&offers.join(","))
}

fn accept(
    key: &str,
    protocol: Option<&'static str>,
    deflate: Option<Deflate>,
    options: &WebSocketOptions,
) -> Response<Body> {
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    if let Ok(accept) = HeaderValue::from_str(&websocket::accept_key(key)) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    if let Some(protocol) = protocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    }
    if let Some(answer) = deflate.and_then(|deflate| HeaderValue::from_str(&deflate.answer()).ok())
    {
        headers.insert(SEC_WEBSOCKET_EXTENSIONS, answer);
    }
    with_server(options, response)
}

fn with_server(options: &WebSocketOptions, mut response: Response<Body>) -> Response<Body> {
    let server = if options.show_server_version {
        concat!("Crossbar/", env!("CARGO_PKG_VERSION"))
    } else {
        "Crossbar"
    };
    response
        .headers_mut()
        .insert(http::header::SERVER, HeaderValue::from_static(server));
    response
}

fn status_page() -> Response<Body> {
    let mut response = Response::new(full(STATUS_PAGE));
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    (response.headers_mut()).insert(http::header::CONTENT_TYPE, html);
    guarded(response)
}

/// Gives the items of a header that is a list, over all its lines, without empty ones.
fn items<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

fn lists(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    items(headers, name).any(|item| item.eq_ignore_ascii_case(wanted))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// Says whether a key is 16 octets in Base64: 22 digits and two signs of padding.
fn is_key(key: &str) -> bool {
    key.strip_suffix("==").is_some_and(|digits| {
        digits.len() == 22
            && digits
                .bytes()
                .all(|digit| digit.is_ascii_alphanumeric() || digit == b'+' || digit == b'/')
    })
}

/// What plain text is.
pub(crate) const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

const STATUS_PAGE: &str = "<!DOCTYPE html>
<html lang=\"en\">
<head><meta charset=\"utf-8\"><title>WebSocket service</title></head>
<body>
<h1>WebSocket service</h1>
<p>This address takes WebSocket connections. Connect to it with a WAMP client.</p>
</body>
</html>
";

#[cfg(test)]
mod tests {
    use super::*;

    fn request(fields: &[(&str, &str)]) -> Request<()> {
        let mut builder = Request::get("/ws")
            .header("Host", "localhost:8080")
            .header("Upgrade", "WebSocket")
            .header("Connection", "keep-alive, Upgrade")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        for (name, value) in fields {
            builder = builder.header(*name, *value);
        }
        builder.body(()).unwrap()
    }

    fn format(
        fields: &[(&str, &str)],
        options: &WebSocketOptions,
    ) -> Result<Option<Format>, Refusal> {
        agree(&request(fields), Some(&Format::OFFERED), options)
            .map(|(agreement, _)| agreement.format)
    }

    #[test]
    fn the_clients_order_decides() {
        let options = WebSocketOptions::default();
        for (offer, chosen) in [
            ("wamp.2.json, wamp.2.cbor", Format::Json),
            (
                "wamp.2.ubjson2.batched,wamp.2.msgpack,wamp.2.json",
                Format::MsgPack,
            ),
            ("wamp.2.json,", Format::Json),
            ("mqtt, wamp.2.cbor", Format::Cbor),
            ("wamp.2.ubjson, wamp.2.json", Format::Bjdata),
        ] {
            let agreed = format(&[("Sec-WebSocket-Protocol", offer)], &options);
            assert_eq!(agreed, Ok(Some(chosen)), "{offer}");
        }
    }

    #[test]
    fn no_subprotocol_in_common_is_refused_with_the_list() {
        let options = WebSocketOptions::default();
        let expected = Refusal::Protocol(subprotocol::list(&Format::OFFERED));
        assert_eq!(
            format(&[("Sec-WebSocket-Protocol", "wamp.3.json")], &options).unwrap_err(),
            expected
        );
        assert_eq!(format(&[], &options), Err(expected));
        let lenient = WebSocketOptions {
            require_websocket_subprotocol: false,
            ..WebSocketOptions::default()
        };
        assert_eq!(format(&[], &lenient), Ok(Some(Format::Json)));
    }

    #[test]
    fn the_answer_holds_the_key_of_the_specifications_example() {
        let fields = [("Sec-WebSocket-Protocol", "wamp.2.json")];
        let options = WebSocketOptions::default();
        let (_, response) = agree(&request(&fields), Some(&[Format::Json]), &options).unwrap();
        assert_eq!(response.status(), 101);
        let headers = response.headers();
        assert_eq!(
            headers["sec-websocket-accept"],
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
        assert_eq!(headers["sec-websocket-protocol"], "wamp.2.json");
    }

    #[test]
    fn origins_are_compared() {
        let options = WebSocketOptions {
            allowed_origins: [
                "https://*.example.com",
                "http://intranet:80",
                "http://[::1]:80",
            ]
            .map(str::to_owned)
            .to_vec(),
            allow_null_origin: false,
            ..WebSocketOptions::default()
        };
        for (origin, allowed) in [
            ("https://www.example.com", true),
            ("https://example.com", false),
            ("https://www.example.com.evil.net", false),
            ("https://www.example.com:443", false),
            ("HTTPS://WWW.EXAMPLE.COM", true),
            ("http://www.example.com", false),
            ("http://intranet", true),
            ("http://intranet:80", true),
            ("http://intranet:8080", false),
            ("http://[::1]", true),
            // The host that is asked: a name that an attacker owns may lead here.
            ("http://localhost:8080", false),
            ("http://localhost", false),
            ("null", false),
            ("file://", false),
            ("", false),
        ] {
            let fields = [
                ("Origin", origin),
                ("Sec-WebSocket-Protocol", "wamp.2.json"),
            ];
            assert_eq!(format(&fields, &options).is_ok(), allowed, "{origin}");
        }
    }

    #[test]
    fn broken_handshakes_have_names() {
        let options = WebSocketOptions::default();
        let refusal = |request: &Request<()>| agree(request, None, &options).unwrap_err();
        let mut version = request(&[]);
        version
            .headers_mut()
            .insert("Sec-WebSocket-Version", HeaderValue::from_static("8"));
        assert_eq!(refusal(&version), Refusal::Version);
        let mut key = request(&[]);
        key.headers_mut()
            .insert("Sec-WebSocket-Key", HeaderValue::from_static("short"));
        assert_eq!(refusal(&key), Refusal::Key);
        let plain = Request::get("/").body(()).unwrap();
        assert_eq!(refusal(&plain), Refusal::NotWebSocket);
        let mut post = request(&[]);
        *post.method_mut() = Method::POST;
        assert_eq!(refusal(&post), Refusal::Method);
    }
}
