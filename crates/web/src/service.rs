//! What a path leads to.

use std::collections::BTreeMap;
use std::sync::Arc;

use crossbar_config as config;
use crossbar_net::{BoxFuture, LongPollService, Reply, Router, WebSocketService};
use http::StatusCode;
use hyper::body::Incoming;

use crate::ServiceError;
use crate::answer::failure;
use crate::asked::Asked;
use crate::files::Files;
use crate::json::Json;
use crate::longpoll::LongPoll;
use crate::nodeinfo::NodeInfo;
use crate::redirect::Redirect;
use crate::welcome::Welcome;

/// Asks for what the page about the node shows: the value that `crossbar.get_status` returns; none if the node does not tell.
pub type StatusSource =
    Arc<dyn Fn() -> BoxFuture<'static, Option<serde_json::Value>> + Send + Sync>;

/// What services need of their surroundings.
#[derive(Clone)]
pub struct Context {
    /// The realms that `websocket` and `longpoll` lead to.
    pub router: Arc<Router>,
    /// How many clients of `longpoll` an address may have, as it may have connections of the transport.
    pub per_address: Option<usize>,
    /// For `nodeinfo`.
    pub status: StatusSource,
}

/// A service.
pub(crate) enum Service {
    Files(Files),
    Json(Json),
    LongPoll(LongPoll),
    NodeInfo(NodeInfo),
    Path(Branch),
    Redirect(Redirect),
    WebSocket(Arc<WebSocketService>),
    Welcome(Welcome),
}

/// Services by the next component of the path.
#[derive(Default)]
pub(crate) struct Branch {
    /// `/`: for what no other takes.
    root: Option<Arc<Service>>,
    children: BTreeMap<String, Arc<Service>>,
}

impl Service {
    /// Makes a service, and those below it.
    pub(crate) fn new(
        config: &config::WebService,
        context: &Context,
    ) -> Result<Self, ServiceError> {
        Ok(match config {
            config::WebService::Static(files) => Self::Files(Files::new(files)?),
            config::WebService::WebSocket(websocket) => {
                Self::WebSocket(WebSocketService::new(websocket, &context.router)?)
            }
            config::WebService::LongPoll(longpoll) => Self::LongPoll(LongPoll::new(
                LongPollService::new(longpoll, &context.router, context.per_address),
            )),
            config::WebService::NodeInfo => {
                Self::NodeInfo(NodeInfo::new(Arc::clone(&context.status)))
            }
            config::WebService::Json(document) => Self::Json(Json::new(document)),
            config::WebService::Redirect(url) => Self::Redirect(Redirect::new(url)?),
            config::WebService::Path(paths) => Self::Path(Branch::new(paths, context)?),
            config::WebService::Welcome => Self::Welcome(Welcome::new()),
        })
    }

    /// Answers a request that has led here.
    pub(crate) async fn serve(&self, asked: &Asked<'_>, body: &mut Incoming) -> Reply {
        Reply::Response(match self {
            Self::Files(files) => files.serve(asked).await,
            Self::Json(json) => json.serve(asked),
            Self::LongPoll(service) => service.serve(asked, body).await,
            Self::NodeInfo(page) => page.serve(asked).await,
            Self::Redirect(redirect) => redirect.serve(asked),
            Self::Welcome(page) => page.serve(asked),
            Self::WebSocket(service) => return Reply::WebSocket(Arc::clone(service)),
            // found only if none of its services takes the rest of the path
            Self::Path(_) => failure(StatusCode::NOT_FOUND),
        })
    }

    /// Ends what the service keeps beyond a request, and the services below it.
    fn stop(&self) {
        match self {
            Self::LongPoll(service) => service.stop(),
            Self::Path(branch) => branch
                .root
                .iter()
                .chain(branch.children.values())
                .for_each(|service| service.stop()),
            Self::Files(_)
            | Self::Json(_)
            | Self::NodeInfo(_)
            | Self::Redirect(_)
            | Self::WebSocket(_)
            | Self::Welcome(_) => {}
        }
    }
}

impl Branch {
    /// Makes the services of a `paths` map.
    pub(crate) fn new(
        paths: &BTreeMap<String, config::WebService>,
        context: &Context,
    ) -> Result<Self, ServiceError> {
        let mut branch = Self::default();
        for (path, service) in paths {
            branch.add(path, Service::new(service, context)?)?;
        }
        Ok(branch)
    }

    /// The innermost service for these components, and how many of them lead to it.
    pub(crate) fn find(&self, components: &[String]) -> Option<(Arc<Service>, usize)> {
        let child = components
            .first()
            .and_then(|first| self.children.get(first));
        let (service, depth) = match child {
            Some(child) => (child, 1),
            None => (self.root.as_ref()?, 0),
        };
        match &**service {
            Service::Path(branch) => branch
                .find(&components[depth..])
                .map(|(service, below)| (service, depth + below)),
            Service::Files(_)
            | Service::Json(_)
            | Service::LongPoll(_)
            | Service::NodeInfo(_)
            | Service::Redirect(_)
            | Service::WebSocket(_)
            | Service::Welcome(_) => Some((Arc::clone(service), depth)),
        }
    }

    /// Puts a service on a free path: a component, or `/`.
    pub(crate) fn add(&mut self, path: &str, service: Service) -> Result<(), ServiceError> {
        if self.has(path) {
            return Err(ServiceError::AlreadyRunning {
                path: path.to_owned(),
            });
        }
        if path == ROOT {
            self.root = Some(Arc::new(service));
        } else {
            self.children.insert(path.to_owned(), Arc::new(service));
        }
        Ok(())
    }

    /// Takes the service off a path. Requests that it is answering are finished, those that wait at once.
    pub(crate) fn remove(&mut self, path: &str) -> Result<(), ServiceError> {
        let removed = if path == ROOT {
            self.root.take()
        } else {
            self.children.remove(path)
        };
        let removed = removed.ok_or_else(|| ServiceError::NotRunning {
            path: path.to_owned(),
        })?;
        removed.stop();
        Ok(())
    }

    /// The paths with a service, in order.
    pub(crate) fn paths(&self) -> Vec<String> {
        let root = self.root.iter().map(|_| ROOT.to_owned());
        root.chain(self.children.keys().cloned()).collect()
    }

    fn has(&self, path: &str) -> bool {
        if path == ROOT {
            self.root.is_some()
        } else {
            self.children.contains_key(path)
        }
    }
}

const ROOT: &str = "/";
