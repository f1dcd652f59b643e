use std::collections::BTreeMap;
use std::sync::Arc;

use crossbar_wire::Value;
use serde_json::json;
use tokio::sync::oneshot;
use tracing::info;

use super::ending::ends_node;
use super::host::NodeHost;
use super::spawn::Spec;
use super::supervision::Supervision;
use super::workers::{Stop, Worker};
use super::{Controller, Ending};
use crate::api::{ApiError, Arguments, Caller, error};
use crate::clock::Utc;
use crate::link::{Api, BoxFuture, Call};
use crate::process::{self, system_stats};
use crate::worker::WorkerType;

/// The controller's own procedures, beside those of every process.
const PROCEDURES: [&str; 10] = [
    "get_status",
    "get_system_stats",
    "shutdown",
    "get_workers",
    "get_worker",
    "start_worker",
    "stop_worker",
    "get_worker_log",
    "sign",
    "get_public_key",
];

impl Api for Controller {
    fn prefix(&self) -> &str {
        "crossbar."
    }

    fn names(&self) -> Vec<&'static str> {
        [&PROCEDURES[..], &process::PROCEDURES].concat()
    }

    fn call(self: Arc<Self>, name: &'static str, call: Call) -> BoxFuture<Result<Value, ApiError>> {
        Box::pin(async move { self.dispatch(name, call).await })
    }
}

impl Controller {
    async fn dispatch(self: Arc<Self>, name: &str, mut call: Call) -> Result<Value, ApiError> {
        let arguments = std::mem::take(&mut call.arguments);
        match name {
            "get_status" => {
                arguments.end()?;
                Ok(self.status().into())
            }
            "get_system_stats" => {
                arguments.end()?;
                Ok(system_stats().into())
            }
            "get_public_key" => {
                arguments.end()?;
                Ok(Value::from(self.key.public_hex()))
            }
            "sign" => self.sign(arguments),
            "shutdown" => self.shutdown(arguments, &call.caller),
            "get_workers" => self.get_workers(arguments),
            "get_worker" => self.get_worker(arguments),
            "get_worker_log" => self.get_worker_log(arguments),
            "start_worker" => self.start_worker(arguments, &call).await,
            "stop_worker" => self.stop_worker(arguments, &call.caller).await,
            _ => {
                let publish = |topic: &str, event: serde_json::Value| {
                    let topic = format!("crossbar.{topic}");
                    self.publish(&topic, event.into(), &call.caller);
                };
                self.process.call(name, arguments, &call.caller, publish)
            }
        }
    }

    /// Gives what `get_status` answers.
    fn status(&self) -> serde_json::Value {
        let mut by_type: BTreeMap<&str, usize> = BTreeMap::new();
        let workers = self.workers.all();
        for worker in &workers {
            *by_type.entry(worker.kind.name()).or_default() += 1;
        }
        json!({
            "title": format!("Crossbar.io {} in Rust", env!("CARGO_PKG_VERSION")),
            "started": self.process.started(),
            "controller_pid": std::process::id(),
            "running_workers": workers.iter().filter(|worker| worker.is_started()).count(),
            "workers_by_type": by_type,
            "directory": self.directory.to_string_lossy(),
            "pubkey": self.key.public_hex(),
        })
    }

    fn sign(&self, mut arguments: Arguments) -> Result<Value, ApiError> {
        let data = arguments.required("data")?;
        arguments.end()?;
        let Value::Binary(data) = data else {
            let text = "argument \"data\": expected octets";
            return Err(ApiError::new(error::INVALID_ARGUMENT, text));
        };
        Ok(Value::Binary(self.key.sign(&data).to_vec()))
    }

    fn shutdown(&self, mut arguments: Arguments, caller: &Caller) -> Result<Value, ApiError> {
        let restart = arguments.flag("restart", false)?;
        let mode = arguments.optional_text("mode")?;
        arguments.end()?;
        if self.end.is_ending() {
            return Ok(Value::Null);
        }
        let info = json!({
            "node_id": self.id,
            "restart": restart,
            "mode": mode,
            "who": caller.to_json(),
            "when": Utc::now().iso(),
            "was_clean": true,
        });
        self.publish("crossbar.on_shutdown", info.clone().into(), caller);
        self.end.end(Ending::Requested);
        Ok(info.into())
    }

    fn get_workers(&self, mut arguments: Arguments) -> Result<Value, ApiError> {
        let filter = arguments.optional("filter_types");
        arguments.end()?;
        let types: Vec<&str> = filter
            .as_ref()
            .and_then(Value::as_list)
            .map(|types| types.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let workers = self.workers.all();
        let ids = workers
            .iter()
            .filter(|worker| types.is_empty() || types.contains(&worker.kind.name()))
            .map(|worker| Value::from(worker.id.as_str()));
        Ok(Value::List(ids.collect()))
    }

    fn get_worker(&self, mut arguments: Arguments) -> Result<Value, ApiError> {
        let worker = self.workers.find(&arguments.text("worker_id")?)?;
        arguments.flag("include_stats", false)?;
        arguments.end()?;
        Ok(worker.info().into())
    }

    fn get_worker_log(&self, mut arguments: Arguments) -> Result<Value, ApiError> {
        let worker = self.workers.find(&arguments.text("worker_id")?)?;
        let limit = arguments.number("limit", 100)?;
        arguments.end()?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(json!(worker.records(limit)).into())
    }

    async fn start_worker(
        self: Arc<Self>,
        mut arguments: Arguments,
        call: &Call,
    ) -> Result<Value, ApiError> {
        let caller = &call.caller;
        let id = arguments.text("worker_id")?;
        let name = arguments.text("worker_type")?;
        let options = arguments.optional("worker_options");
        arguments.end()?;
        if id.is_empty() || id == "controller" || id.contains('.') {
            let text = format!("\"{id}\" is no id for a worker");
            return Err(ApiError::new(error::RUNTIME_ERROR, text));
        }
        let Some(kind) = WorkerType::from_name(&name) else {
            let text = format!("unknown type of worker \"{name}\"");
            return Err(ApiError::new(error::RUNTIME_ERROR, text));
        };
        let spec = self.spec(&id, kind, options)?;
        let worker = self.workers.add(&id, kind)?;
        let started = self.supervise(&worker, spec);
        let starting = json!({
            "id": id,
            "status": "starting",
            "created": worker.created,
            "who": caller.to_json(),
        });
        call.progress(starting.clone().into()).await;
        let topic = format!("crossbar.on_{}_starting", kind.event_name());
        self.publish(&topic, starting.into(), caller);
        let gone = || {
            Err(ApiError::new(
                error::CANNOT_START,
                "the worker has been stopped",
            ))
        };
        started.await.unwrap_or_else(|_| gone())?;
        let info = worker.started_info(&caller.to_json());
        info!(
            "{} {id} has been started, PID {}",
            kind.label(),
            info["pid"]
        );
        let topic = format!("crossbar.on_{}_started", kind.event_name());
        self.publish(&topic, info.clone().into(), caller);
        Ok(info.into())
    }

    /// Starts the supervision of a worker. The receiver is told how the first start went.
    fn supervise(
        self: &Arc<Self>,
        worker: &Arc<Worker>,
        spec: Spec,
    ) -> oneshot::Receiver<Result<(), ApiError>> {
        let (tell, started) = oneshot::channel();
        let supervision = Supervision {
            worker: Arc::clone(worker),
            spec,
            console: Arc::clone(&self.console),
            node: NodeHost::new(self),
        };
        let (controller, worker) = (Arc::clone(self), Arc::clone(worker));
        tokio::spawn(async move {
            supervision.run(tell).await;
            controller.management.forget_worker(&worker.id);
            let left = controller.workers.remove(&worker);
            controller.heed_stop(&worker, left);
        });
        started
    }

    /// Ends the node after a worker was stopped by a call, if the rules of the configuration say so.
    fn heed_stop(&self, worker: &Worker, workers_left: usize) {
        let rules = &self.config.controller.shutdown;
        let stopped = worker.stopping() != Stop::No && !self.end.is_ending();
        if stopped && ends_node(rules, true, workers_left) {
            info!("The node ends because worker {} was stopped", worker.id);
            self.end.end(Ending::WorkerExit);
        }
    }

    fn spec(&self, id: &str, kind: WorkerType, options: Option<Value>) -> Result<Spec, ApiError> {
        let invalid = |text: String| ApiError::new(error::INVALID_CONFIGURATION, text);
        let options = options.unwrap_or(Value::Dict(Vec::new()));
        let options = serde_json::Value::try_from(options)
            .map_err(|fault| invalid(format!("worker options: {fault}")))?;
        let surroundings = crossbar_config::Surroundings {
            cbdir: self.directory.clone(),
            environment: None,
        };
        let options = crossbar_config::read_worker_options(options, &surroundings)
            .map_err(|faults| invalid(faults.to_string()))?;
        let title = options.title.clone();
        Ok(Spec {
            id: id.to_owned(),
            kind,
            title: title.unwrap_or_else(|| format!("crossbar-worker [{}]", kind.name())),
            environment: options.environment,
            cpus: options.cpu_affinity,
            directory: self.directory.clone(),
            node: self.id.clone(),
            log_level: self.log_level,
            program: self.program.clone(),
        })
    }

    async fn stop_worker(
        &self,
        mut arguments: Arguments,
        caller: &Caller,
    ) -> Result<Value, ApiError> {
        let worker = self.workers.find(&arguments.text("worker_id")?)?;
        let kill = arguments.flag("kill", false)?;
        arguments.end()?;
        let info = json!({
            "id": worker.id,
            "type": worker.kind.name(),
            "kill": kill,
            "who": caller.to_json(),
            "when": Utc::now().iso(),
        });
        self.publish("crossbar.on_stop_requested", info.clone().into(), caller);
        worker.stop(if kill { Stop::Kill } else { Stop::Terminate });
        worker.end().await;
        Ok(info.into())
    }

    fn publish(&self, topic: &str, event: Value, caller: &Caller) {
        let link = self.management.link();
        link.publish(topic, Some(event), Some(caller.session));
    }
}
