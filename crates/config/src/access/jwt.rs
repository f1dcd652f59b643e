//! `auth.ticket` of the type `jwt`: the ticket is a JSON Web Token.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossbar_core::{Jwt, JwtKeys, JwtRole, KeyPlace, KeySource, MethodConfig};
use crossbar_wire::Text;
use crossbar_wire::jwt::{Algorithm, Key, KeySet};
use serde::Deserialize;
use serde_json::Value;

use crate::place::Place;
use crate::reading::Reading;
use crate::written::{SecretText, Whole, Written, given};
use crate::{Hint, Problem};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct JwtAsWritten {
    /// A secret that is shared with the issuer: 32 octets at least. `${NAME}` takes an environment variable.
    #[serde(default, deserialize_with = "given")]
    secret: Option<SecretText>,
    /// The issuer's public key, in PEM.
    key: Option<String>,
    /// A file with that, relative to the node directory.
    key_file: Option<String>,
    /// A file with a JSON Web Key Set, relative to the node directory.
    jwks_file: Option<String>,
    /// Where a JSON Web Key Set is served: `https`, or `http` on a network that is trusted.
    jwks_url: Option<String>,
    /// PEM files of the certificate authorities that are trusted for that; those of the system if absent.
    jwks_ca_certificates: Option<Vec<String>>,
    /// For how long a reading of the key set is good, in seconds; 3600 if absent. A token with another key's id has it read
    /// again, every half a minute at most.
    jwks_refresh: Option<Whole<10, 604_800>>,
    /// The algorithms that are allowed; all of the key's kind if absent.
    algorithms: Option<Vec<String>>,
    /// Who must have issued a token, or a list of those; whoever has the key if absent.
    issuer: Option<Value>,
    /// For whom a token must be, or a list of those. If absent, a token must not be for anybody in particular.
    audience: Option<Value>,
    /// How far the issuer's clock may be off, in seconds; 30 if absent.
    leeway: Option<Whole<0, 600>>,
    /// Whether a token must say when it expires; true if absent. The session ends then.
    require_exp: Option<bool>,
    /// The claim that is the authid; `sub` if absent.
    authid_claim: Option<String>,
    /// The claim that names the role, or a list of words.
    role_claim: Option<String>,
    /// The roles that are allowed, or an object of roles by words of the claim.
    roles: Option<Value>,
    /// The role of tokens that name none.
    role: Option<String>,
    /// The claim that names the realm, or a list of realms, that the client may join; any if absent.
    realm_claim: Option<String>,
    /// The claims that the session has in its `authextra`.
    extra_claims: Option<Vec<String>>,
}

impl Written for JwtAsWritten {}

pub(super) fn read(reading: &mut Reading, body: Value, at: &Place) -> Option<MethodConfig> {
    let written: JwtAsWritten = reading.read(body, at)?;
    let algorithms = algorithms(reading, &written, at);
    let role = role(reading, &written, at);
    let issuers = words(reading, written.issuer.clone(), &at.key("issuer"));
    let audiences = words(reading, written.audience.clone(), &at.key("audience"));
    let texts = |names: Option<Vec<String>>| names.unwrap_or_default().into_iter().map(Text::from);
    let keys = keys(reading, &written, at)?;
    if audiences.is_empty() && matches!(keys, JwtKeys::Source(_)) {
        let text =
            "without an audience, tokens of the same issuer for other services may be let in";
        reading.notice(at, text);
    }
    if written.jwks_ca_certificates.is_some() && written.jwks_url.is_none() {
        let problem = Problem::Rule("certificate authorities need a jwks-url");
        reading.fault(&at.key("jwks-ca-certificates"), problem, None);
    }
    let authid = written.authid_claim.unwrap_or_else(|| "sub".to_owned());
    Some(MethodConfig::Jwt(Arc::new(Jwt {
        keys,
        algorithms,
        issuers,
        audiences,
        leeway: Duration::from_secs(written.leeway.map_or(LEEWAY, Whole::get)),
        needs_expiry: written.require_exp.unwrap_or(true),
        authid: Text::from(authid),
        role,
        realm: written.realm_claim.map(Text::from),
        extra: texts(written.extra_claims).collect(),
    })))
}

/// Reads where the keys are: exactly one of five places.
fn keys(reading: &mut Reading, written: &JwtAsWritten, at: &Place) -> Option<JwtKeys> {
    let given = [
        written.secret.is_some(),
        written.key.is_some(),
        written.key_file.is_some(),
        written.jwks_file.is_some(),
        written.jwks_url.is_some(),
    ];
    if given.iter().filter(|&&given| given).count() != 1 {
        let rule = "one of secret, key, key-file, jwks-file and jwks-url is needed";
        reading.fault(at, Problem::Rule(rule), None);
        return None;
    }
    if let Some(secret) = &written.secret {
        return self::secret(reading, secret, &at.key("secret"));
    }
    if let Some(pem) = &written.key {
        return self::pem(reading, pem, &at.key("key"));
    }
    if let Some(file) = &written.key_file {
        let at = at.key("key-file");
        let file = reading.surroundings.path(file);
        let pem = text_of(reading, &file, &at)?;
        return self::pem(reading, &pem, &at);
    }
    let place = match (&written.jwks_file, &written.jwks_url) {
        (Some(file), _) => KeyPlace::File(reading.surroundings.path(file)),
        (None, Some(url)) => KeyPlace::Url {
            url: self::url(reading, url, &at.key("jwks-url"))?,
            authorities: authorities(reading, written, &at.key("jwks-ca-certificates")),
        },
        (None, None) => return None,
    };
    let refresh = written.jwks_refresh.map_or(REFRESH, Whole::get);
    Some(JwtKeys::Source(Arc::new(KeySource {
        place,
        refresh: Duration::from_secs(refresh),
    })))
}

fn secret(reading: &mut Reading, secret: &SecretText, at: &Place) -> Option<JwtKeys> {
    let Some(secret) = &secret.0 else {
        return Some(JwtKeys::Fixed(KeySet::default())); // an unset variable: no token is believed
    };
    if secret.expose().len() < 32 {
        let problem = Problem::Rule("a secret for tokens has at least 32 octets (RFC 7518)");
        let hint = Hint::Advice("make one with: openssl rand -base64 48");
        reading.fault(at, problem, Some(hint));
        return None;
    }
    Some(JwtKeys::Fixed(KeySet::one(Key::secret(secret.expose()))))
}

fn pem(reading: &mut Reading, pem: &str, at: &Place) -> Option<JwtKeys> {
    match Key::pem(pem) {
        Ok(key) => Some(JwtKeys::Fixed(KeySet::one(key))),
        Err(error) => {
            reading.fault(at, Problem::Value(error.to_string()), None);
            None
        }
    }
}

/// Reads a file of keys or certificates; what is no file of their size is not read to its end.
fn text_of(reading: &mut Reading, file: &Path, at: &Place) -> Option<String> {
    let read = || -> std::io::Result<String> {
        if !std::fs::metadata(file)?.is_file() {
            return Err(std::io::Error::other("it is no file"));
        }
        let mut text = String::new();
        std::fs::File::open(file)?
            .take(LONGEST)
            .read_to_string(&mut text)?;
        Ok(text)
    };
    match read() {
        Ok(text) => Some(text),
        Err(error) => {
            let problem = Problem::Unreadable {
                file: file.display().to_string(),
                reason: error.to_string(),
            };
            reading.fault(at, problem, None);
            None
        }
    }
}

/// Reads which authorities vouch for the server of the key set.
fn authorities(reading: &mut Reading, written: &JwtAsWritten, at: &Place) -> Vec<PathBuf> {
    let files = written.jwks_ca_certificates.as_deref().unwrap_or_default();
    let mut paths = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let at = at.index(index);
        let path = reading.surroundings.path(file);
        let text = text_of(reading, &path, &at);
        if text.is_some_and(|text| !text.contains("-----BEGIN CERTIFICATE-----")) {
            let problem = Problem::Rule("a file with certificates in PEM is needed");
            reading.fault(&at, problem, None);
        }
        paths.push(path);
    }
    paths
}

fn url(reading: &mut Reading, url: &str, at: &Place) -> Option<Text> {
    let plain = url.strip_prefix("http://");
    let Some(rest) = plain.or_else(|| url.strip_prefix("https://")) else {
        let problem = Problem::Rule("a URL that begins with https:// or http:// is needed");
        reading.fault(at, problem, None);
        return None;
    };
    if rest.is_empty() || rest.starts_with('/') || rest.contains(['@', ' ', '#']) {
        let problem = Problem::Rule("a URL of a host, perhaps a port, and a path is needed");
        reading.fault(at, problem, None);
        return None;
    }
    if plain.is_some() {
        let text =
            "the keys come without TLS: whoever is on the way can put other ones in their place";
        reading.notice(at, text);
    }
    Some(Text::from(url))
}

/// Reads the allow-list of algorithms.
fn algorithms(reading: &mut Reading, written: &JwtAsWritten, at: &Place) -> Vec<Algorithm> {
    let symmetric = written.secret.is_some();
    let Some(names) = &written.algorithms else {
        let all = Algorithm::ALL.into_iter();
        let mixed = written.jwks_file.is_some();
        return all
            .filter(|it| mixed || it.is_symmetric() == symmetric)
            .collect();
    };
    let at = at.key("algorithms");
    let known = Algorithm::ALL.map(Algorithm::name);
    let mut algorithms = Vec::new();
    for (index, name) in names.iter().enumerate() {
        match Algorithm::from_name(name) {
            Some(algorithm) => algorithms.push(algorithm),
            None => reading.unknown(name, "algorithm", &known, &at.index(index)),
        }
    }
    if names.is_empty() {
        let problem = Problem::Rule("an algorithm is needed");
        reading.fault(&at, problem, None);
    }
    algorithms
}

fn role(reading: &mut Reading, written: &JwtAsWritten, at: &Place) -> JwtRole {
    let default = written.role.clone().map(Text::from);
    if let Some(role) = &default {
        reading.uses_role(role, &at.key("role"));
    }
    if default.is_none() && written.role_claim.is_none() {
        let problem = Problem::Rule("role, role-claim or both are needed");
        reading.fault(at, problem, None);
    }
    if written.roles.is_some() && written.role_claim.is_none() {
        let problem = Problem::Rule("roles need a role-claim");
        reading.fault(&at.key("roles"), problem, None);
    }
    let at = at.key("roles");
    let allowed = written.roles.clone().map(|roles| {
        if !roles.is_array() {
            return mapping(reading, roles, &at);
        }
        let words = words(reading, Some(roles), &at);
        for role in &words {
            reading.uses_role(role, &at);
        }
        words.into_iter().map(|it| (it.clone(), it)).collect()
    });
    JwtRole {
        claim: written.role_claim.clone().map(Text::from),
        allowed,
        default,
    }
}

/// Reads an object of roles by words.
fn mapping(reading: &mut Reading, object: Value, at: &Place) -> Vec<(Text, Text)> {
    let mut roles = Vec::new();
    for (word, role, at) in reading.entries(Some(object), at) {
        let Value::String(role) = role else {
            reading.fault(&at, Problem::Value("expected a string".to_owned()), None);
            continue;
        };
        let role = Text::from(role);
        reading.uses_role(&role, &at);
        roles.push((Text::from(word), role));
    }
    roles
}

/// Reads a word or a list of words.
fn words(reading: &mut Reading, value: Option<Value>, at: &Place) -> Vec<Text> {
    let items = match value {
        Some(word @ Value::String(_)) => vec![(word, at.clone())],
        other => reading.items(other, at),
    };
    let mut words = Vec::new();
    for (item, at) in items {
        if let Some(word) = item.as_str().filter(|word| !word.is_empty()) {
            words.push(Text::from(word));
        } else {
            let problem = Problem::Value("expected a string that is not empty".to_owned());
            reading.fault(&at, problem, None);
        }
    }
    words
}

/// The most octets of a file of keys or certificates that are read.
const LONGEST: u64 = 1 << 20;
/// Seconds.
const LEEWAY: u64 = 30;
/// Seconds.
const REFRESH: u64 = 3600;
