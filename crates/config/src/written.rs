//! What the types "as written" are made of.

use std::fmt;
use std::time::Duration;

use crossbar_core::Secret;
use crossbar_wire::Text;
use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, Unexpected, Visitor};
use serde_json::Value;

/// An object of the file. The names of its fields are those keys that mean something.
pub(crate) trait Written: DeserializeOwned {
    /// The keys that must be there.
    const REQUIRED: &'static [&'static str] = &[];
    /// Keys of Crossbar.io that have no effect here, and why.
    const IGNORED: &'static [(&'static str, &'static str)] = &[];
    /// Keys of Crossbar.io that are refused unless their value is empty or false.
    const REFUSED: &'static [(&'static str, Refusal)] = &[];
}

/// Why a key or a word is refused.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    /// It is to come.
    NotYet,
    /// It will not be there.
    Never(&'static str),
}

/// Gives the names of a struct's fields, as its `Deserialize` asks for them.
pub(crate) fn fields<T: Written>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // The deserializer takes the names down and then always fails.
    let _ = T::deserialize(FieldNames(&mut names));
    names
}

struct FieldNames<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = de::value::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        Err(de::Error::custom("names taken down"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("not a struct"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// An integer from `LOW` to `HIGH`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole<const LOW: u64, const HIGH: u64>(u64);

impl<const LOW: u64, const HIGH: u64> Whole<LOW, HIGH> {
    /// Gives the integer in a type that holds all of the range.
    pub(crate) fn get<T: TryFrom<u64>>(self) -> T {
        T::try_from(self.0)
            .ok()
            .expect("the type holds every integer of the range")
    }

    /// Gives the integer, or nothing for 0.
    pub(crate) fn non_zero<T: TryFrom<u64>>(self) -> Option<T> {
        (self.0 != 0).then(|| self.get())
    }
}

impl<'de, const LOW: u64, const HIGH: u64> Deserialize<'de> for Whole<LOW, HIGH> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let in_range = InRange(|number| (LOW..=HIGH).contains(&number), Self::range);
        deserializer.deserialize_u64(in_range).map(Self)
    }
}

impl<const LOW: u64, const HIGH: u64> Whole<LOW, HIGH> {
    fn range(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (LOW, HIGH) {
            (0, u64::MAX) => f.write_str("an integer that is not negative"),
            (_, u64::MAX) => write!(f, "an integer of at least {LOW}"),
            _ => write!(f, "an integer from {LOW} to {HIGH}"),
        }
    }
}

/// A trust level: how much a router trusts whoever calls or publishes (WAMP spec, "Call Trust Levels").
pub(crate) type Level = Whole<0, 0xFFFF_FFFF>;

/// Milliseconds: 0 (none) or at least a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Milliseconds(u64);

impl Milliseconds {
    /// Gives the time, or nothing for 0.
    pub(crate) fn duration(self) -> Option<Duration> {
        (self.0 != 0).then(|| Duration::from_millis(self.0))
    }
}

impl<'de> Deserialize<'de> for Milliseconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let accepted = |number| number == 0 || (1000..=MAX_MILLISECONDS).contains(&number);
        let in_range = InRange(accepted, |f: &mut fmt::Formatter<'_>| {
            f.write_str("milliseconds: 0 or at least 1000")
        });
        deserializer.deserialize_u64(in_range).map(Self)
    }
}

/// A year, so that sums of times cannot overflow.
const MAX_MILLISECONDS: u64 = 365 * 24 * 3600 * 1000;

/// Accepts the integers that the first function accepts; the second tells which those are.
struct InRange<A, E>(A, E);

impl<A, E> Visitor<'_> for InRange<A, E>
where
    A: Fn(u64) -> bool,
    E: Fn(&mut fmt::Formatter<'_>) -> fmt::Result,
{
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.1)(f)
    }

    fn visit_u64<R: de::Error>(self, number: u64) -> Result<u64, R> {
        if (self.0)(number) {
            return Ok(number);
        }
        Err(R::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<R: de::Error>(self, number: i64) -> Result<u64, R> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(R::invalid_value(Unexpected::Signed(number), &self)),
        }
    }
}

/// A string whose value no fault shows; null where a variable is not set.
#[derive(Clone, Debug)]
pub(crate) struct SecretText(pub(crate) Option<Secret>);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) if text.is_empty() => {
                Err(de::Error::custom("an empty secret, which everybody knows"))
            }
            Value::String(text) => Ok(Self(Some(Secret::new(Text::from(text))))),
            Value::Null => Ok(Self(None)),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                Err(de::Error::custom("invalid type: expected a string"))
            }
        }
    }
}

/// Takes down what is there, null too: tells an absent key from one whose value is null.
pub(crate) fn given<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}
