//! `welcome`: the page of the built-in node, on which calls and events are seen to work.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use crossbar_net::{full, guarded};
use http::StatusCode;
use http::header::{self, HeaderValue};
use sha2::{Digest, Sha256};

use crate::answer::{Response, failure, readable, response};
use crate::asked::Asked;

/// The page: one file with its script and its styles, and a policy that allows those and no other.
pub(crate) struct Welcome {
    policy: HeaderValue,
}

impl Welcome {
    pub(crate) fn new() -> Self {
        let policy = format!(
            "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; img-src data:; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            source(element("script")),
            source(element("style")),
        );
        Self {
            policy: HeaderValue::try_from(policy).expect("base64 and ASCII words fit in a header"),
        }
    }

    pub(crate) fn serve(&self, asked: &Asked<'_>) -> Response {
        if let Err(answer) = readable(asked.method) {
            return *answer;
        }
        if !asked.below().is_empty() {
            return failure(StatusCode::NOT_FOUND);
        }
        let mut page = response(StatusCode::OK, full(Bytes::from_static(PAGE.as_bytes())));
        let headers = page.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-cache"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        guarded(page)
    }
}

/// What stands in the page's one element of this name.
fn element(name: &str) -> &'static str {
    let (_, after) = PAGE
        .split_once(&format!("<{name}>"))
        .expect("the page has the element, without attributes");
    let (content, _) = after
        .split_once(&format!("</{name}>"))
        .expect("the page closes the element");
    content
}

/// The policy's name for a script or style with this text.
fn source(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}

const PAGE: &str = include_str!("welcome.html");
