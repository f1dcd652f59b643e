use std::collections::BTreeMap;
use std::sync::Arc;

use crossbar_config::{Transport, TransportKind, Web, WebService};
use crossbar_net::{ListenError, Listener, Router, Site};
use crossbar_web::{Context, ServiceError, Tree};
use serde_json::{Value, json};

use super::chain;
use crate::api::{ApiError, error};
use crate::clock::Utc;

/// The transports of a worker, in the order of their start.
#[derive(Default)]
pub(crate) struct Transports {
    started: Vec<(String, Running)>,
}

/// A transport that listens.
struct Running {
    config: Value,
    created: String,
    listening: String,
    listener: Listener,
    /// How many connections it may have.
    max_connections: usize,
    /// Its Web services, if it has any.
    tree: Option<Arc<Tree>>,
    /// The configuration of those services, by path.
    services: BTreeMap<String, Value>,
}

impl Transports {
    /// Starts a transport. Without `all_paths`, of the Web services only that on `/` is started with it.
    pub(crate) fn start(
        &mut self,
        mut transport: Transport,
        all_paths: bool,
        net: &Arc<Router>,
        context: Context,
    ) -> Result<Value, ApiError> {
        let id = transport.id.clone();
        if self.position(&id).is_some() {
            let text = format!("transport \"{id}\" is already running");
            return Err(ApiError::new(error::ALREADY_RUNNING, text));
        }
        let created = Utc::now().iso();
        let config = crossbar_config::shown(&transport.raw);
        let mut services = services_of(&config);
        let tree = match web_of(&mut transport.kind) {
            Some(web) => {
                if !all_paths {
                    web.paths.retain(|path, _| path == ROOT);
                    services.retain(|path, _| path == ROOT);
                }
                Some(Tree::new(web, context).map_err(|failure| service_error(&failure))?)
            }
            None => None,
        };
        let site = tree.clone().map(|tree| -> Arc<dyn Site> { tree });
        let listener = crossbar_net::listen(&transport, net, site)
            .map_err(|failure| cannot_listen(&failure))?;
        let running = Running {
            config,
            created,
            listening: Utc::now().iso(),
            listener,
            max_connections: transport.max_connections,
            tree,
            services,
        };
        let info = running.info(&id, STARTED);
        self.started.push((id, running));
        Ok(info)
    }

    /// Stops a transport; its connections go on.
    pub(crate) fn stop(&mut self, id: &str) -> Result<Value, ApiError> {
        let position = self.position(id).ok_or_else(|| not_running(id))?;
        let (_, running) = self.started.remove(position);
        running.listener.stop();
        Ok(running.info(id, STOPPED))
    }

    /// Gives how many connections all of them may have.
    pub(crate) fn max_connections(&self) -> usize {
        let each = self
            .started
            .iter()
            .map(|(_, running)| running.max_connections);
        each.fold(0, usize::saturating_add)
    }

    /// Gives what `get_router_transports` answers.
    pub(crate) fn all(&self) -> Vec<Value> {
        let started = self.started.iter();
        started
            .map(|(id, running)| running.info(id, STARTED))
            .collect()
    }

    /// Gives what `get_router_transport` answers.
    pub(crate) fn info(&self, id: &str) -> Result<Value, ApiError> {
        let mut started = self.started.iter();
        let found = started.find(|(name, _)| name == id);
        let (_, running) = found.ok_or_else(|| {
            ApiError::new(
                error::NO_SUCH_OBJECT,
                format!("there is no transport \"{id}\""),
            )
        })?;
        Ok(running.info(id, STARTED))
    }

    /// Starts a Web service on a path of a transport.
    pub(crate) fn start_service(
        &mut self,
        id: &str,
        path: &str,
        service: &WebService,
        config: Value,
    ) -> Result<(), ApiError> {
        let running = self.web(id)?;
        running
            .tree()?
            .start(path, service)
            .map_err(|failure| service_error(&failure))?;
        running.services.insert(path.to_owned(), config);
        Ok(())
    }

    /// Stops the Web service on a path of a transport.
    pub(crate) fn stop_service(&mut self, id: &str, path: &str) -> Result<(), ApiError> {
        let running = self.web(id)?;
        running
            .tree()?
            .stop(path)
            .map_err(|failure| service_error(&failure))?;
        running.services.remove(path);
        Ok(())
    }

    /// Gives the paths of a transport that have a service, in order.
    pub(crate) fn services(&mut self, id: &str) -> Result<Vec<String>, ApiError> {
        Ok(self.web(id)?.tree()?.paths())
    }

    /// Gives what `get_web_transport_service` answers.
    pub(crate) fn service(&mut self, id: &str, path: &str) -> Result<Value, ApiError> {
        let running = self.web(id)?;
        let config = running.services.get(path).ok_or_else(|| {
            let text = format!("no Web service runs on path \"{path}\" of transport \"{id}\"");
            ApiError::new(error::NOT_RUNNING, text)
        })?;
        Ok(json!({"transport_id": id, "path": path, "config": config}))
    }

    fn web(&mut self, id: &str) -> Result<&mut Running, ApiError> {
        let position = self.position(id).ok_or_else(|| not_running(id))?;
        Ok(&mut self.started[position].1)
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.started.iter().position(|(name, _)| name == id)
    }
}

impl Running {
    fn tree(&self) -> Result<&Arc<Tree>, ApiError> {
        self.tree
            .as_ref()
            .ok_or_else(|| ApiError::new(error::NOT_RUNNING, "the transport has no Web services"))
    }

    fn info(&self, id: &str, state: u8) -> Value {
        json!({
            "id": id,
            "type": self.config.get("type"),
            "config": self.config,
            "created_at": self.created,
            "listening_since": self.listening,
            "state": state,
            "address": self.listener.local_address().to_string(),
        })
    }
}

/// Gives the Web services of a transport's configuration.
fn services_of(config: &Value) -> BTreeMap<String, Value> {
    let paths = config.pointer("/web/paths").or_else(|| config.get("paths"));
    let Some(paths) = paths.and_then(Value::as_object) else {
        return BTreeMap::new();
    };
    paths
        .iter()
        .map(|(path, service)| (path.clone(), service.clone()))
        .collect()
}

fn web_of(kind: &mut TransportKind) -> Option<&mut Web> {
    match kind {
        TransportKind::Web(web) => Some(web),
        TransportKind::Universal(universal) => universal.web.as_mut(),
        TransportKind::WebSocket(_)
        | TransportKind::RawSocket(_)
        | TransportKind::WebSocketTestee(_)
        | TransportKind::StreamTestee => None,
    }
}

pub(crate) fn cannot_listen(failure: &ListenError) -> ApiError {
    ApiError::new(error::CANNOT_LISTEN, chain(failure))
}

fn service_error(failure: &ServiceError) -> ApiError {
    let uri = match failure {
        ServiceError::AlreadyRunning { .. } => error::ALREADY_RUNNING,
        ServiceError::NotRunning { .. } => error::NOT_RUNNING,
        ServiceError::Location { .. } | ServiceError::MediaType { .. } | ServiceError::Headers => {
            error::INVALID_CONFIGURATION
        }
        ServiceError::Cookies(_) => error::CANNOT_LISTEN,
    };
    ApiError::new(uri, chain(failure))
}

fn not_running(id: &str) -> ApiError {
    let text = format!("no transport \"{id}\" is running");
    ApiError::new(error::NOT_RUNNING, text)
}

/// The path of the service that takes what no other does.
const ROOT: &str = "/";
/// The states of a transport, as the management API numbers them.
const STARTED: u8 = 3;
const STOPPED: u8 = 6;
