//! The services of one transport by path.

use std::sync::Arc;
use std::time::Duration;

use crossbar_config as config;
use crossbar_net::{BoxFuture, Peer, Reply, Site};
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Request, StatusCode};
use hyper::body::{Body, Incoming};
use parking_lot::RwLock;
use tracing::info;

use crate::ServiceError;
use crate::answer::{LoggedTarget, Response, failure};
use crate::asked::Asked;
use crate::service::{Branch, Context, Service};
use crate::trail::Trail;

/// The Web services of one transport.
pub struct Tree {
    services: RwLock<Branch>,
    context: Context,
    access_log: bool,
    client_timeout: Option<Duration>,
    /// `Strict-Transport-Security`
    hsts: Option<HeaderValue>,
    /// Those of the configuration.
    headers: HeaderMap,
}

impl Tree {
    /// Makes the services of a transport.
    ///
    /// # Errors
    /// The first service that cannot be made.
    pub fn new(config: &config::Web, context: Context) -> Result<Arc<Self>, ServiceError> {
        let hsts = config.options.hsts.map(|age| age.as_secs());
        let headers: Result<HeaderMap, http::Error> = (config.options.headers.iter())
            .map(|(name, value)| Ok((HeaderName::try_from(name)?, HeaderValue::try_from(value)?)))
            .collect();
        Ok(Arc::new(Self {
            services: RwLock::new(Branch::new(&config.paths, &context)?),
            context,
            access_log: config.options.access_log,
            client_timeout: config.options.client_timeout,
            headers: headers.map_err(|_| ServiceError::Headers)?,
            hsts: hsts.and_then(|age| HeaderValue::try_from(format!("max-age={age}")).ok()),
        }))
    }

    /// Starts a service on a path: a component without slashes, or `/` for all others.
    ///
    /// # Errors
    /// If a service runs there, or this one cannot be made.
    pub fn start(&self, path: &str, service: &config::WebService) -> Result<(), ServiceError> {
        let service = Service::new(service, &self.context)?;
        self.services.write().add(path, service)
    }

    /// Stops the service on a path; requests under way are finished.
    ///
    /// # Errors
    /// If none runs there.
    pub fn stop(&self, path: &str) -> Result<(), ServiceError> {
        self.services.write().remove(path)
    }

    /// The paths with a service, in order.
    pub fn paths(&self) -> Vec<String> {
        self.services.read().paths()
    }

    async fn answer(&self, request: &mut Request<Incoming>, peer: &Peer) -> Reply {
        let Some(trail) = Trail::parse(request.uri().path()) else {
            return Reply::Response(failure(StatusCode::NOT_FOUND));
        };
        let found = self.services.read().find(trail.components());
        let Some((service, depth)) = found else {
            return Reply::Response(failure(StatusCode::NOT_FOUND));
        };
        // The body can be read while the head is looked at; upgrades and the log need the head afterwards.
        let method = std::mem::take(request.method_mut());
        let uri = std::mem::take(request.uri_mut());
        let headers = std::mem::take(request.headers_mut());
        let asked = Asked {
            method: &method,
            headers: &headers,
            uri: &uri,
            peer,
            trail: &trail,
            depth,
        };
        let reply = service.serve(&asked, request.body_mut()).await;
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        reply
    }

    fn complete(&self, response: &mut Response) {
        let headers = response.headers_mut();
        headers.insert(header::SERVER, HeaderValue::from_static("Crossbar"));
        if let Some(hsts) = &self.hsts {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
    }
}

impl Site for Tree {
    fn serve<'a>(
        &'a self,
        request: &'a mut Request<Incoming>,
        peer: &'a Peer,
    ) -> BoxFuture<'a, Reply> {
        Box::pin(async move {
            let mut reply = self.answer(request, peer).await;
            if let Reply::Response(response) = &mut reply {
                self.complete(response);
                if self.access_log {
                    log(request, peer, response);
                }
            }
            reply
        })
    }

    fn client_timeout(&self) -> Option<Duration> {
        self.client_timeout
    }
}

/// Writes the access log's line; what the client sent is escaped, so that it cannot forge lines.
fn log(request: &Request<Incoming>, peer: &Peer, response: &Response) {
    let absent = HeaderValue::from_static("-");
    let header = |name| request.headers().get(name).unwrap_or(&absent);
    let own = request.uri().to_string();
    let target = response
        .extensions()
        .get()
        .map_or(&own, |LoggedTarget(target)| target);
    let address = peer.address.map(|address| address.ip().to_string());
    info!(
        target: "crossbar_web::access",
        client = address.as_deref().unwrap_or("-"),
        request = ?format_args!("{} {target} {:?}", request.method(), request.version()),
        status = response.status().as_u16(),
        length = response.body().size_hint().exact(),
        referer = ?header(header::REFERER),
        agent = ?header(header::USER_AGENT),
    );
}
