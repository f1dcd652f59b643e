//! `json`: one document.

use bytes::Bytes;
use crossbar_config::JsonDocument;
use crossbar_net::full;
use http::StatusCode;
use http::header::{self, HeaderValue};

use crate::answer::{Response, failure, readable, response, share_with_origins};
use crate::asked::Asked;

/// A JSON document, written once.
pub(crate) struct Json {
    text: Bytes,
    cross_origin: bool,
    uncached: bool,
}

impl Json {
    pub(crate) fn new(config: &JsonDocument) -> Self {
        let text = if config.prettify {
            format!("{:#}", config.value)
        } else {
            config.value.to_string()
        };
        Self {
            text: Bytes::from(text),
            cross_origin: config.allow_cross_origin,
            uncached: config.discourage_caching,
        }
    }

    pub(crate) fn serve(&self, asked: &Asked<'_>) -> Response {
        let mut answer = match readable(asked.method) {
            Err(answer) => *answer,
            Ok(()) if !asked.below().is_empty() => return failure(StatusCode::NOT_FOUND),
            Ok(()) => self.document(),
        };
        if self.cross_origin {
            share_with_origins(asked.headers, &mut answer);
        }
        answer
    }

    fn document(&self) -> Response {
        let mut document = response(StatusCode::OK, full(self.text.clone()));
        let headers = document.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        if self.uncached {
            headers.insert(
                header::CACHE_CONTROL,
                HeaderValue::from_static("no-store, no-cache, must-revalidate, max-age=0"),
            );
        }
        document
    }
}
