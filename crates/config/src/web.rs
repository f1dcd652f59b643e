use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::place::Place;
use crate::reading::Reading;
use crate::transport::check_path;
use crate::written::{Refusal, Whole, Written, given};
use crate::{LongPoll, Problem, WebSocket};

/// HTTP services by path: a `web` transport, or the part of a `universal` one.
#[derive(Clone, Debug)]
pub struct Web {
    /// `paths`: a service by the first component of the request's path, `/` for all others.
    pub paths: BTreeMap<String, WebService>,
    /// `options`
    pub options: WebOptions,
}

/// `options` of a `web` transport.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct WebOptions {
    /// `access_log`: a line for each request.
    pub access_log: bool,
    /// `hsts`, `hsts_max_age`: how long browsers are told to use TLS only.
    pub hsts: Option<Duration>,
    /// `client_timeout`: how long an idle connection is kept open.
    pub client_timeout: Option<Duration>,
    /// `headers`: what every response has, in place of a header of the same name; but not the answers of `websocket`.
    pub headers: BTreeMap<String, String>,
}

/// A service on a path.
#[derive(Clone, Debug)]
pub enum WebService {
    /// `static`: files of a directory.
    Static(StaticFiles),
    /// `websocket`
    WebSocket(Box<WebSocket>),
    /// `longpoll`
    LongPoll(Box<LongPoll>),
    /// `nodeinfo`: a page about the node.
    NodeInfo,
    /// `json`: one JSON document.
    Json(JsonDocument),
    /// `redirect`: 302 to this URL.
    Redirect(String),
    /// `path`: services one path component deeper; `/` for all others.
    Path(BTreeMap<String, Self>),
    /// `welcome`: the built-in page that shows calls and events.
    Welcome,
}

/// `static`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StaticFiles {
    /// `directory`, absolute.
    pub directory: PathBuf,
    /// `options.enable_directory_listing`
    pub directory_listing: bool,
    /// `options.mime_types`: types by file name extension with its dot, beside the built-in ones.
    pub mime_types: BTreeMap<String, String>,
    /// `options.cache_timeout`: how long clients may keep a file; none sends no caching headers.
    pub cache_timeout: Option<Duration>,
    /// `options.default_file`: what is served in place of a 404, relative to the directory.
    pub default_file: Option<String>,
    /// `options.allow_cross_origin`: with CORS headers.
    pub allow_cross_origin: bool,
}

/// `json`
#[derive(Clone, Debug, PartialEq)]
pub struct JsonDocument {
    /// `value`
    pub value: Value,
    /// `options.prettify`: indented.
    pub prettify: bool,
    /// `options.allow_cross_origin`: with CORS headers.
    pub allow_cross_origin: bool,
    /// `options.discourage_caching`: with headers against caching.
    pub discourage_caching: bool,
}

/// `web` as written, without what every transport has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebAsWritten {
    #[serde(default, deserialize_with = "given")]
    paths: Option<Value>,
    options: Option<Value>,
}

impl Written for WebAsWritten {
    const REQUIRED: &'static [&'static str] = &["paths"];
}

impl Web {
    /// Reads what is Web's in a transport.
    pub(crate) fn read(reading: &mut Reading, body: Value, at: &Place) -> Option<Self> {
        let written: WebAsWritten = reading.read(body, at)?;
        let paths = WebService::read_all(reading, written.paths, &at.key("paths"));
        let options = WebOptions::read(reading, written.options, &at.key("options"))?;
        Some(Self { paths, options })
    }
}

/// `options` of Web as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionsAsWritten {
    access_log: Option<bool>,
    hsts: Option<bool>,
    /// Seconds.
    hsts_max_age: Option<Whole<0, 4_294_967_295>>,
    /// Seconds.
    client_timeout: Option<Whole<1, 86400>>,
    headers: Option<BTreeMap<String, String>>,
}

impl Written for OptionsAsWritten {
    const IGNORED: &'static [(&'static str, &'static str)] =
        &[("display_tracebacks", "there are no Python tracebacks")];
}

impl WebOptions {
    fn read(reading: &mut Reading, value: Option<Value>, at: &Place) -> Option<Self> {
        let written: OptionsAsWritten = reading.read_or_empty(value, at)?;
        let headers = written.headers.unwrap_or_default();
        check_headers(reading, &headers, &at.key("headers"));
        // compat: a `hsts_max_age` of 0 means the default.
        let max_age = written
            .hsts_max_age
            .and_then(Whole::non_zero)
            .unwrap_or(ONE_YEAR);
        Some(Self {
            access_log: written.access_log.unwrap_or(false),
            hsts: written
                .hsts
                .unwrap_or(false)
                .then(|| Duration::from_secs(max_age)),
            client_timeout: written.client_timeout.map(|t| Duration::from_secs(t.get())),
            headers,
        })
    }
}

/// Checks that headers can be sent, and that they are not the server's own.
fn check_headers(reading: &mut Reading, headers: &BTreeMap<String, String>, at: &Place) {
    for (name, value) in headers {
        let is_name =
            |octet: u8| octet.is_ascii_alphanumeric() || b"-_.!#$%&'*+^`|~".contains(&octet);
        let rule = if name.is_empty() || !name.bytes().all(is_name) {
            "not the name of a header"
        } else if FRAMING.contains(&name.to_ascii_lowercase().as_str()) {
            "the server itself writes this header"
        } else if value.bytes().any(|octet| !(b' '..=b'~').contains(&octet)) {
            "a header's value is printable ASCII"
        } else {
            continue;
        };
        reading.fault(&at.key(name), Problem::Rule(rule), None);
    }
}

/// Headers that say where a response ends and what becomes of the connection.
const FRAMING: [&str; 7] = [
    "connection",
    "content-length",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl WebService {
    /// Reads a service.
    pub(crate) fn read(reading: &mut Reading, value: Value, at: &Place) -> Option<Self> {
        let (kind, mut body) = reading.take_type(value, at)?;
        if let Some(Value::String(id)) = body.as_object_mut().and_then(|it| it.shift_remove("id")) {
            reading.check_id(&id, at);
        }
        match kind.as_str() {
            "static" => StaticFiles::read(reading, body, at).map(Self::Static),
            "websocket" => {
                WebSocket::read(reading, body, at).map(|it| Self::WebSocket(Box::new(it)))
            }
            "longpoll" => LongPoll::read(reading, body, at).map(|it| Self::LongPoll(Box::new(it))),
            "nodeinfo" => read_nothing(reading, body, at).map(|()| Self::NodeInfo),
            "welcome" => read_nothing(reading, body, at).map(|()| Self::Welcome),
            "json" => JsonDocument::read(reading, body, at).map(Self::Json),
            "redirect" => reading
                .read::<RedirectAsWritten>(body, at)
                .map(|written| Self::Redirect(written.url)),
            "path" => {
                let written: PathAsWritten = reading.read(body, at)?;
                let at = at.key("paths");
                Some(Self::Path(Self::read_all(reading, written.paths, &at)))
            }
            other => {
                refuse(reading, other, &at.key("type"));
                None
            }
        }
    }

    fn read_all(reading: &mut Reading, paths: Option<Value>, at: &Place) -> BTreeMap<String, Self> {
        let mut services = BTreeMap::new();
        for (path, value, at) in reading.entries(paths, at) {
            check_path(reading, &path, &at);
            services.extend(Self::read(reading, value, &at).map(|service| (path, service)));
        }
        services
    }
}

fn refuse(reading: &mut Reading, kind: &str, at: &Place) {
    let refusal = match kind {
        "websocket-reverseproxy"
        | "reverseproxy"
        | "cgi"
        | "wsgi"
        | "resource"
        | "publisher"
        | "caller"
        | "webhook"
        | "archive"
        | "wap" => Refusal::NotYet,
        "catalog" => Refusal::Never("it belongs to XBR"),
        "pairme" | "registerme" => Refusal::Never("it belongs to Crossbar.io's closed features"),
        "upload" => Refusal::Never("Crossbar.io has not had it since 2018"),
        other => {
            reading.unknown(other, "Web service type", &TYPES, at);
            return;
        }
    };
    reading.refuse(format!("the Web service type {kind:?}"), refusal, at);
}

/// A service without keys of its own, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NothingAsWritten {}

impl Written for NothingAsWritten {}

fn read_nothing(reading: &mut Reading, body: Value, at: &Place) -> Option<()> {
    reading.read::<NothingAsWritten>(body, at).map(|_| ())
}

/// `path` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PathAsWritten {
    #[serde(default, deserialize_with = "given")]
    paths: Option<Value>,
}

impl Written for PathAsWritten {
    const REQUIRED: &'static [&'static str] = &["paths"];
}

/// `redirect` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RedirectAsWritten {
    url: String,
}

impl Written for RedirectAsWritten {
    const REQUIRED: &'static [&'static str] = &["url"];
}

/// Writes generated ids into the services of a transport that have none; `/` needs none.
pub(crate) fn fill_ids(reading: &mut Reading, transport: &mut Value) {
    for holder in ["/paths", "/web/paths"] {
        let Some(paths) = transport.pointer_mut(holder).and_then(Value::as_object_mut) else {
            continue;
        };
        let mut order: Vec<String> = paths.keys().cloned().collect();
        order.sort();
        for path in order.iter().filter(|path| *path != "/") {
            if let Some(service) = paths.get_mut(path) {
                reading.fill_id(service, "webservice");
            }
        }
    }
}

const ONE_YEAR: u64 = 365 * 24 * 3600;
const TYPES: [&str; 8] = [
    "static",
    "websocket",
    "longpoll",
    "nodeinfo",
    "json",
    "redirect",
    "path",
    "welcome",
];
