use crossbar_core::{RealmOptions, RoleConfig};
use crossbar_wire::Text;
use serde_json::Value;

/// `realms[]` of a router.
#[derive(Clone, Debug)]
pub struct Realm {
    /// `id`: unique in its worker.
    pub id: String,
    /// `name`: what clients say in HELLO.
    pub name: Text,
    /// `options` and `compat`
    pub options: RealmOptions,
    /// `roles`
    pub roles: Vec<Role>,
    /// The realm's JSON, roles included, as the management API carries it.
    pub raw: Value,
}

/// `roles[]` of a realm.
#[derive(Clone, Debug)]
pub struct Role {
    /// `id`: unique in its realm.
    pub id: String,
    /// `name` and `permissions`
    pub config: RoleConfig,
    /// The role's JSON, as the management API carries it.
    pub raw: Value,
}
