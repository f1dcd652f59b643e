//! A configuration as others may see it.

use serde_json::Value;

/// Gives an item of the configuration with `***` for each secret in it.
///
/// Below `auth`, every text is taken for a secret unless its key is known to hold none: so a method that is added later
/// tells too little rather than too much. Elsewhere, keys that are known to hold secrets do.
#[must_use]
pub fn shown(item: &Value) -> Value {
    walk(item, "", Around::Elsewhere)
}

/// What a value stands in.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Around {
    Elsewhere,
    /// Below `auth`.
    Auth,
    /// Below `auth`, in an object that has no secrets whatever its keys are.
    Names,
}

fn walk(value: &Value, key: &str, around: Around) -> Value {
    match value {
        Value::Object(entries) => entries
            .iter()
            .map(|(key, value)| (key.clone(), entry(key, value, around)))
            .collect(),
        Value::Array(items) => items.iter().map(|item| walk(item, key, around)).collect(),
        Value::String(_) if around == Around::Auth && !OPEN.contains(&key) => Value::from(HIDDEN),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn entry(key: &str, value: &Value, around: Around) -> Value {
    let is_secret = match around {
        Around::Elsewhere => SECRET.contains(&key) && !value.is_object(),
        Around::Auth => SECRET.contains(&key),
        Around::Names => false,
    };
    if is_secret && !is_method(key, value) {
        return Value::from(HIDDEN);
    }
    let inner = match (around, key) {
        (Around::Elsewhere, "auth") => Around::Auth,
        (Around::Auth, "roles") => Around::Names,
        (around, _) => around,
    };
    walk(value, key, inner)
}

/// Says whether a key names a method, such as `ticket`, and not a secret.
fn is_method(key: &str, value: &Value) -> bool {
    key == "ticket" && value.is_object()
}

const HIDDEN: &str = "***";
/// Keys whose values are secrets wherever they stand.
const SECRET: [&str; 9] = [
    "ticket",
    "secret",
    "password",
    "github_secret",
    "salt",
    "salted-password",
    "server-key",
    "stored-key",
    "privkey",
];
/// Keys below `auth` whose texts are no secrets.
const OPEN: [&str; 25] = [
    "type",
    "role",
    "roles",
    "realm",
    "default-role",
    "authid",
    "authenticator",
    "authenticator-realm",
    "authenticator-role",
    "authorized_keys",
    "certificate-sha1",
    "certificate-sha256",
    "kdf",
    "key",
    "key-file",
    "jwks-file",
    "jwks-url",
    "jwks-ca-certificates",
    "algorithms",
    "issuer",
    "audience",
    "authid-claim",
    "role-claim",
    "realm-claim",
    "extra-claims",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_hidden() {
        let item = json!({
            "type": "websocket",
            "endpoint": {"type": "tcp", "port": 8080, "tls": {"key": "server.key", "certificate": "server.pem"}},
            "auth": {
                "anonymous": {"type": "static", "role": "guest"},
                "ticket": {"type": "static", "principals": {"joe": {"ticket": "T1", "role": "user"}}},
                "wampcra": {"type": "static", "users": {
                    "joe": {"secret": "S1", "role": "user", "salt": "S2", "iterations": 100, "keylen": 32}}},
                "scram": {"type": "static", "principals": {
                    "joe": {"stored-key": "S3", "server-key": "S4", "salt": "S5", "kdf": "argon2id-13", "memory": 64}}},
                "cryptosign": {"type": "static", "principals": {"joe": {"authorized_keys": ["abcd"], "role": "user"}}},
                "tokens": {"type": "jwt", "keys": [{"k": "S6", "kty": "oct"}], "hmac": "S7", "issuer": "me", "roles": {"staff": "user"}},
            },
            "paths": {"hook": {"type": "webhook", "options": {"github_secret": "S8", "topic": "a.b"}}},
        });
        let text = shown(&item).to_string();
        for secret in ["T1", "S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8"] {
            assert!(!text.contains(&format!("{secret}\"")), "{secret} in {text}");
        }
        for open in [
            "server.key",
            "guest",
            "static",
            "argon2id-13",
            "abcd",
            "100",
            "\"issuer\":\"me\"",
            "\"staff\":\"user\"",
            "a.b",
        ] {
            assert!(text.contains(open), "{open} in {text}");
        }
        let plain = json!({"type": "rawsocket", "endpoint": {"type": "tcp", "port": 1}});
        assert_eq!(shown(&plain), plain);
    }
}
