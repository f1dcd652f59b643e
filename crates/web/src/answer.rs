//! Responses that several services give.

use crossbar_net::{Body, empty, full, guarded};
use http::header::{self, HeaderValue};
use http::{HeaderMap, Method, StatusCode};

/// A response of a service.
pub(crate) type Response = http::Response<Body>;

/// In a response's extensions: what the access log shows for the request's target, where that holds a secret.
#[derive(Clone)]
pub(crate) struct LoggedTarget(pub(crate) String);

/// A response without headers.
pub(crate) fn response(status: StatusCode, body: Body) -> Response {
    let mut response = http::Response::new(body);
    *response.status_mut() = status;
    response
}

/// A page made by a service; it may use styles of its own and nothing else.
pub(crate) fn page(status: StatusCode, html: String) -> Response {
    let mut response = response(status, full(html));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HTML);
    headers.insert(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
    guarded(response)
}

/// The page for a failure: what the status says and nothing about the node.
pub(crate) fn failure(status: StatusCode) -> Response {
    let title = format!(
        "{} {}",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default()
    );
    page(
        status,
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\
             <body><h1>{title}</h1></body></html>\n"
        ),
    )
}

/// Sends the client elsewhere; none if `location` cannot stand in a header.
pub(crate) fn found(location: &str) -> Option<Response> {
    let location = HeaderValue::from_str(location).ok()?;
    let mut response = response(StatusCode::FOUND, empty());
    response.headers_mut().insert(header::LOCATION, location);
    Some(response)
}

/// Whether a service that can only be read takes the method; if not, its answer.
///
/// OPTIONS is answered for the sake of CORS preflights.
///
/// # Errors
/// The response, if the method is neither GET nor HEAD.
pub(crate) fn readable(method: &Method) -> Result<(), Box<Response>> {
    if method == Method::GET || method == Method::HEAD {
        return Ok(());
    }
    let mut response = if method == Method::OPTIONS {
        response(StatusCode::NO_CONTENT, empty())
    } else {
        failure(StatusCode::METHOD_NOT_ALLOWED)
    };
    response.headers_mut().insert(header::ALLOW, METHODS);
    Err(Box::new(response))
}

/// Lets pages of all origins read the response, as it is for those that have no cookie here: pages of other origins must not read
/// what a browser gets in its user's name.
pub(crate) fn share_with_origins(asked: &HeaderMap, response: &mut Response) {
    let preflight = response.status() == StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    if preflight {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    }
}

/// Writes text so that HTML shows it as it is, in attributes too.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
