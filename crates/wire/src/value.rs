use crate::codec::{Reader, Token, Writer};
use crate::plain::Plain;
use crate::{DecodeError, DecodeFault, EncodeError, Kind};

mod convert;
mod deserialize;
mod serialize;

pub use convert::ValueError;
pub use deserialize::from_value;
pub use serialize::to_value;

/// Any value that a WAMP serializer can carry, for the few places that look inside (authentication extras, meta API,
/// management API, typed clients). The routing path never builds one.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Null (CBOR `undefined` and MessagePack ext 0 read as this, too).
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer; 64 bits and a sign on every wire, more in JSON and CBOR.
    Integer(i128),
    /// A floating-point number.
    Float(f64),
    /// Text.
    Text(String),
    /// Octets.
    Binary(Vec<u8>),
    /// A list.
    List(Vec<Self>),
    /// A dictionary, in the order of the wire.
    Dict(Dict),
}

/// A dictionary with text keys, in the order of the wire.
pub type Dict = Vec<(String, Value)>;

impl Value {
    /// Gives the value under a key; of several equal keys the last, as JSON parsers do.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        let entries = self.as_dict()?;
        let (_, value) = entries.iter().rev().find(|(k, _)| k == key)?;
        Some(value)
    }

    /// Gives a boolean.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self {
            return Some(*value);
        }
        None
    }

    /// Gives an integer; also a float without a fraction, as JavaScript writes large integers.
    #[must_use]
    pub fn as_integer(&self) -> Option<i128> {
        if let Self::Integer(value) = self {
            return Some(*value);
        }
        let Self::Float(value) = self else {
            return None;
        };
        if value.fract() != 0.0 || value.abs() > MAX_EXACT {
            return None;
        }
        format!("{value:.0}").parse().ok()
    }

    /// Gives an integer that is not negative and below 2^64.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        u64::try_from(self.as_integer()?).ok()
    }

    /// Gives text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Text(value) = self {
            return Some(value);
        }
        None
    }

    /// Gives a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(value) = self {
            return Some(value);
        }
        None
    }

    /// Gives a dictionary.
    #[must_use]
    pub const fn as_dict(&self) -> Option<&Dict> {
        if let Self::Dict(value) = self {
            return Some(value);
        }
        None
    }

    /// Names the type.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Integer(_) => Kind::Integer,
            Self::Float(_) => Kind::Float,
            Self::Text(_) => Kind::Text,
            Self::Binary(_) => Kind::Binary,
            Self::List(_) => Kind::List,
            Self::Dict(_) => Kind::Dict,
        }
    }

    pub(crate) fn write_to<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        match self {
            Self::Null => out.null(),
            Self::Bool(value) => out.boolean(*value),
            Self::Integer(value) => write_integer(*value, out)?,
            Self::Float(value) => out.float(*value),
            Self::Text(value) => out.text(value)?,
            Self::Binary(value) => out.binary(value),
            Self::List(list) => write_list(list, out)?,
            Self::Dict(dict) => write_dict(dict, out)?,
        }
        Ok(())
    }

    /// Writes a dictionary; null becomes an empty one.
    pub(crate) fn write_dict<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        match self {
            Self::Null => write_dict(&[], out),
            Self::Bool(_)
            | Self::Integer(_)
            | Self::Float(_)
            | Self::Text(_)
            | Self::Binary(_)
            | Self::List(_)
            | Self::Dict(_) => self.write_to(out),
        }
    }
}

pub(crate) fn write_list<W: Writer>(list: &[Value], out: &mut W) -> Result<(), EncodeError> {
    let mark = out.begin_list(Some(list.len()));
    for item in list {
        item.write_to(out)?;
    }
    out.end_list(mark, list.len());
    Ok(())
}

pub(crate) fn write_dict<W: Writer>(
    dict: &[(String, Value)],
    out: &mut W,
) -> Result<(), EncodeError> {
    let mark = out.begin_dict(Some(dict.len()));
    for (key, value) in dict {
        out.key(key);
        value.write_to(out)?;
    }
    out.end_dict(mark, dict.len());
    Ok(())
}

fn write_integer<W: Writer>(value: i128, out: &mut W) -> Result<(), EncodeError> {
    if let Ok(value) = u64::try_from(value) {
        out.unsigned(value);
        return Ok(());
    }
    if let Ok(value) = u64::try_from(-1 - value) {
        return out.negative(value);
    }
    let digits = value.to_string();
    out.big(&crate::plain::Big::Digits(&digits))
}

pub(crate) fn read<'f, R: Reader<'f>>(reader: &mut R) -> Result<Value, DecodeError> {
    let token = reader.token()?;
    read_rest(reader, token)
}

/// Reads on after the first token of a value.
pub(crate) fn read_rest<'f, R: Reader<'f>>(
    reader: &mut R,
    token: Token<'f>,
) -> Result<Value, DecodeError> {
    let offset = reader.position();
    Ok(match Plain::resolve(reader, token)? {
        Plain::Null => Value::Null,
        Plain::Bool(value) => Value::Bool(value),
        Plain::Unsigned(value) => Value::Integer(value.into()),
        Plain::Negative(value) => Value::Integer(-1 - i128::from(value)),
        Plain::Big(value) => {
            let found = Kind::Integer;
            let value = value.to_i128();
            Value::Integer(value.ok_or(DecodeFault::NoValue { offset, found })?)
        }
        Plain::Float(value) => Value::Float(value),
        Plain::Text(value) => Value::Text(value.into_owned()),
        Plain::Binary(value) => Value::Binary(value.into_owned()),
        Plain::Time(time) => {
            let found = Kind::Extension;
            Value::Text(
                time.to_text()
                    .ok_or(DecodeFault::NoValue { offset, found })?,
            )
        }
        Plain::List(mut extent) => {
            let mut list = Vec::new();
            while reader.item(&mut extent)? {
                list.push(read(reader)?);
            }
            Value::List(list)
        }
        Plain::Dict(mut extent) => {
            let mut dict = Vec::new();
            while reader.entry(&mut extent)? {
                let key = read_key(reader)?;
                dict.push((key, read(reader)?));
            }
            Value::Dict(dict)
        }
        Plain::Foreign(found) => return Err(DecodeFault::NoValue { offset, found }.into()),
    })
}

fn read_key<'f, R: Reader<'f>>(reader: &mut R) -> Result<String, DecodeError> {
    let offset = reader.position();
    let key = reader.key()?;
    if let Token::Text(key) = key {
        return Ok(key.into_owned());
    }
    let found = key.kind();
    Err(DecodeFault::NoValue { offset, found }.into())
}

/// Up to here, floats stand for every integer exactly: 2^53.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
