//! Why a Web service cannot be started or stopped.

use crossbar_net::CookieStoreError;
use thiserror::Error;

/// A Web service that cannot be started or stopped.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// A service runs on the path.
    #[error("a Web service already runs on path \"{path}\"")]
    AlreadyRunning {
        /// The path's component, or `/`.
        path: String,
    },
    /// No service runs on the path.
    #[error("no Web service runs on path \"{path}\"")]
    NotRunning {
        /// The path's component, or `/`.
        path: String,
    },
    /// A redirection's target cannot be sent.
    #[error("the URL {url:?} cannot be sent in a header: percent-encode what is not ASCII")]
    Location {
        /// The target.
        url: String,
    },
    /// A MIME type cannot be sent.
    #[error("the type {media_type:?} for {extension} cannot be sent in a header")]
    MediaType {
        /// The file name extension.
        extension: String,
        /// The type.
        media_type: String,
    },
    /// A header of the configuration cannot be sent.
    #[error("the headers cannot be sent: a name or a value breaks HTTP's grammar")]
    Headers,
    /// The cookies of a WebSocket cannot be kept.
    #[error(transparent)]
    Cookies(#[from] CookieStoreError),
}
