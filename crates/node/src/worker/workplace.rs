use std::path::PathBuf;
use std::sync::Arc;

use crossbar_net::Router;
use crossbar_wire::Value;
use serde_json::json;
use tokio::sync::Notify;

use super::WorkerProcess;
use crate::api::{ApiError, Arguments, Caller, error};
use crate::clock::Utc;
use crate::link::Link;
use crate::process::{self, Process};

/// What the procedures of a worker work on, whatever its type.
pub(crate) struct Workplace {
    prefix: String,
    node: String,
    directory: PathBuf,
    /// The session on the management realm.
    pub(crate) link: Link,
    /// The realms of this process.
    pub(crate) net: Arc<Router>,
    /// Wakes the worker's end.
    asked: Arc<Notify>,
    process: Process,
}

/// The procedures of every worker, beside those of every process.
const PROCEDURES: [&str; 3] = ["shutdown", "get_node_id", "reload_certificates"];

impl Workplace {
    pub(crate) fn new(worker: &WorkerProcess, link: Link, asked: Arc<Notify>) -> Self {
        Self {
            prefix: format!("crossbar.worker.{}.", worker.id),
            node: worker.node.clone(),
            directory: worker.directory.clone(),
            link,
            net: Router::new(),
            asked,
            process: Process::start(),
        }
    }

    /// Gives what stands before the last component of the worker's URIs.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Gives the last components of the procedures that every worker has.
    pub(crate) fn procedures() -> Vec<&'static str> {
        [&PROCEDURES[..], &process::PROCEDURES].concat()
    }

    /// Gives what items of the configuration are read in. They are taken as they stand: the controller has substituted
    /// variables in those of the node's configuration, and what a variable holds may look like one.
    pub(crate) fn surroundings(&self) -> crossbar_config::Surroundings {
        crossbar_config::Surroundings {
            cbdir: self.directory.clone(),
            environment: None,
        }
    }

    /// Publishes to all but the caller, who gets the result instead.
    pub(crate) fn publish(&self, topic: &str, event: serde_json::Value, caller: &Caller) {
        let topic = format!("{}{topic}", self.prefix);
        self.link
            .publish(&topic, Some(event.into()), Some(caller.session));
    }

    /// Reads the certificates of all transports anew, and tells how that went with each.
    fn reload_certificates(&self) -> serde_json::Value {
        let done = self.net.reload_certificates().into_iter();
        done.map(|(transport, done)| {
            let error = done.err().map(|fault| fault.to_string());
            json!({"transport_id": transport, "reloaded": error.is_none(), "error": error})
        })
        .collect()
    }

    /// Does what a procedure of every worker asks for.
    pub(crate) fn call(
        &self,
        name: &str,
        arguments: Arguments,
        caller: &Caller,
    ) -> Result<Value, ApiError> {
        match name {
            "get_node_id" => {
                arguments.end()?;
                Ok(Value::from(self.node.as_str()))
            }
            "reload_certificates" => {
                arguments.end()?;
                Ok(Value::from(self.reload_certificates()))
            }
            "shutdown" => {
                arguments.end()?;
                let event = json!({"who": caller.to_json(), "when": Utc::now().iso()});
                self.publish("on_shutdown_requested", event, caller);
                self.asked.notify_one();
                Ok(Value::Null)
            }
            _ => {
                let publish = |topic: &str, event| self.publish(topic, event, caller);
                self.process.call(name, arguments, caller, publish)
            }
        }
    }
}

/// Says that an item is no valid configuration.
pub(crate) fn invalid(faults: &crossbar_config::Faults) -> ApiError {
    ApiError::new(error::INVALID_CONFIGURATION, faults.to_string())
}
