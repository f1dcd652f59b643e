use spki::der::pem;
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

use super::algorithm::Curve;
use super::key::{KeyError, Material};

/// Reads the public key of a PEM text.
pub(super) fn read(text: &str) -> Result<Material, KeyError> {
    let (label, der) = pem::decode_vec(text.trim().as_bytes()).map_err(|_| KeyError::Pem)?;
    match label {
        "PUBLIC KEY" => public_key(&der),
        "RSA PUBLIC KEY" => Ok(Material::Rsa(der)),
        "CERTIFICATE" => Err(KeyError::Certificate),
        other if other.ends_with("PRIVATE KEY") => Err(KeyError::Private),
        _ => Err(KeyError::Pem),
    }
}

/// Reads a SubjectPublicKeyInfo (RFC 5280).
fn public_key(der: &[u8]) -> Result<Material, KeyError> {
    let key = SubjectPublicKeyInfoRef::try_from(der).map_err(|_| KeyError::Malformed)?;
    let octets = key.subject_public_key.as_bytes();
    let octets = octets.ok_or(KeyError::Malformed)?.to_vec();
    match key.algorithm.oid {
        RSA => Ok(Material::Rsa(octets)),
        ED25519 => Ok(Material::Point(Curve::Ed25519, octets)),
        ON_CURVE => match key.algorithm.parameters_oid() {
            Ok(P256) => Ok(Material::Point(Curve::P256, octets)),
            Ok(P384) => Ok(Material::Point(Curve::P384, octets)),
            Ok(_) | Err(_) => Err(KeyError::Kind),
        },
        _ => Err(KeyError::Kind),
    }
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ON_CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
