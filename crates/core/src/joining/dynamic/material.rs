//! What an authenticator answers to prove a client with.

use crossbar_wire::auth::cryptosign::PublicKey;
use crossbar_wire::auth::scram::{Dialect, Kdf, Keys};
use crossbar_wire::auth::{from_hex, from_hex_exactly};
use crossbar_wire::{Text, Value};

use super::{BadAnswer, bad, text};
use crate::{Salting, ScramPrincipal, Secret, WampCraPrincipal};

type Result<T> = std::result::Result<T, Box<BadAnswer>>;

/// Reads what WAMP-CRA needs.
pub(super) fn wampcra(answer: &Value) -> Result<(Option<Secret>, Option<Salting>)> {
    let secret = Secret::new(Text::from(needed(answer, "secret", "wampcra")?));
    let salt = text(answer, "salt")?;
    let iterations = whole(answer, "iterations", 1, MAX_ITERATIONS)?;
    let keylen = whole(answer, "keylen", 1, MAX_KEY_LENGTH)?;
    let salting = match (salt, iterations, keylen) {
        (Some(salt), Some(iterations), Some(keylen)) => Some(Salting {
            salt: Text::from(salt),
            iterations,
            keylen,
        }),
        _ => None, // compat: a secret is salted only if all three of its parameters are there
    };
    let principal = WampCraPrincipal::new(Some(secret), Text::default(), salting);
    Ok((principal.key, principal.salting))
}

/// Reads what SCRAM needs.
pub(super) fn scram(answer: &Value, dialect: Dialect) -> Result<ScramPrincipal> {
    let iterations = whole(answer, "iterations", 1, MAX_ITERATIONS)?;
    let iterations = iterations.ok_or_else(|| bad("no iterations, which scram needs"))?;
    let (kdf, only) = match needed(answer, "kdf", "scram")? {
        "pbkdf2" => (Kdf::Pbkdf2 { iterations }, None),
        "argon2id-13" => (argon(answer, iterations)?, Some(Dialect::Autobahn)),
        "argon2id13" => (argon(answer, iterations)?, Some(Dialect::Specification)),
        _ => return Err(bad("kdf is none of argon2id-13, argon2id13 and pbkdf2")),
    };
    if only.is_some_and(|only| only != dialect) {
        return Err(bad(
            "keys of another dialect of scram than the client speaks",
        ));
    }
    let key = |name| {
        let key = needed(answer, name, "scram")?;
        from_hex_exactly(key).ok_or_else(|| bad(&format!("{name} is not 64 hexadecimal digits")))
    };
    let salt = from_hex(needed(answer, "salt", "scram")?);
    let salt = salt.filter(|salt| (8..=1024).contains(&salt.len()));
    Ok(ScramPrincipal {
        kdf,
        dialect: only,
        salt: salt.ok_or_else(|| bad("salt is not 8 to 1024 octets in hexadecimal"))?,
        keys: Keys {
            stored: key("stored-key")?,
            server: key("server-key")?,
        },
        role: Text::default(),
    })
}

fn argon(answer: &Value, iterations: u32) -> Result<Kdf> {
    let memory = whole(answer, "memory", 8, MAX_MEMORY)?;
    let memory = memory.ok_or_else(|| bad("no memory, which argon2 needs"))?;
    Ok(Kdf::Argon2id { iterations, memory })
}

/// Reads what cryptosign needs.
pub(super) fn cryptosign(answer: &Value) -> Result<PublicKey> {
    let digits = needed(answer, "pubkey", "cryptosign")?;
    PublicKey::read(digits)
        .ok_or_else(|| bad("pubkey is not an Ed25519 public key of 64 hexadecimal digits"))
}

fn needed<'a>(answer: &'a Value, key: &str, method: &str) -> Result<&'a str> {
    text(answer, key)?.ok_or_else(|| bad(&format!("no {key}, which {method} needs")))
}

fn whole(answer: &Value, key: &str, least: u32, most: u32) -> Result<Option<u32>> {
    let Some(value) = answer.get(key).filter(|value| **value != Value::Null) else {
        return Ok(None);
    };
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    match number {
        Some(number) if (least..=most).contains(&number) => Ok(Some(number)),
        Some(_) | None => Err(bad(&format!("{key} is no number from {least} to {most}"))),
    }
}

const MAX_ITERATIONS: u32 = 10_000_000;
/// Octets.
const MAX_KEY_LENGTH: u32 = 1024;
/// KiB.
const MAX_MEMORY: u32 = 1 << 20;
