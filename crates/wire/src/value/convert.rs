use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Dict, Value};

/// Why a value has no counterpart in a type, or the other way round.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct ValueError(pub(super) Box<str>);

impl ValueError {
    pub(super) fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }
}

macro_rules! from {
    ($($from:ty => |$value:ident| $into:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($value: $from) -> Self {
                $into
            }
        }
    )*};
}

from! {
    bool => |value| Self::Bool(value);
    u8 => |value| Self::Integer(value.into());
    u16 => |value| Self::Integer(value.into());
    u32 => |value| Self::Integer(value.into());
    u64 => |value| Self::Integer(value.into());
    i8 => |value| Self::Integer(value.into());
    i16 => |value| Self::Integer(value.into());
    i32 => |value| Self::Integer(value.into());
    i64 => |value| Self::Integer(value.into());
    i128 => |value| Self::Integer(value);
    f32 => |value| Self::Float(value.into());
    f64 => |value| Self::Float(value);
    &str => |value| Self::Text(value.to_owned());
    String => |value| Self::Text(value);
    &crate::Text => |value| Self::Text(value.as_str().to_owned());
    crate::Text => |value| Self::Text(value.as_str().to_owned());
    Vec<u8> => |value| Self::Binary(value);
    &[u8] => |value| Self::Binary(value.to_vec());
    bytes::Bytes => |value| Self::Binary(value.to_vec());
    Vec<Self> => |value| Self::List(value);
    Dict => |value| Self::Dict(value);
    crate::SessionId => |value| Self::Integer(value.value().into());
    crate::PublicationId => |value| Self::Integer(value.value().into());
    crate::SubscriptionId => |value| Self::Integer(value.value().into());
    crate::RegistrationId => |value| Self::Integer(value.value().into());
    crate::RequestId => |value| Self::Integer(value.value().into());
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Integer(i128::try_from(value).unwrap_or(i128::MAX))
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<serde_json::Value> for Value {
    /// Strings of NUL and base64 become octets, as on the wire.
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(value),
            serde_json::Value::Number(number) => from_number(&number),
            serde_json::Value::String(text) => {
                let binary = text.strip_prefix('\0');
                match binary.and_then(|base64| STANDARD.decode(base64).ok()) {
                    Some(octets) => Self::Binary(octets),
                    None => Self::Text(text),
                }
            }
            serde_json::Value::Array(list) => {
                Self::List(list.into_iter().map(Self::from).collect())
            }
            serde_json::Value::Object(entries) => Self::Dict(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, Self::from(value)))
                    .collect(),
            ),
        }
    }
}

fn from_number(number: &serde_json::Number) -> Value {
    if let Some(value) = number.as_u64() {
        return Value::from(value);
    }
    if let Some(value) = number.as_i64() {
        return Value::from(value);
    }
    Value::Float(number.as_f64().unwrap_or(f64::NAN))
}

impl TryFrom<Value> for serde_json::Value {
    type Error = ValueError;

    /// Octets become a string of NUL and base64, NaN and infinities null, as on the wire.
    fn try_from(value: Value) -> Result<Self, ValueError> {
        Ok(match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Integer(value) => to_number(value)?,
            Value::Float(value) => Self::from(value),
            Value::Text(text) => Self::String(text),
            Value::Binary(octets) => Self::String(format!("\0{}", STANDARD.encode(octets))),
            Value::List(list) => {
                let list: Result<_, _> = list.into_iter().map(Self::try_from).collect();
                Self::Array(list?)
            }
            Value::Dict(dict) => {
                let entries: Result<_, ValueError> = dict
                    .into_iter()
                    .map(|(key, value)| Ok((key, Self::try_from(value)?)))
                    .collect();
                Self::Object(entries?)
            }
        })
    }
}

fn to_number(value: i128) -> Result<serde_json::Value, ValueError> {
    if let Ok(value) = u64::try_from(value) {
        return Ok(value.into());
    }
    if let Ok(value) = i64::try_from(value) {
        return Ok(value.into());
    }
    Err(ValueError::new(format!("{value} exceeds 64 bits")))
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;
    use crate::{from_value, to_value};

    #[test]
    fn json_values_convert_both_ways() {
        let json =
            json!({"a": [null, true, -1, 18_446_744_073_709_551_615_u64, 1.5, "x"], "b": {}});
        let value = Value::from(json.clone());
        assert_eq!(
            value.get("a").unwrap().as_list().unwrap()[2],
            Value::Integer(-1)
        );
        assert_eq!(serde_json::Value::try_from(value), Ok(json));
    }

    #[test]
    fn octets_are_nul_and_base64_in_json() {
        let json = json!("\u{0}AQI=");
        assert_eq!(Value::from(json.clone()), Value::Binary(vec![1, 2]));
        assert_eq!(
            serde_json::Value::try_from(Value::Binary(vec![1, 2])),
            Ok(json)
        );
        assert_eq!(Value::from(json!("\u{0}?")), Value::Text("\0?".to_owned()));
    }

    #[test]
    fn what_json_values_lack() {
        assert_eq!(
            serde_json::Value::try_from(Value::Float(f64::NAN)),
            Ok(json!(null))
        );
        let error = serde_json::Value::try_from(Value::Integer(1 << 64)).unwrap_err();
        assert_eq!(error.to_string(), "18446744073709551616 exceeds 64 bits");
    }

    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    struct Row {
        id: u64,
        name: Option<String>,
        kind: Kind,
        tags: Vec<(i8, f32)>,
    }

    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    enum Kind {
        Plain,
        Sized(u16),
        Box { width: u8 },
        Pair(char, bool),
    }

    #[test]
    fn types_convert_through_serde() {
        for kind in [
            Kind::Plain,
            Kind::Sized(3),
            Kind::Box { width: 4 },
            Kind::Pair('x', true),
        ] {
            let row = Row {
                id: u64::MAX,
                name: None,
                kind,
                tags: vec![(-1, 0.5)],
            };
            let value = to_value(&row).unwrap();
            assert_eq!(value.get("id").unwrap().as_u64(), Some(u64::MAX));
            assert_eq!(from_value::<Row>(value).unwrap(), row);
        }
        assert_eq!(to_value(&Kind::Plain).unwrap(), Value::from("Plain"));
    }

    #[test]
    fn floats_without_a_fraction_pass_for_integers() {
        assert_eq!(from_value::<u8>(Value::Float(7.0)).unwrap(), 7);
        assert!(from_value::<u8>(Value::Float(7.5)).is_err());
        assert_eq!(
            from_value::<f64>(Value::Integer(7)).unwrap().to_string(),
            "7"
        );
        assert_eq!(Value::Float(4_294_967_296.0).as_u64(), Some(1 << 32));
    }

    #[test]
    fn errors_name_what_was_expected() {
        let error = from_value::<String>(Value::Integer(1)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid type: integer `1`, expected a string"
        );
        let error = from_value::<Kind>(Value::List(Vec::new())).unwrap_err();
        let expected = "Kind must be a string or a dictionary of one entry, found list";
        assert_eq!(error.to_string(), expected);
        let error = to_value(&std::collections::BTreeMap::from([(1, 2)])).unwrap_err();
        assert_eq!(error.to_string(), "a dictionary's keys must be text");
    }

    #[test]
    fn octets_pass_for_a_list_of_integers() {
        assert_eq!(
            from_value::<Vec<u8>>(Value::Binary(vec![1, 2])).unwrap(),
            [1, 2]
        );
        assert_eq!(
            from_value::<Value>(Value::Binary(vec![1])).unwrap(),
            Value::Binary(vec![1])
        );
    }

    #[test]
    fn the_last_of_equal_keys_counts() {
        let dict = Value::from(vec![("a".to_owned(), 1.into()), ("a".to_owned(), 2.into())]);
        assert_eq!(dict.get("a"), Some(&Value::Integer(2)));
        assert_eq!(dict.get("b"), None);
    }
}
