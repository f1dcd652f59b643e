//! Putting the configuration into effect: nothing but calls of the node's own management API.

use std::sync::Arc;

use crossbar_config::{Worker, WorkerKind};
use crossbar_wire::Value;
use serde_json::json;
use tokio::task::JoinSet;
use tracing::info;

use super::Controller;
use crate::api::{ApiError, error};
use crate::link::Link;
use crate::worker::WorkerType;

/// A step of the boot sequence that failed.
#[derive(Debug, thiserror::Error)]
#[error("{what} failed: {failure}")]
pub(crate) struct BootError {
    what: String,
    failure: ApiError,
}

/// Starts and configures all workers: one after the other, or at the same time if the configuration says so.
pub(crate) async fn boot(controller: &Arc<Controller>) -> Result<(), BootError> {
    let link = controller.management.link();
    let workers = controller.config.workers.iter();
    let workers = workers.filter(|worker| !worker.options.disabled);
    if !controller.config.controller.parallel_worker_start {
        for worker in workers {
            start(link, worker).await?;
        }
        return Ok(());
    }
    let mut starts = JoinSet::new();
    for worker in workers {
        let (link, worker) = (link.clone(), worker.clone());
        starts.spawn(async move { start(&link, &worker).await });
    }
    while let Some(result) = starts.join_next().await {
        // Nobody cancels these tasks, so one that has no result panicked.
        result.map_err(|panic| BootError {
            what: "starting a worker".to_owned(),
            failure: ApiError::new(error::RUNTIME_ERROR, panic.to_string()),
        })??;
    }
    Ok(())
}

async fn start(link: &Link, worker: &Worker) -> Result<(), BootError> {
    let (id, kind) = (&worker.id, type_of(worker).name());
    let arguments = vec![json!(id), json!(kind), json!(*worker.options.raw)];
    let what = format!("starting {kind} worker {id}");
    call(link, "crossbar.start_worker", arguments, what).await?;
    configure(link, worker).await
}

/// Gives a worker that runs what its configuration says.
pub(crate) async fn configure(link: &Link, worker: &Worker) -> Result<(), BootError> {
    let id = &worker.id;
    let prefix = format!("crossbar.worker.{id}");
    let router = match &worker.kind {
        WorkerKind::Router(router) => router,
        WorkerKind::WebSocketTestee(transport) => {
            let procedure = format!("{prefix}.start_websocket_testee_transport");
            let arguments = vec![json!(transport.id), json!(*transport.raw)];
            let what = format!("starting transport {} of worker {id}", transport.id);
            call(link, &procedure, arguments, what).await?;
            info!(
                "Ok, WebSocketTestee {id} has started Transport {}",
                transport.id
            );
            return Ok(());
        }
    };
    for realm in &router.realms {
        let procedure = format!("{prefix}.start_router_realm");
        let what = format!("starting realm {} of router {id}", realm.id);
        call(
            link,
            &procedure,
            vec![json!(realm.id), json!(*realm.raw)],
            what,
        )
        .await?;
        let text = format!("Ok, Router {id} has started Realm {}", realm.id);
        info!("{text} (\"{}\")", realm.name);
        for role in &realm.roles {
            let procedure = format!("{prefix}.start_router_realm_role");
            let arguments = vec![json!(realm.id), json!(role.id), json!(*role.raw)];
            let what = format!("starting role {} of realm {}", role.id, realm.id);
            call(link, &procedure, arguments, what).await?;
        }
    }
    for transport in &router.transports {
        let procedure = format!("{prefix}.start_router_transport");
        // All paths at once, so that none is missing while the transport listens already.
        let arguments = vec![json!(transport.id), json!(*transport.raw), json!(true)];
        let what = format!("starting transport {} of router {id}", transport.id);
        call(link, &procedure, arguments, what).await?;
        info!("Ok, Router {id} has started Transport {}", transport.id);
        tell_services(&transport.id, &transport.raw);
    }
    Ok(())
}

/// Gives the type of a configured worker.
pub(crate) const fn type_of(worker: &Worker) -> WorkerType {
    match &worker.kind {
        WorkerKind::Router(_) => WorkerType::Router,
        WorkerKind::WebSocketTestee(_) => WorkerType::WebSocketTestee,
    }
}

/// Logs the Web services that a transport serves.
fn tell_services(transport: &str, raw: &serde_json::Value) {
    let paths = raw.pointer("/web/paths").or_else(|| raw.get("paths"));
    let Some(paths) = paths.and_then(serde_json::Value::as_object) else {
        return;
    };
    for (path, service) in paths {
        let id = service.get("id").and_then(serde_json::Value::as_str);
        let id = id.unwrap_or(path);
        info!("Ok, Transport {transport} has started Web Service {id}");
    }
}

async fn call(
    link: &Link,
    procedure: &str,
    arguments: Vec<serde_json::Value>,
    what: String,
) -> Result<Value, BootError> {
    let arguments = arguments.into_iter().map(Value::from).collect();
    let result = link.call(procedure, arguments).await;
    result.map_err(|failure| BootError { what, failure })
}
