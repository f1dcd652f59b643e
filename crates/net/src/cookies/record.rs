//! Logins as stores keep them, with Crossbar.io's keys.

use std::sync::Arc;
use std::time::Duration;

use crossbar_core::{CookieLogin, Principal, Timestamp};
use crossbar_wire::{Text, Value};
use serde_json::{Map, Value as Json, json};

/// A cookie that stands for a login.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    /// What the store calls the cookie.
    pub(crate) name: Box<str>,
    /// The login, which other cookies may stand for, too.
    pub(crate) group: LoginId,
    pub(crate) created: Timestamp,
    /// When the login was made or changed.
    pub(crate) modified: Timestamp,
    /// When the cookie is worth nothing any more.
    pub(crate) until: Timestamp,
    pub(crate) login: Arc<CookieLogin>,
}

/// The longest login that is kept, in octets of its texts and of `authextra` in JSON: an authenticator may add much to it.
const LONGEST: usize = 4096;

/// Names a login; drawn at random.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct LoginId(u64);

/// What becomes of a cookie in a store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// It stands for this login from now on.
    Put(Record),
    /// It is worth nothing since then.
    Delete(Record, Timestamp),
}

/// What a store says of a cookie.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said {
    /// It stands for a login.
    Login(Record),
    /// It stands for nobody yet.
    Nobody(Box<str>),
    /// It is worth nothing for ever.
    Deleted(Box<str>),
}

/// Says whether a login can be kept: it has a bounded length, and JSON for all of it.
pub(crate) fn can_be_kept(login: &CookieLogin) -> bool {
    let Principal {
        authid,
        authrole,
        authmethod,
        authextra,
        ..
    } = &login.principal;
    let texts = [&login.realm, authid, authrole, authmethod].map(|text| text.as_bytes().len());
    Json::try_from(authextra.clone())
        .is_ok_and(|extra| texts.iter().sum::<usize>() + extra.to_string().len() <= LONGEST)
}

impl LoginId {
    /// Draws one from the system's generator; none if that fails.
    pub(crate) fn draw() -> Option<Self> {
        let mut octets = [0; 8];
        getrandom::fill(&mut octets).ok()?;
        Some(Self(u64::from_ne_bytes(octets)))
    }
}

impl Change {
    pub(crate) const fn record(&self) -> &Record {
        match self {
            Self::Put(record) | Self::Delete(record, _) => record,
        }
    }

    /// Writes it as Crossbar.io does, without the cookie's name.
    pub(crate) fn to_json(&self) -> Json {
        let (record, deleted) = match self {
            Self::Put(record) => (record, None),
            Self::Delete(record, time) => (record, Some(time.to_string())),
        };
        let status = if deleted.is_some() {
            "deleted"
        } else {
            "modified"
        };
        let Principal {
            authid,
            authrole,
            authmethod,
            authprovider,
            authextra,
        } = &record.login.principal;
        json!({
            "status": status,
            "created": record.created.to_string(),
            "modified": record.modified.to_string(),
            "deleted": deleted,
            "max_age": record.until.since(record.created).as_secs(),
            "authid": authid.as_str(),
            "authrole": authrole.as_str(),
            "authmethod": authmethod.as_str(),
            "authprovider": authprovider.as_str(),
            "authrealm": record.login.realm.as_str(),
            "authextra": Json::try_from(authextra.clone()).unwrap_or_default(),
            "expires": record.login.expires.map(|time| time.to_string()),
            "login": format!("{:016x}", record.group.0),
        })
    }
}

impl Said {
    /// Reads what a store says of a cookie; none if it makes no sense.
    pub(crate) fn read(name: &str, json: &Map<String, Json>) -> Option<Self> {
        if json.get("deleted").is_some_and(|it| !it.is_null()) {
            return Some(Self::Deleted(name.into()));
        }
        let text = |key| json.get(key).and_then(Json::as_str);
        let time = |key| text(key).and_then(Timestamp::read);
        let created = time("created")?;
        let age = json.get("max_age").and_then(Json::as_u64)?;
        let until = created
            .as_duration()
            .checked_add(Duration::from_secs(age))?;
        let (Some(authid), Some(authrole), Some(authmethod), Some(realm)) = (
            text("authid"),
            text("authrole"),
            text("authmethod"),
            text("authrealm"),
        ) else {
            return Some(Self::Nobody(name.into()));
        };
        let expires = json.get("expires").filter(|it| !it.is_null());
        let expires = match expires.and_then(Json::as_str) {
            Some(text) => Some(Timestamp::read(text)?),
            None if expires.is_some() => return None,
            None => None,
        };
        let extra = json.get("authextra").cloned().unwrap_or_default();
        let group = text("login").and_then(|text| u64::from_str_radix(text, 16).ok());
        Some(Self::Login(Record {
            name: name.into(),
            group: group.map(LoginId).or_else(LoginId::draw)?,
            created,
            modified: time("modified").unwrap_or(created),
            until: Timestamp::since_1970(until),
            login: Arc::new(CookieLogin {
                realm: Text::from(realm),
                principal: Principal {
                    authid: Text::from(authid),
                    authrole: Text::from(authrole),
                    authmethod: Text::from(authmethod),
                    // compat: Crossbar.io does not say.
                    authprovider: text("authprovider")
                        .map_or(Text::from_static("cookie"), Text::from),
                    authextra: Value::from(extra),
                },
                expires,
            }),
        }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Makes a login of a day's age that is good for another.
    pub(crate) fn record(name: &str, authid: &str) -> Record {
        let day = Duration::from_secs(86_400);
        let now = Duration::from_millis(1_790_000_000_123);
        Record {
            name: name.into(),
            group: LoginId(7),
            created: Timestamp::since_1970(now - day),
            modified: Timestamp::since_1970(now),
            until: Timestamp::since_1970(now + day),
            login: Arc::new(CookieLogin {
                realm: Text::from_static("realm1"),
                principal: Principal {
                    authid: Text::from(authid),
                    authrole: Text::from_static("user"),
                    authmethod: Text::from_static("ticket"),
                    authprovider: Text::from_static("static"),
                    authextra: Value::from(json!({"team": [1, "two", null]})),
                },
                expires: Some(Timestamp::since_1970(now + day / 2)),
            }),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for record in [record("abcdef", "joe"), record("ABC+/=", "ünïcode \"q\"\n")] {
            let json = Change::Put(record.clone()).to_json();
            let said = Said::read(&record.name, json.as_object().unwrap());
            assert_eq!(said, Some(Said::Login(record.clone())));
            let deleted = Change::Delete(record.clone(), record.until).to_json();
            let said = Said::read(&record.name, deleted.as_object().unwrap());
            assert_eq!(said, Some(Said::Deleted(record.name)));
        }
    }

    #[test]
    fn a_login_is_kept_if_it_is_not_too_long_and_has_json_for_all_of_it() {
        let keeps = |extra| {
            let mut login = record("abcdef", "joe").login.as_ref().clone();
            login.principal.authextra = extra;
            can_be_kept(&login)
        };
        assert!(keeps(Value::Null));
        assert!(keeps(Value::from(json!({"x": "y".repeat(4000)}))));
        assert!(!keeps(Value::from(json!({"x": "y".repeat(4096)}))));
        assert!(!keeps(Value::Integer(i128::MAX)));
    }

    #[test]
    fn what_makes_no_sense_is_not_read() {
        let good = Change::Put(record("abcdef", "joe")).to_json();
        for (key, value) in [
            ("created", json!("yesterday")),
            ("created", json!(null)),
            ("max_age", json!(-1)),
            ("max_age", json!(u64::MAX)),
            ("expires", json!(5)),
            ("expires", json!("never")),
        ] {
            let mut bad = good.clone();
            bad[key] = value;
            assert_eq!(
                Said::read("abcdef", bad.as_object().unwrap()),
                None,
                "{bad}"
            );
        }
        let mut nobody = good;
        nobody["authid"] = json!(null);
        let said = Said::read("abcdef", nobody.as_object().unwrap());
        assert_eq!(said, Some(Said::Nobody("abcdef".into())));
    }
}
