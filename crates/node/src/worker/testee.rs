use std::sync::{Arc, Mutex, PoisonError};

use crossbar_net::Listener;
use crossbar_wire::Value;
use serde_json::json;

use super::Workplace;
use super::router::only;
use super::transports::cannot_listen;
use crate::api::{ApiError, Arguments, Caller, error};
use crate::link::{Api, BoxFuture, Call};

/// A `websocket-testee` worker: one transport that sends back every message, to be tested for its conformance.
pub(crate) struct TesteeWorker {
    around: Workplace,
    transport: Mutex<Option<Running>>,
}

struct Running {
    id: String,
    config: serde_json::Value,
    listener: Listener,
}

const PROCEDURES: [&str; 3] = [
    "get_websocket_testee_transport",
    "start_websocket_testee_transport",
    "stop_websocket_testee_transport",
];

impl Api for TesteeWorker {
    fn prefix(&self) -> &str {
        self.around.prefix()
    }

    fn names(&self) -> Vec<&'static str> {
        [&PROCEDURES[..], &Workplace::procedures()].concat()
    }

    fn call(self: Arc<Self>, name: &'static str, call: Call) -> BoxFuture<Result<Value, ApiError>> {
        let result = self.dispatch(name, call.arguments, &call.caller);
        Box::pin(std::future::ready(result))
    }
}

impl TesteeWorker {
    pub(crate) const fn new(around: Workplace) -> Self {
        Self {
            around,
            transport: Mutex::new(None),
        }
    }

    fn dispatch(
        &self,
        name: &str,
        arguments: Arguments,
        caller: &Caller,
    ) -> Result<Value, ApiError> {
        match name {
            "get_websocket_testee_transport" => {
                arguments.end()?;
                let transport = self
                    .transport
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                Ok(transport.as_ref().map_or(Value::Null, Running::info))
            }
            "start_websocket_testee_transport" => self.start(arguments),
            "stop_websocket_testee_transport" => self.stop(arguments),
            _ => self.around.call(name, arguments, caller),
        }
    }

    fn start(&self, mut arguments: Arguments) -> Result<Value, ApiError> {
        let id = arguments.text("id")?;
        let mut item = arguments.item("config")?;
        arguments.end()?;
        item["id"] = json!(id);
        let read = crossbar_config::read_testee_transport(item, &self.around.surroundings());
        let transport = read.map_err(|faults| super::invalid(&faults))?;
        let mut running = self
            .transport
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if running.is_some() {
            let text = "the worker's transport is already running";
            return Err(ApiError::new(error::ALREADY_RUNNING, text));
        }
        let listener = crossbar_net::listen(&transport, &self.around.net, None)
            .map_err(|failure| cannot_listen(&failure))?;
        let started = running.insert(Running {
            id,
            config: crossbar_config::shown(&transport.raw),
            listener,
        });
        Ok(started.info())
    }

    fn stop(&self, arguments: Arguments) -> Result<Value, ApiError> {
        let id = only(arguments, "id")?;
        let mut running = self
            .transport
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match running.take_if(|running| running.id == id) {
            Some(stopped) => {
                stopped.listener.stop();
                Ok(stopped.info())
            }
            None => {
                let text = format!("no transport \"{id}\" is running");
                Err(ApiError::new(error::NOT_RUNNING, text))
            }
        }
    }
}

impl Running {
    fn info(&self) -> Value {
        json!({
            "id": self.id,
            "config": self.config,
            "address": self.listener.local_address().to_string(),
        })
        .into()
    }
}
