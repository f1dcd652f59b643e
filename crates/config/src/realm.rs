use std::time::Duration;

use crossbar_core::{Authorization, Authorizer, RealmOptions, RoleConfig};
use crossbar_wire::{Text, Uri, UriCheck};
use serde::Deserialize;
use serde_json::Value;

use crate::inventory::Types;
use crate::limits::MaxSessions;
use crate::place::Place;
use crate::reading::Reading;
use crate::store::Store;
use crate::written::{Level, Refusal, Whole, Written};
use crate::{Problem, Raw, limits, names, permission, stats};

/// `realms[]` of a router.
#[derive(Clone, Debug)]
pub struct Realm {
    /// `id`: unique in its worker.
    pub id: String,
    /// `name`: what clients say in HELLO.
    pub name: Text,
    /// `options` and `compat`
    pub options: RealmOptions,
    /// `options.bridge_meta_api`: whether the meta API is on the management realm as well.
    pub bridge_meta_api: bool,
    /// `roles`
    pub roles: Vec<Role>,
    /// The realm's JSON, roles included, as the management API carries it.
    pub raw: Raw,
}

/// `roles[]` of a realm.
#[derive(Clone, Debug)]
pub struct Role {
    /// `id`: unique in its realm.
    pub id: String,
    /// `name` and `permissions`
    pub config: RoleConfig,
    /// The role's JSON, as the management API carries it.
    pub raw: Raw,
}

/// `realms[]` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RealmAsWritten {
    id: String,
    name: String,
    options: Option<Value>,
    roles: Option<Value>,
    compat: Option<String>,
    store: Option<Value>,
    stats: Option<Value>,
    inventory: Option<Value>,
}

impl Written for RealmAsWritten {
    const REQUIRED: &'static [&'static str] = &["name"];
    const REFUSED: &'static [(&'static str, Refusal)] = &[("rlinks", Refusal::NotYet)];
    const IGNORED: &'static [(&'static str, &'static str)] =
        &[("trace", "older versions of Crossbar.io had it")];
}

impl Realm {
    /// Reads a realm with its roles.
    pub(crate) fn read(reading: &mut Reading, mut value: Value, at: &Place) -> Option<Self> {
        reading.fill_id(&mut value, "realm");
        if reading.compat_crossbar
            && let Some(object) = value.as_object_mut()
        {
            object.entry("compat").or_insert("crossbar".into());
        }
        let mut raw = value.clone();
        let written: RealmAsWritten = reading.read(value, at)?;
        if !names::is_realm_name(&written.name) {
            let problem = Problem::Rule(
                "a realm's name is a letter followed by 2 to 254 of A-Z, a-z, 0-9, _, -, @ and .",
            );
            let value = Value::from(written.name.as_str());
            reading.fault_with(&at.key("name"), problem, Some(value), None);
        }
        let compat_crossbar = read_compat(reading, written.compat, at);
        let options = read_options(
            reading,
            written.options,
            compat_crossbar,
            &at.key("options"),
        );
        let uri_check = options
            .as_ref()
            .map_or_else(UriCheck::default, |(options, _)| options.uri_check);
        let store = Store::read(reading, written.store, uri_check, &at.key("store"));
        let statistics = stats::read(reading, written.stats, &at.key("stats"));
        reading.types = Types::read(reading, written.inventory, &at.key("inventory"));
        let roles = Role::read_all(reading, written.roles, &at.key("roles"));
        let types = std::mem::take(&mut reading.types);
        if let Some(roles_raw) = raw.get_mut("roles") {
            *roles_raw = roles.iter().map(|role| Value::clone(&role.raw)).collect();
        }
        let store = store?;
        let (options, bridge_meta_api) = options?;
        Some(Self {
            id: written.id,
            name: Text::from(written.name),
            options: RealmOptions {
                history: store.history,
                call_queues: store.call_queues,
                statistics: statistics?,
                inventory: types.inventory().cloned(),
                ..options
            },
            bridge_meta_api,
            roles,
            raw: Raw::new(raw),
        })
    }
}

/// Reads `compat` of the document or a realm.
pub(crate) fn read_compat(reading: &mut Reading, compat: Option<String>, at: &Place) -> bool {
    let Some(word) = compat else {
        return false;
    };
    let meanings = [("crossbar", true)];
    reading
        .one_of(&word, "value", &meanings, &at.key("compat"))
        .unwrap_or(false)
}

/// A realm's `options` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionsAsWritten {
    uri_check: Option<String>,
    enable_meta_api: Option<bool>,
    bridge_meta_api: Option<bool>,
    max_retained_events: Option<Whole<0, 100_000_000>>,
    max_retained_octets: Option<Whole<0, { 1 << 40 }>>,
    max_sessions: Option<MaxSessions>,
}

impl Written for OptionsAsWritten {
    const IGNORED: &'static [(&'static str, &'static str)] = &[(
        "event_dispatching_chunk_size",
        "no event loop is held up by an event of many receivers",
    )];
}

/// Reads the options, and whether the meta API is bridged.
fn read_options(
    reading: &mut Reading,
    value: Option<Value>,
    compat_crossbar: bool,
    at: &Place,
) -> Option<(RealmOptions, bool)> {
    let written: OptionsAsWritten = reading.read_or_empty(value, at)?;
    let meanings = [("loose", UriCheck::Loose), ("strict", UriCheck::Strict)];
    let uri_check = match written.uri_check {
        None => UriCheck::default(),
        Some(word) => reading.one_of(&word, "value", &meanings, &at.key("uri_check"))?,
    };
    let defaults = RealmOptions::default();
    let options = RealmOptions {
        uri_check,
        compat_crossbar,
        meta_api: written.enable_meta_api.unwrap_or(defaults.meta_api),
        max_retained_events: written
            .max_retained_events
            .map_or(defaults.max_retained_events, Whole::get),
        max_retained_octets: written
            .max_retained_octets
            .map_or(defaults.max_retained_octets, Whole::get),
        max_sessions: written.max_sessions.map(Whole::get),
        ..defaults
    };
    let bridged = options.meta_api && written.bridge_meta_api == Some(true);
    Some((options, bridged))
}

/// `roles[]` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleAsWritten {
    id: String,
    name: String,
    permissions: Option<Value>,
    #[serde(rename = "allow-by-default")]
    allow_by_default: Option<bool>,
    authorizer: Option<String>,
    #[serde(rename = "authorizer-timeout")]
    authorizer_timeout: Option<Whole<1, 3600>>,
    #[serde(rename = "authorizer-cache-ttl")]
    authorizer_cache_ttl: Option<Whole<0, 31_536_000>>,
    trustlevel: Option<Level>,
    limits: Option<Value>,
    max_sessions: Option<MaxSessions>,
}

impl Written for RoleAsWritten {
    const REQUIRED: &'static [&'static str] = &["name"];
}

impl Role {
    /// Reads a role.
    pub(crate) fn read(reading: &mut Reading, mut value: Value, at: &Place) -> Option<Self> {
        reading.fill_id(&mut value, "role");
        let raw = Raw::new(value.clone());
        let written: RoleAsWritten = reading.read(value, at)?;
        if written.name == TRUSTED {
            let problem = Problem::Rule("the role \"trusted\" is reserved for internal sessions");
            reading.fault(&at.key("name"), problem, None);
        }
        let authorizer = read_authorizer(reading, &written, at);
        let choice = (written.permissions, authorizer, written.allow_by_default);
        let authorization = match choice {
            (Some(permissions), _, _) => {
                let at = at.key("permissions");
                Authorization::Static(permission::read_all(reading, permissions, &at))
            }
            (None, Some(authorizer), _) => Authorization::Dynamic(authorizer),
            (None, None, Some(allowed)) => Authorization::Always(allowed),
            (None, None, None) => {
                reading.notice(at, "the role has no permissions: everything is denied");
                Authorization::Static(Vec::new())
            }
        };
        let limits = limits::read(reading, written.limits, &at.key("limits"))?;
        let name = Text::from(written.name);
        Some(Self {
            id: written.id,
            config: RoleConfig {
                name,
                authorization,
                trustlevel: written.trustlevel.map(Level::get),
                limits,
                max_sessions: written.max_sessions.map(Whole::get),
            },
            raw,
        })
    }

    fn read_all(reading: &mut Reading, value: Option<Value>, at: &Place) -> Vec<Self> {
        let items = reading.items(value, at).into_iter();
        let roles: Vec<(Self, Place)> = items
            .filter_map(|(item, place)| Some((Self::read(reading, item, &place)?, place)))
            .collect();
        let ids = roles.iter().map(|(role, at)| (&*role.id, at.key("id")));
        reading.check_unique("the id", ids);
        let names = roles
            .iter()
            .map(|(role, at)| (&*role.config.name, at.key("name")));
        reading.check_unique("the role", names);
        roles.into_iter().map(|(role, _)| role).collect()
    }
}

/// Reads what says which procedure decides, if one does.
fn read_authorizer(
    reading: &mut Reading,
    written: &RoleAsWritten,
    at: &Place,
) -> Option<Authorizer> {
    let own_keys = [
        ("authorizer-timeout", written.authorizer_timeout.is_some()),
        (
            "authorizer-cache-ttl",
            written.authorizer_cache_ttl.is_some(),
        ),
    ];
    let Some(procedure) = &written.authorizer else {
        for (key, _) in own_keys.into_iter().filter(|(_, is_there)| *is_there) {
            let problem = Problem::Rule("it has a meaning only with \"authorizer\"");
            reading.fault(&at.key(key), problem, None);
        }
        return None;
    };
    let at = at.key("authorizer");
    if written.permissions.is_some() {
        let problem = Problem::Rule("a role has either \"permissions\" or an \"authorizer\"");
        reading.fault(&at, problem, None);
    }
    let procedure = Text::from(procedure.as_str());
    if Uri::check(&procedure, UriCheck::Strict).is_err() || procedure.starts_with("wamp.") {
        let problem = Problem::Rule(
            "an authorizer is a procedure: components of a-z, 0-9 and _ with full stops between, not below \"wamp.\"",
        );
        let value = Some(Value::from(procedure.as_str()));
        reading.fault_with(&at, problem, value, None);
    }
    let seconds = |seconds: u64| Duration::from_secs(seconds);
    Some(Authorizer {
        procedure,
        timeout: seconds(written.authorizer_timeout.map_or(10, Whole::get)),
        cache_ttl: seconds(written.authorizer_cache_ttl.map_or(300, Whole::get)),
    })
}

/// The role of internal sessions.
pub(crate) const TRUSTED: &str = "trusted";
