//! A request as a service sees it.

use crossbar_net::Peer;
use http::{HeaderMap, Method, Uri};

use crate::trail::Trail;

/// What was asked for, without the body.
pub(crate) struct Asked<'a> {
    /// The method.
    pub(crate) method: &'a Method,
    /// The headers.
    pub(crate) headers: &'a HeaderMap,
    /// The request's target.
    pub(crate) uri: &'a Uri,
    /// Who asks.
    pub(crate) peer: &'a Peer,
    /// The path within the transport.
    pub(crate) trail: &'a Trail,
    /// How many of the path's components lead to the service.
    pub(crate) depth: usize,
}

impl Asked<'_> {
    /// The path's components below the service.
    pub(crate) fn below(&self) -> &[String] {
        self.trail
            .components()
            .get(self.depth..)
            .unwrap_or_default()
    }
}
