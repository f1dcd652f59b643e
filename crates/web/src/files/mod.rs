//! `static`: the files of a directory.
//!
//! What is served is a regular file whose real path lies in the directory's real path, so that neither `..` nor a symbolic
//! link leads out. Everything else is answered with the same 404. The file system is only touched on blocking threads.

mod body;
mod conditions;
mod listing;
mod lookup;
mod media;
mod ranges;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crossbar_config::StaticFiles;
use crossbar_net::empty;
use http::header::{self, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use tracing::{error, warn};

use self::body::FileBody;
use self::conditions::{Validators, Verdict};
use self::lookup::{Found, Lookup, OpenFile};
use self::media::MediaTypes;
use self::ranges::Selection;
use crate::ServiceError;
use crate::answer::{Response, failure, found, readable, response, share_with_origins};
use crate::asked::Asked;

/// A directory that is served.
pub(crate) struct Files {
    directory: Arc<PathBuf>,
    types: MediaTypes,
    cache_timeout: Option<Duration>,
    listing: bool,
    default_file: Option<Arc<PathBuf>>,
    cross_origin: bool,
}

impl Files {
    pub(crate) fn new(config: &StaticFiles) -> Result<Self, ServiceError> {
        if !config.directory.is_dir() {
            let directory = config.directory.display();
            warn!(%directory, "a static Web service has no such directory: it answers 404 until there is one");
        }
        let default_file = config.default_file.as_ref();
        Ok(Self {
            directory: Arc::new(config.directory.clone()),
            types: MediaTypes::new(&config.mime_types)?,
            cache_timeout: config.cache_timeout,
            listing: config.directory_listing,
            cross_origin: config.allow_cross_origin,
            default_file: default_file.map(|file| Arc::new(config.directory.join(file))),
        })
    }

    pub(crate) async fn serve(&self, asked: &Asked<'_>) -> Response {
        let mut answer = match readable(asked.method) {
            Err(answer) => *answer,
            Ok(()) => self.read(asked).await,
        };
        if self.cross_origin {
            share_with_origins(asked.headers, &mut answer);
        }
        answer
    }

    async fn read(&self, asked: &Asked<'_>) -> Response {
        let lookup = Lookup {
            directory: Arc::clone(&self.directory),
            below: asked.below().to_vec(),
            as_directory: asked.trail.ends_with_slash(),
            listing: self.listing,
            default_file: self.default_file.clone(),
        };
        let looked_up = tokio::task::spawn_blocking(move || lookup.run()).await;
        match looked_up {
            Ok(Ok(Found::File(file))) => self.file(asked, file, self.cache_timeout),
            // the default file stands for what is not there, which may come to be
            Ok(Ok(Found::Default(file))) => self.file(asked, file, None),
            Ok(Ok(Found::Directory)) => to_directory(asked),
            Ok(Ok(Found::Listing(entries))) => {
                listing::page(asked.uri.path(), &entries, &self.types)
            }
            Ok(Ok(Found::Nothing)) => failure(StatusCode::NOT_FOUND),
            Ok(Err(problem)) => {
                warn!(directory = %self.directory.display(), %problem, "cannot read a file to serve it");
                failure(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Err(problem) => {
                error!(%problem, "looking up a file failed");
                failure(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    fn file(&self, asked: &Asked<'_>, file: OpenFile, cache_timeout: Option<Duration>) -> Response {
        let validators = Validators::new(file.length, file.modified);
        let mut answer = match validators.judge(asked.headers) {
            Verdict::NotModified => response(StatusCode::NOT_MODIFIED, empty()),
            Verdict::Failed => failure(StatusCode::PRECONDITION_FAILED),
            Verdict::Send => self.content(asked, file, &validators),
        };
        let headers = answer.headers_mut();
        validators.announce(headers);
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if let Some(timeout) = cache_timeout {
            allow_caching(headers, timeout);
        }
        answer
    }

    fn content(&self, asked: &Asked<'_>, file: OpenFile, validators: &Validators) -> Response {
        let media = self.types.of(&file.name);
        let selection = if asked.method == Method::GET && validators.allow_range(asked.headers) {
            Selection::of(asked.headers.get(header::RANGE), file.length)
        } else {
            Selection::All
        };
        let Some(parts) = selection.parts(file.length, &media.content_type) else {
            return unsatisfiable(file.length);
        };
        let length = parts.length();
        let body = if asked.method == Method::HEAD {
            empty()
        } else {
            FileBody::new(file.file, parts.pieces).boxed_unsync()
        };
        let mut content = response(parts.status, body);
        let headers = content.headers_mut();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        headers.insert(header::CONTENT_TYPE, parts.content_type);
        if let Some(range) = parts.content_range {
            headers.insert(header::CONTENT_RANGE, range);
        }
        if let Some(encoding) = media.encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        content
    }
}

fn unsatisfiable(length: u64) -> Response {
    let mut answer = failure(StatusCode::RANGE_NOT_SATISFIABLE);
    if let Ok(range) = HeaderValue::try_from(format!("bytes */{length}")) {
        answer.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    answer
}

/// Sends the client to the same path with a slash, without a host: what is in front may be another one.
fn to_directory(asked: &Asked<'_>) -> Response {
    let location = asked.uri.query().map_or_else(
        || format!("{}/", asked.uri.path()),
        |query| format!("{}/?{query}", asked.uri.path()),
    );
    found(&location).unwrap_or_else(|| failure(StatusCode::NOT_FOUND))
}

fn allow_caching(headers: &mut HeaderMap, timeout: Duration) {
    let seconds = timeout.as_secs();
    if let Ok(control) = HeaderValue::try_from(format!("max-age={seconds}, public")) {
        headers.insert(header::CACHE_CONTROL, control);
    }
    // a date needs a year of four digits
    let expires = SystemTime::now() + timeout.min(MOST_CACHED);
    if let Ok(expires) = HeaderValue::try_from(httpdate::fmt_http_date(expires)) {
        headers.insert(header::EXPIRES, expires);
    }
}

/// A century.
const MOST_CACHED: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
