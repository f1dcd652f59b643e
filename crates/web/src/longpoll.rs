//! `longpoll`: WAMP over requests (WAMP spec, "HTTP Long-poll Transport"). What a transport does is in `net`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crossbar_net::{
    LongPollService, LongPollTransport, OpenFault, Page, SendFault, empty, full, guarded,
};
use crossbar_wire::{Format, SessionId};
use http::header::{self, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use serde_json::{Value, json};

use crate::answer::{self, LoggedTarget, Response, response};
use crate::asked::Asked;

/// A long-poll service below a path.
pub(crate) struct LongPoll {
    service: Arc<LongPollService>,
}

/// The longest body of `open`, in octets.
const LONGEST_OPEN: usize = 64 * 1024;
/// How long a client may take to send a request's body.
const BODY: Duration = Duration::from_secs(60);

impl LongPoll {
    pub(crate) const fn new(service: Arc<LongPollService>) -> Self {
        Self { service }
    }

    /// Ends the sessions of all clients.
    pub(crate) fn stop(&self) {
        self.service.stop();
    }

    /// Answers a request. Pages that may ask may read whatever the answer is.
    pub(crate) async fn serve(&self, asked: &Asked<'_>, body: &mut Incoming) -> Response {
        let mut answer = match self.service.page(asked.headers) {
            Ok(page) => {
                let mut answer = self.answer(asked, page, body).await;
                share(asked.headers, answer.headers_mut());
                answer
            }
            Err(foreign) => text(StatusCode::FORBIDDEN, &foreign.to_string()),
        };
        (answer.headers_mut()).insert(header::CACHE_CONTROL, UNCACHED);
        if let Some(target) = without_id(asked) {
            answer.extensions_mut().insert(target);
        }
        answer
    }

    async fn answer(&self, asked: &Asked<'_>, page: Page, body: &mut Incoming) -> Response {
        let below: Vec<&str> = asked.below().iter().map(String::as_str).collect();
        if asked.method == Method::OPTIONS {
            return preflight();
        }
        let (get, post) = (asked.method == Method::GET, asked.method == Method::POST);
        match below.as_slice() {
            [] if get => answer::page(StatusCode::OK, NOTICE.to_owned()),
            [] => not_allowed(),
            ["open"] if post => self.open(asked, page, body).await,
            ["open"] => not_allowed(),
            [id] | [id, "send" | "receive" | "close"] => match self.service.find(id) {
                None => no_transport(),
                Some(transport) => match below.get(1) {
                    None if get => about(&transport),
                    Some(&"send") if post => send(&transport, body).await,
                    Some(&"receive") if post => receive(&transport).await,
                    Some(_) if post => self.close(id),
                    None | Some(_) => not_allowed(),
                },
            },
            _ => text(StatusCode::NOT_FOUND, "nothing is here"),
        }
    }

    async fn open(&self, asked: &Asked<'_>, page: Page, body: &mut Incoming) -> Response {
        let body = match read(body, LONGEST_OPEN).await {
            Ok(body) => body,
            Err(answer) => return *answer,
        };
        let Ok(Value::Object(wishes)) = serde_json::from_slice(&body) else {
            return text(StatusCode::BAD_REQUEST, "the body must be a JSON object");
        };
        let Some(Value::Array(protocols)) = wishes.get("protocols") else {
            return text(StatusCode::BAD_REQUEST, "the list \"protocols\" is missing");
        };
        let protocols: Vec<&str> = protocols.iter().filter_map(Value::as_str).collect();
        match self.service.open(&protocols, &asked.peer.behind(page)) {
            Ok(transport) => json(&json!({
                "transport": transport.id(),
                "protocol": transport.protocol(),
            })),
            Err(fault @ OpenFault::Protocol(_)) => {
                text(StatusCode::BAD_REQUEST, &fault.to_string())
            }
            Err(fault) => text(StatusCode::SERVICE_UNAVAILABLE, &fault.to_string()),
        }
    }

    fn close(&self, id: &str) -> Response {
        if self.service.close(id) {
            response(StatusCode::NO_CONTENT, empty())
        } else {
            no_transport()
        }
    }
}

async fn send(transport: &LongPollTransport, body: &mut Incoming) -> Response {
    let body = match read(body, transport.longest()).await {
        Ok(body) => body,
        Err(answer) => return *answer,
    };
    match transport.send(body).await {
        // compat: AutobahnJS takes 202, which the specification also names, for a failure.
        Ok(()) => response(StatusCode::NO_CONTENT, empty()),
        Err(SendFault::Gone(_)) => no_transport(),
        Err(fault) => text(StatusCode::BAD_REQUEST, &fault.to_string()),
    }
}

async fn receive(transport: &LongPollTransport) -> Response {
    let Ok(body) = transport.receive().await else {
        return no_transport();
    };
    let mut answer = response(StatusCode::OK, full(body));
    let media_type = match transport.format() {
        Format::Json => "application/json",
        Format::MsgPack => "application/x-msgpack",
        Format::Cbor => "application/cbor",
        Format::Bjdata | Format::Ubjson => "application/ubjson",
        Format::FlatBuffers => "application/x-flatbuffers",
    };
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer
}

/// Gives a request's target without the id of a transport: whoever knows that has the session.
fn without_id(asked: &Asked<'_>) -> Option<LoggedTarget> {
    asked.below().first().filter(|id| *id != "open")?;
    // A path begins with a slash, so that an empty component comes first.
    let mut components: Vec<&str> = asked.uri.path().split('/').collect();
    *components.get_mut(1 + asked.depth)? = "*";
    Some(LoggedTarget(components.join("/")))
}

/// Reads a request's body.
async fn read(body: &mut Incoming, longest: usize) -> Result<Bytes, Box<Response>> {
    let lower = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if lower > longest {
        return Err(Box::new(too_long()));
    }
    match tokio::time::timeout(BODY, Limited::new(body, longest).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Box::new(too_long())),
        Ok(Err(_)) => Err(Box::new(text(
            StatusCode::BAD_REQUEST,
            "the body is cut off",
        ))),
        Err(_) => Err(Box::new(text(
            StatusCode::REQUEST_TIMEOUT,
            "the body took too long",
        ))),
    }
}

fn about(transport: &LongPollTransport) -> Response {
    json(&json!({
        "transport": transport.id(),
        "session": transport.session().map(SessionId::value),
        "waiting": transport.is_waiting(),
    }))
}

fn json(value: &Value) -> Response {
    let mut answer = response(StatusCode::OK, full(value.to_string()));
    answer.headers_mut().insert(header::CONTENT_TYPE, JSON);
    guarded(answer)
}

fn text(status: StatusCode, what: &str) -> Response {
    let mut answer = response(status, full(format!("{what}\n")));
    answer.headers_mut().insert(header::CONTENT_TYPE, PLAIN);
    guarded(answer)
}

fn too_long() -> Response {
    text(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long")
}

fn no_transport() -> Response {
    text(StatusCode::NOT_FOUND, "no such transport is open")
}

fn not_allowed() -> Response {
    let mut answer = text(
        StatusCode::METHOD_NOT_ALLOWED,
        "requests are sent with POST",
    );
    answer.headers_mut().insert(header::ALLOW, METHODS);
    answer
}

/// Lets a page of another origin send what AutobahnJS sends.
fn preflight() -> Response {
    let mut answer = response(StatusCode::NO_CONTENT, empty());
    let headers = answer.headers_mut();
    headers.insert(header::ALLOW, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, KEEP_PREFLIGHT);
    answer
}

/// Lets the page that asks read the answer. AutobahnJS asks with credentials, for which `*` is not enough: even a page
/// without an origin is named.
fn share(asked: &HeaderMap, answer: &mut HeaderMap) {
    let origin = asked.get(header::ORIGIN).cloned();
    answer.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        origin.unwrap_or(HeaderValue::from_static("*")),
    );
    answer.insert(
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
    answer.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
}

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, OPTIONS");
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const UNCACHED: HeaderValue =
    HeaderValue::from_static("no-store, no-cache, must-revalidate, max-age=0");
/// Seconds for which a browser need not ask again.
const KEEP_PREFLIGHT: HeaderValue = HeaderValue::from_static("7200");

const NOTICE: &str = "<!DOCTYPE html>
<html lang=\"en\">
<head><meta charset=\"utf-8\"><title>Long-poll service</title></head>
<body>
<h1>Long-poll service</h1>
<p>This address takes WAMP clients over HTTP long-poll: they begin with POST to <code>open</code> below it.</p>
</body>
</html>
";
