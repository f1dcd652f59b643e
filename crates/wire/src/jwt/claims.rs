use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::TokenError;
use crate::Value;

/// Reads a JSON object of which no member, at any depth, has the name of another: who signed it and who reads it could else
/// take different ones (RFC 7519, "JSON Web Token (JWT) Format").
pub(super) fn read(json: &[u8]) -> Result<Value, TokenError> {
    let read: Strict = serde_json::from_slice(json).map_err(|error| {
        if error.to_string().starts_with(DUPLICATE) {
            TokenError::Duplicate
        } else {
            TokenError::Malformed
        }
    })?;
    if read.0.as_dict().is_none() {
        return Err(TokenError::Malformed);
    }
    Ok(read.0)
}

const DUPLICATE: &str = "a name twice";

/// A JSON value without equal names.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut dict = Vec::new();
        let mut names = std::collections::HashSet::new();
        while let Some((name, Strict(value))) = members.next_entry::<String, Strict>()? {
            if !names.insert(name.clone()) {
                return Err(de::Error::custom(DUPLICATE));
            }
            dict.push((name, value));
        }
        Ok(Value::Dict(dict))
    }
}
