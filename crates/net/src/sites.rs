//! What answers HTTP where there is no tree of Web services.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;

use crate::WebSocketService;
use crate::http::not_found;
use crate::site::{BoxFuture, Peer, Reply, Site};

/// A `websocket` transport: one service on every path.
pub(crate) struct Lone(pub(crate) Arc<WebSocketService>);

impl Site for Lone {
    fn serve<'a>(
        &'a self,
        _request: &'a mut Request<Incoming>,
        _peer: &'a Peer,
    ) -> BoxFuture<'a, Reply> {
        Box::pin(std::future::ready(Reply::WebSocket(Arc::clone(&self.0))))
    }

    fn client_timeout(&self) -> Option<Duration> {
        self.0.options.open_handshake_timeout
    }
}

/// The HTTP part of a `universal` transport: WebSocket services by the first component of the path, and whatever serves
/// the rest.
pub(crate) struct Universal {
    pub(crate) websocket: BTreeMap<String, Arc<WebSocketService>>,
    pub(crate) web: Option<Arc<dyn Site>>,
}

impl Site for Universal {
    fn serve<'a>(
        &'a self,
        request: &'a mut Request<Incoming>,
        peer: &'a Peer,
    ) -> BoxFuture<'a, Reply> {
        let service = self.websocket.get(first_component(request.uri().path()));
        match (service, &self.web) {
            (Some(service), _) => {
                Box::pin(std::future::ready(Reply::WebSocket(Arc::clone(service))))
            }
            (None, Some(web)) => web.serve(request, peer),
            (None, None) => Box::pin(std::future::ready(Reply::Response(not_found()))),
        }
    }

    fn client_timeout(&self) -> Option<Duration> {
        self.web.as_ref()?.client_timeout()
    }
}

/// Gives the first component of a path, `/` if there is none.
fn first_component(path: &str) -> &str {
    match path.trim_start_matches('/').split('/').next() {
        Some("") | None => "/",
        Some(component) => component,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_components() {
        for (path, component) in [("/", "/"), ("/ws", "ws"), ("/ws/deeper", "ws"), ("", "/")] {
            assert_eq!(first_component(path), component);
        }
    }
}
