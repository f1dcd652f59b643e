use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::algorithm::Curve;
use super::key::{Key, KeyError, MAX_KEYS, Material};
use super::{Algorithm, claims};
use crate::Value;

/// Reads the keys of a JSON Web Key Set that can be used here.
pub(super) fn read(json: &[u8], secrets: bool) -> Result<Vec<Key>, KeyError> {
    let set = claims::read(json).map_err(|_| KeyError::NotASet)?;
    let keys = set.get("keys").and_then(Value::as_list);
    let keys = keys.ok_or(KeyError::NotASet)?;
    if keys.len() > MAX_KEYS {
        return Err(KeyError::TooMany);
    }
    let read = |jwk| key(jwk).filter(|key| secrets || !matches!(key.material, Material::Secret(_)));
    Ok(keys.iter().filter_map(read).collect())
}

/// Reads a key; none if it is for something else, or cannot be used.
fn key(jwk: &Value) -> Option<Key> {
    let text = |name| jwk.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    if let Some(operations) = jwk.get("key_ops") {
        let verifies = |it: &Value| it.as_str() == Some("verify");
        if !operations.as_list()?.iter().any(verifies) {
            return None;
        }
    }
    let algorithm = match text("alg") {
        Some(name) => Some(Algorithm::from_name(name)?),
        None => None,
    };
    let key = Key {
        kid: text("kid").map(str::to_owned),
        algorithm,
        material: material(jwk)?,
    };
    key.checked().ok()
}

fn material(jwk: &Value) -> Option<Material> {
    let octets = |name| URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok();
    let curve = jwk.get("crv").and_then(Value::as_str);
    match (jwk.get("kty")?.as_str()?, curve) {
        ("oct", _) => Some(Material::Secret(octets("k")?)),
        ("RSA", _) => Some(Material::RsaNumbers {
            modulus: number(&octets("n")?),
            exponent: number(&octets("e")?),
        }),
        ("EC", Some("P-256")) => point(Curve::P256, &octets("x")?, &octets("y")?),
        ("EC", Some("P-384")) => point(Curve::P384, &octets("x")?, &octets("y")?),
        ("OKP", Some("Ed25519")) => Some(Material::Point(Curve::Ed25519, octets("x")?)),
        _ => None,
    }
}

/// Gives a number without leading zeros.
fn number(octets: &[u8]) -> Vec<u8> {
    let zeros = octets.iter().take_while(|&&octet| octet == 0).count();
    octets[zeros..].to_vec()
}

/// Makes an uncompressed point (SEC 1, 2.3.3).
fn point(curve: Curve, x: &[u8], y: &[u8]) -> Option<Material> {
    let length = curve.coordinate();
    if x.len() != length || y.len() != length {
        return None;
    }
    Some(Material::Point(curve, [&[4], x, y].concat()))
}
