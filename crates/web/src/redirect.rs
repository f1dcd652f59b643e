//! `redirect`: one place to go, for its path and all below.

use crossbar_net::empty;
use http::StatusCode;
use http::header::{self, HeaderValue};

use crate::ServiceError;
use crate::answer::{Response, readable, response};
use crate::asked::Asked;

/// A redirection with 302.
pub(crate) struct Redirect {
    location: HeaderValue,
}

impl Redirect {
    pub(crate) fn new(url: &str) -> Result<Self, ServiceError> {
        HeaderValue::from_str(url)
            .map(|location| Self { location })
            .map_err(|_| ServiceError::Location {
                url: url.to_owned(),
            })
    }

    pub(crate) fn serve(&self, asked: &Asked<'_>) -> Response {
        if let Err(answer) = readable(asked.method) {
            return *answer;
        }
        let mut found = response(StatusCode::FOUND, empty());
        found
            .headers_mut()
            .insert(header::LOCATION, self.location.clone());
        found
    }
}
