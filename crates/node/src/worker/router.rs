use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbar_wire::Value;
use serde_json::json;

use super::Workplace;
use super::realms::Realms;
use super::transports::Transports;
use crate::api::{ApiError, Arguments, Caller};
use crate::link::{Api, BoxFuture, Call};

/// A `router` worker.
pub(crate) struct RouterWorker {
    pub(super) around: Workplace,
    state: Mutex<State>,
}

/// What runs in a router worker.
#[derive(Default)]
pub(super) struct State {
    pub(super) realms: Realms,
    pub(super) transports: Transports,
}

const PROCEDURES: [&str; 22] = [
    "get_router_realms",
    "get_router_realm",
    "get_router_realm_by_name",
    "get_router_realm_stats",
    "get_router_stats",
    "start_router_realm",
    "stop_router_realm",
    "get_router_realm_roles",
    "get_router_realm_role",
    "start_router_realm_role",
    "stop_router_realm_role",
    "purge_router_realm_role_authorizations",
    "get_router_components",
    "get_router_transports",
    "get_router_transport",
    "start_router_transport",
    "stop_router_transport",
    "start_web_transport_service",
    "stop_web_transport_service",
    "get_web_transport_service",
    "get_web_transport_services",
    "get_router_realm_links",
];

impl Api for RouterWorker {
    fn prefix(&self) -> &str {
        self.around.prefix()
    }

    fn names(&self) -> Vec<&'static str> {
        [&PROCEDURES[..], &Workplace::procedures()].concat()
    }

    fn call(self: Arc<Self>, name: &'static str, call: Call) -> BoxFuture<Result<Value, ApiError>> {
        Box::pin(async move { self.dispatch(name, call.arguments, &call.caller).await })
    }
}

impl RouterWorker {
    pub(crate) fn new(around: Workplace) -> Self {
        Self {
            around,
            state: Mutex::default(),
        }
    }

    async fn dispatch(
        &self,
        name: &str,
        arguments: Arguments,
        caller: &Caller,
    ) -> Result<Value, ApiError> {
        let result = match name {
            "get_router_realms" => {
                arguments.end()?;
                json!(self.state().realms.ids())
            }
            "get_router_realm" => self.get_realm(arguments)?,
            "get_router_realm_by_name" => self.get_realm_by_name(arguments)?,
            "get_router_realm_stats" => self.get_realm_stats(arguments)?,
            "get_router_stats" => self.get_stats(arguments)?,
            "start_router_realm" => self.start_realm(arguments, caller).await?,
            "stop_router_realm" => self.stop_realm(arguments, caller).await?,
            "get_router_realm_roles" => {
                let id = only(arguments, "realm_id")?;
                json!(self.state().realms.find(&id)?.roles())
            }
            "get_router_realm_role" => {
                let (realm, role) = two(arguments, "realm_id", "role_id")?;
                self.state().realms.find(&realm)?.role(&role)?
            }
            "start_router_realm_role" => self.start_role(arguments, caller)?,
            "stop_router_realm_role" => self.stop_role(arguments, caller)?,
            "purge_router_realm_role_authorizations" => self.purge_authorizations(arguments)?,
            "get_router_components" => {
                arguments.end()?;
                json!([])
            }
            "get_router_realm_links" => {
                let id = only(arguments, "realm_id")?;
                self.state().realms.find(&id)?;
                json!([])
            }
            "get_router_transports" => {
                arguments.end()?;
                json!(self.state().transports.all())
            }
            "get_router_transport" => {
                let id = only(arguments, "transport_id")?;
                self.state().transports.info(&id)?
            }
            "start_router_transport" => self.start_transport(arguments, caller)?,
            "stop_router_transport" => self.stop_transport(arguments, caller)?,
            "start_web_transport_service" => self.start_service(arguments, caller)?,
            "stop_web_transport_service" => self.stop_service(arguments, caller)?,
            "get_web_transport_service" => {
                let (transport, path) = two(arguments, "transport_id", "path")?;
                self.state().transports.service(&transport, &path)?
            }
            "get_web_transport_services" => {
                let id = only(arguments, "transport_id")?;
                json!(self.state().transports.services(&id)?)
            }
            _ => return self.around.call(name, arguments, caller),
        };
        Ok(result.into())
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the only argument of a call, a text.
pub(super) fn only(mut arguments: Arguments, name: &str) -> Result<String, ApiError> {
    let text = arguments.text(name)?;
    arguments.end()?;
    Ok(text)
}

/// Takes the only two arguments of a call, both texts.
pub(super) fn two(
    mut arguments: Arguments,
    first: &str,
    second: &str,
) -> Result<(String, String), ApiError> {
    let texts = (arguments.text(first)?, arguments.text(second)?);
    arguments.end()?;
    Ok(texts)
}
