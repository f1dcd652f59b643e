use serde_json::{Value, json};

use super::realms::no_such_realm;
use super::router::{RouterWorker, only, two};
use super::{GRACE, bridge, realms::Realm};
use crate::api::{ApiError, Arguments, Caller, error};

impl RouterWorker {
    pub(super) fn get_realm(&self, arguments: Arguments) -> Result<Value, ApiError> {
        let id = only(arguments, "realm_id")?;
        Ok(self.state().realms.find(&id)?.info(&id))
    }

    pub(super) fn get_realm_by_name(&self, arguments: Arguments) -> Result<Value, ApiError> {
        let name = only(arguments, "realm_name")?;
        let state = self.state();
        let found = state.realms.by_name(&name);
        let (id, realm) = found.ok_or_else(|| no_such_realm(&name))?;
        Ok(realm.info(id))
    }

    pub(super) fn get_realm_stats(&self, mut arguments: Arguments) -> Result<Value, ApiError> {
        let only = arguments.optional_text("realm_id")?;
        arguments.end()?;
        let state = self.state();
        if let Some(id) = &only {
            state.realms.find(id)?;
        }
        let mut stats = serde_json::Map::new();
        for id in state.realms.ids() {
            if only.as_deref().is_none_or(|only| only == id) {
                stats.insert(id.to_owned(), self.stats(state.realms.find(id)?));
            }
        }
        Ok(Value::Object(stats))
    }

    fn stats(&self, realm: &Realm) -> Value {
        let look = crossbar_core::Realm::statistics;
        let counted = self.around.net.inspect(&realm.name, look);
        let counted = counted.unwrap_or_default();
        json!({
            "roles": realm.role_count(),
            "sessions": counted.sessions,
            "subscriptions": counted.subscriptions,
            "registrations": counted.registrations,
            "calls": counted.calls,
            "limited": counted.limited,
        })
    }

    /// Tells what all transports and realms together have counted since the start.
    pub(super) fn get_stats(&self, arguments: Arguments) -> Result<Value, ApiError> {
        arguments.end()?;
        let counted = self.around.net.statistics();
        Ok(json!({
            "connections_accepted": counted.connections_accepted,
            "connections_refused": counted.connections_refused,
            "connections_open": counted.connections_open,
            "handshakes_failed": counted.handshakes_failed,
            "authentications_failed": counted.authentications_failed,
            "sessions_late": counted.sessions_late,
            "sessions_overflowed": counted.sessions_overflowed,
            "violations": counted.violations,
            "limited": counted.limited,
            "unfit": counted.unfit,
            "paused": counted.paused,
            "expelled": counted.expelled,
            "events_dropped": counted.events_dropped,
            "undeliverable": counted.undeliverable,
        }))
    }

    pub(super) async fn start_realm(
        &self,
        mut arguments: Arguments,
        caller: &Caller,
    ) -> Result<Value, ApiError> {
        let id = arguments.text("realm_id")?;
        let mut item = arguments.item("realm_config")?;
        arguments.end()?;
        item["id"] = json!(id);
        let realm = crossbar_config::read_realm(item, &self.around.surroundings())
            .map_err(|faults| super::invalid(&faults))?;
        let bridged = realm.bridge_meta_api.then(|| realm.name.clone());
        let types = realm.options.inventory.clone();
        let info = {
            let mut state = self.state();
            state.realms.check_free(&id, &realm.name)?;
            // The roles follow by calls of their own.
            self.around
                .net
                .start_realm(&realm.name, realm.options, [])
                .map_err(|failure| ApiError::new(error::ALREADY_RUNNING, failure.to_string()))?;
            let shown = crossbar_config::shown(&realm.raw);
            state.realms.add(&id, realm.name, types, shown);
            state.realms.find(&id)?.info(&id)
        };
        if let Some(name) = bridged {
            let root = format!("{}realm.{id}.root.", self.around.prefix());
            let management = self.around.link.session();
            bridge::start(management, &self.around.net, &name, root).await?;
        }
        self.around.publish("on_realm_started", json!(id), caller);
        Ok(info)
    }

    pub(super) async fn stop_realm(
        &self,
        arguments: Arguments,
        caller: &Caller,
    ) -> Result<Value, ApiError> {
        let id = only(arguments, "realm_id")?;
        let (realm, info) = {
            let mut state = self.state();
            let info = state.realms.find(&id)?.info(&id);
            let realm = state.realms.remove(&id);
            (realm.ok_or_else(|| no_such_realm(&id))?, info)
        };
        let stopped = self.around.net.stop_realm(&realm.name, GRACE).await;
        stopped.map_err(|_| no_such_realm(&id))?;
        self.around.publish("on_realm_stopped", json!(id), caller);
        Ok(info)
    }

    pub(super) fn start_role(
        &self,
        mut arguments: Arguments,
        caller: &Caller,
    ) -> Result<Value, ApiError> {
        let realm = arguments.text("realm_id")?;
        let id = arguments.text("role_id")?;
        let mut item = arguments.item("role_config")?;
        arguments.end()?;
        item["id"] = json!(id);
        let types = self.state().realms.find(&realm)?.types.clone();
        let surroundings = self.around.surroundings();
        let role = crossbar_config::read_role(item, &surroundings, types.as_ref())
            .map_err(|faults| super::invalid(&faults))?;
        let info = {
            let mut state = self.state();
            let entry = state.realms.find_mut(&realm)?;
            let name = role.config.name.clone();
            entry.add_role(&id, name, crossbar_config::shown(&role.raw))?;
            let set = self.around.net.set_role(&entry.name, role.config);
            set.map_err(|_| no_such_realm(&realm))?;
            entry.role(&id)?
        };
        let topic = "on_router_realm_role_started";
        self.around.publish(topic, json!({"id": id}), caller);
        Ok(info)
    }

    pub(super) fn stop_role(
        &self,
        arguments: Arguments,
        caller: &Caller,
    ) -> Result<Value, ApiError> {
        let (realm, id) = two(arguments, "realm_id", "role_id")?;
        let info = {
            let mut state = self.state();
            let entry = state.realms.find_mut(&realm)?;
            let (name, info) = entry.remove_role(&id)?;
            let removed = self.around.net.remove_role(&entry.name, &name);
            removed.map_err(|_| no_such_realm(&realm))?;
            info
        };
        let topic = "on_router_realm_role_stopped";
        self.around.publish(topic, json!({"id": id}), caller);
        Ok(info)
    }

    /// Has the router ask the role's authorizer again about what it has decided.
    pub(super) fn purge_authorizations(&self, arguments: Arguments) -> Result<Value, ApiError> {
        let (realm, id) = two(arguments, "realm_id", "role_id")?;
        let mut state = self.state();
        let entry = state.realms.find_mut(&realm)?;
        let purged = self
            .around
            .net
            .purge_authorizations(&entry.name, entry.role_name(&id)?);
        purged.map_err(|_| no_such_realm(&realm))?;
        Ok(Value::Null)
    }
}
