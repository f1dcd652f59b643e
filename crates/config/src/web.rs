use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::WebSocket;

/// HTTP services by path: a `web` transport, or the part of a `universal` one.
#[derive(Clone, Debug)]
pub struct Web {
    /// `paths`: a service by the first component of the request's path, `/` for all others.
    pub paths: BTreeMap<String, WebService>,
    /// `options`
    pub options: WebOptions,
}

/// `options` of a `web` transport.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct WebOptions {
    /// `access_log`: a line for each request.
    pub access_log: bool,
    /// `hsts`, `hsts_max_age`: how long browsers are told to use TLS only.
    pub hsts: Option<Duration>,
    /// `client_timeout`: how long an idle connection is kept open.
    pub client_timeout: Option<Duration>,
}

/// A service on a path.
#[derive(Clone, Debug)]
pub enum WebService {
    /// `static`: files of a directory.
    Static(StaticFiles),
    /// `websocket`
    WebSocket(Box<WebSocket>),
    /// `nodeinfo`: a page about the node.
    NodeInfo,
    /// `json`: one JSON document.
    Json(JsonDocument),
    /// `redirect`: 302 to this URL.
    Redirect(String),
    /// `path`: services one path component deeper; `/` for all others.
    Path(BTreeMap<String, WebService>),
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
