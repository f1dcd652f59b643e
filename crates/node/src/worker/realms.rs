use std::collections::BTreeMap;
use std::sync::Arc;

use crossbar_wire::{Inventory, Text};
use serde_json::{Value, json};

use crate::api::{ApiError, error};
use crate::clock::Utc;

/// The realms of a router worker, by id, with their roles.
#[derive(Debug, Default)]
pub(crate) struct Realms {
    by_id: BTreeMap<String, Realm>,
}

/// A realm that runs.
#[derive(Debug)]
pub(crate) struct Realm {
    /// What clients say in HELLO.
    pub(crate) name: Text,
    /// The types that its roles may name.
    pub(crate) types: Option<Arc<Inventory>>,
    config: Value,
    created: String,
    roles: BTreeMap<String, Role>,
}

/// A role of a realm.
#[derive(Debug)]
struct Role {
    name: Text,
    config: Value,
}

impl Realms {
    /// Checks that neither the id nor the name is taken.
    pub(crate) fn check_free(&self, id: &str, name: &Text) -> Result<(), ApiError> {
        let taken = self.by_id.contains_key(id) || self.by_name(name).is_some();
        if taken {
            let text = format!("a realm with id \"{id}\" or name \"{name}\" is already running");
            return Err(ApiError::new(error::ALREADY_RUNNING, text));
        }
        Ok(())
    }

    /// Adds a realm.
    pub(crate) fn add(
        &mut self,
        id: &str,
        name: Text,
        types: Option<Arc<Inventory>>,
        config: Value,
    ) {
        let realm = Realm {
            name,
            types,
            config,
            created: Utc::now().iso(),
            roles: BTreeMap::new(),
        };
        self.by_id.insert(id.to_owned(), realm);
    }

    /// Removes a realm.
    pub(crate) fn remove(&mut self, id: &str) -> Option<Realm> {
        self.by_id.remove(id)
    }

    /// Gives the ids, in order.
    pub(crate) fn ids(&self) -> Vec<&str> {
        self.by_id.keys().map(String::as_str).collect()
    }

    /// Finds a realm by its id.
    pub(crate) fn find(&self, id: &str) -> Result<&Realm, ApiError> {
        self.by_id.get(id).ok_or_else(|| no_such_realm(id))
    }

    /// Finds a realm by its name.
    pub(crate) fn by_name(&self, name: &str) -> Option<(&str, &Realm)> {
        let mut realms = self.by_id.iter();
        let (id, realm) = realms.find(|(_, realm)| realm.name == name)?;
        Some((id, realm))
    }

    /// Finds a realm by its id, to change its roles.
    pub(crate) fn find_mut(&mut self, id: &str) -> Result<&mut Realm, ApiError> {
        self.by_id.get_mut(id).ok_or_else(|| no_such_realm(id))
    }
}

impl Realm {
    /// Gives what `get_router_realm` answers.
    pub(crate) fn info(&self, id: &str) -> Value {
        let roles: Vec<Value> = self
            .roles
            .iter()
            .map(|(id, role)| json!({"id": id, "config": role.config}))
            .collect();
        json!({
            "id": id,
            "config": self.config,
            "category": "standalone",
            "created": self.created,
            "roles": roles,
            "has_router": true,
            "has_service_session": false,
            "rlinks": [],
        })
    }

    /// Adds a role; neither its id nor its name may be taken.
    pub(crate) fn add_role(&mut self, id: &str, name: Text, config: Value) -> Result<(), ApiError> {
        let taken = self.roles.values().any(|role| role.name == name);
        if taken || self.roles.contains_key(id) {
            let text = format!("a role with id \"{id}\" or name \"{name}\" already exists");
            return Err(ApiError::new(error::ALREADY_EXISTS, text));
        }
        self.roles.insert(id.to_owned(), Role { name, config });
        Ok(())
    }

    /// Removes a role; gives its name and what `get_router_realm_role` answered.
    pub(crate) fn remove_role(&mut self, id: &str) -> Result<(Text, Value), ApiError> {
        let info = self.role(id)?;
        let role = self.roles.remove(id).ok_or_else(|| no_such_role(id))?;
        Ok((role.name, info))
    }

    /// Gives the name of a role.
    pub(crate) fn role_name(&self, id: &str) -> Result<&Text, ApiError> {
        let role = self.roles.get(id).ok_or_else(|| no_such_role(id))?;
        Ok(&role.name)
    }

    /// Gives what `get_router_realm_role` answers.
    pub(crate) fn role(&self, id: &str) -> Result<Value, ApiError> {
        let role = self.roles.get(id).ok_or_else(|| no_such_role(id))?;
        Ok(json!({"id": id, "config": role.config}))
    }

    /// Gives what `get_router_realm_roles` answers.
    pub(crate) fn roles(&self) -> Vec<Value> {
        let roles = self.roles.iter();
        roles
            .map(|(id, role)| json!({"id": id, "config": role.config}))
            .collect()
    }

    /// Gives how many roles there are.
    pub(crate) fn role_count(&self) -> usize {
        self.roles.len()
    }
}

pub(crate) fn no_such_realm(id: &str) -> ApiError {
    ApiError::new(error::NO_SUCH_OBJECT, format!("there is no realm \"{id}\""))
}

fn no_such_role(id: &str) -> ApiError {
    ApiError::new(error::NO_SUCH_OBJECT, format!("there is no role \"{id}\""))
}
