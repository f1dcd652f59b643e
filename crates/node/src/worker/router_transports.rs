use std::sync::Arc;

use crossbar_config::Transport;
use crossbar_web::Context;
use serde_json::{Value, json};
use tracing::warn;

use super::router::{RouterWorker, only, two};
use crate::api::{ApiError, Arguments, Caller};
use crate::process::descriptors;

impl RouterWorker {
    pub(super) fn start_transport(
        &self,
        mut arguments: Arguments,
        caller: &Caller,
    ) -> Result<Value, ApiError> {
        let id = arguments.text("transport_id")?;
        let mut item = arguments.item("config")?;
        let all_paths = arguments.flag("create_paths", false)?;
        arguments.end()?;
        item["id"] = json!(id);
        let transport = crossbar_config::read_transport(item, &self.around.surroundings())
            .map_err(|faults| super::invalid(&faults))?;
        let event = json!({"id": id});
        let starting = "on_router_transport_starting";
        self.around.publish(starting, event.clone(), caller);
        let started = {
            let (net, context) = (&self.around.net, self.context(&transport));
            let mut state = self.state();
            let before = state.transports.max_connections();
            let started = state.transports.start(transport, all_paths, net, context);
            warn_if_scarce(before, state.transports.max_connections());
            started
        };
        let topic = match &started {
            Ok(_) => "on_router_transport_started",
            Err(_) => "on_router_transport_stopped",
        };
        self.around.publish(topic, event, caller);
        started
    }

    pub(super) fn stop_transport(
        &self,
        arguments: Arguments,
        caller: &Caller,
    ) -> Result<Value, ApiError> {
        let id = only(arguments, "transport_id")?;
        let info = self.state().transports.stop(&id)?;
        let topic = "on_router_transport_stopped";
        self.around.publish(topic, info.clone(), caller);
        Ok(info)
    }

    pub(super) fn start_service(
        &self,
        mut arguments: Arguments,
        caller: &Caller,
    ) -> Result<Value, ApiError> {
        let transport = arguments.text("transport_id")?;
        let path = arguments.text("path")?;
        let config = arguments.item("config")?;
        arguments.end()?;
        let service =
            crossbar_config::read_web_service(config.clone(), &self.around.surroundings())
                .map_err(|faults| super::invalid(&faults))?;
        let config = crossbar_config::shown(&config);
        let event = json!({"transport_id": transport, "path": path, "config": config});
        let topic = "on_web_transport_service_starting";
        self.around.publish(topic, event.clone(), caller);
        self.state()
            .transports
            .start_service(&transport, &path, &service, config)?;
        let topic = "on_web_transport_service_started";
        self.around.publish(topic, event.clone(), caller);
        Ok(event)
    }

    pub(super) fn stop_service(
        &self,
        arguments: Arguments,
        caller: &Caller,
    ) -> Result<Value, ApiError> {
        let (transport, path) = two(arguments, "transport_id", "path")?;
        self.state().transports.stop_service(&transport, &path)?;
        let event = json!({"transport_id": transport, "path": path});
        let topic = "on_web_transport_service_stopped";
        self.around.publish(topic, event.clone(), caller);
        Ok(event)
    }

    /// Gives the Web services what they need of this worker.
    fn context(&self, transport: &Transport) -> Context {
        let net = Arc::clone(&self.around.net);
        let link = self.around.link.clone();
        Context {
            router: net,
            per_address: transport.max_connections_per_address,
            status: Arc::new(move || {
                let link = link.clone();
                Box::pin(async move {
                    let status = link.call("crossbar.get_status", Vec::new()).await.ok()?;
                    Value::try_from(status).ok()
                })
            }),
        }
    }
}

/// Tells that the process has too few descriptors, when a transport begins for which they do not suffice.
fn warn_if_scarce(before: usize, max_connections: usize) {
    let Some(limit) = descriptors::limit() else {
        return;
    };
    let suffices = |connections| u64::try_from(connections).is_ok_and(|count| count < limit);
    if suffices(before) && !suffices(max_connections) {
        warn!(
            "The transports may have {max_connections} connections, and the system allows this process {limit} descriptors: \
             raise its hard limit (`LimitNOFILE=` of systemd, `ulimit -Hn`), or lower max_connections"
        );
    }
}
