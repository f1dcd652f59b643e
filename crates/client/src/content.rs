use crossbar_wire::{Dict, Format, Payload, Value, ValueError, from_value, to_value};
use serde::Serialize;
use serde::de::{DeserializeOwned, Error};

use crate::error::ContentError;
use crate::{LinkError, RequestError};

/// Arguments to send: of a call, an event, a result or an error.
///
/// ```
/// use crossbar_client::Arguments;
///
/// let two = Arguments::positional(&(2, "three"))?;
/// let both = Arguments::positional(&("x",))?.with_named(&[("depth", 3)].into_iter().collect::<std::collections::BTreeMap<_, _>>())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Arguments(Source);

#[derive(Clone, Debug)]
enum Source {
    Values { args: Vec<Value>, kwargs: Dict },
    Encoded(Payload),
}

impl Default for Source {
    fn default() -> Self {
        Self::Encoded(Payload::EMPTY)
    }
}

impl Arguments {
    /// Gives no arguments.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Makes positional arguments: of a tuple or list its elements, of `()` none, of anything else that one value.
    ///
    /// # Errors
    /// When the value has no counterpart on the wire.
    pub fn positional<T: Serialize + ?Sized>(args: &T) -> Result<Self, ValueError> {
        Ok(Self::values(elements(to_value(args)?), Dict::new()))
    }

    /// Adds named arguments, from a map or a struct.
    ///
    /// # Errors
    /// When the value is no dictionary on the wire.
    pub fn with_named<T: Serialize + ?Sized>(self, kwargs: &T) -> Result<Self, ValueError> {
        let Value::Dict(kwargs) = to_value(kwargs)? else {
            return Err(ValueError::custom("named arguments are a map or a struct"));
        };
        let args = match self.0 {
            Source::Values { args, .. } => args,
            Source::Encoded(payload) => Content(payload).values().map_err(ValueError::custom)?,
        };
        Ok(Self::values(args, kwargs))
    }

    /// Takes values as they are.
    #[must_use]
    pub const fn values(args: Vec<Value>, kwargs: Dict) -> Self {
        Self(Source::Values { args, kwargs })
    }

    pub(crate) fn encode(self, format: Format) -> Result<Payload, RequestError> {
        match self.0 {
            Source::Encoded(payload) => Ok(payload),
            Source::Values { args, kwargs } => Payload::new(format, &args, &kwargs)
                .map_err(|error| RequestError::Send(LinkError::Encode(error).into())),
        }
    }
}

impl From<()> for Arguments {
    fn from((): ()) -> Self {
        Self::none()
    }
}

impl From<Value> for Arguments {
    /// One positional argument.
    fn from(value: Value) -> Self {
        Self::values(vec![value], Dict::new())
    }
}

impl From<Payload> for Arguments {
    fn from(payload: Payload) -> Self {
        Self(Source::Encoded(payload))
    }
}

impl From<Content> for Arguments {
    fn from(content: Content) -> Self {
        Self(Source::Encoded(content.0))
    }
}

/// Arguments that were received, still encoded.
#[derive(Clone, Debug, Default)]
pub struct Content(pub(crate) Payload);

impl Content {
    /// Decodes the positional arguments into a tuple, a list, or a struct of as many fields.
    ///
    /// # Errors
    /// When they are malformed or others than `T` takes.
    pub fn args<T: DeserializeOwned>(&self) -> Result<T, ContentError> {
        Ok(from_value(Value::List(self.0.args()?))?)
    }

    /// Decodes the named arguments into a map or a struct.
    ///
    /// # Errors
    /// When they are malformed or others than `T` takes.
    pub fn kwargs<T: DeserializeOwned>(&self) -> Result<T, ContentError> {
        Ok(from_value(Value::Dict(self.0.kwargs()?))?)
    }

    /// Decodes what a result mostly is, one positional argument; of none, null; of several, their list.
    ///
    /// # Errors
    /// When the arguments are malformed or others than `T` takes.
    pub fn single<T: DeserializeOwned>(&self) -> Result<T, ContentError> {
        let mut args = self.0.args()?;
        let value = match args.len() {
            0 => Value::Null,
            1 => args.swap_remove(0),
            _ => Value::List(args),
        };
        Ok(from_value(value)?)
    }

    /// Decodes the positional arguments as they are.
    ///
    /// # Errors
    /// When they are malformed.
    pub fn values(&self) -> Result<Vec<Value>, ContentError> {
        Ok(self.0.args()?)
    }

    /// Decodes the named arguments as they are.
    ///
    /// # Errors
    /// When they are malformed.
    pub fn named_values(&self) -> Result<Dict, ContentError> {
        Ok(self.0.kwargs()?)
    }

    /// Shows the octets.
    #[must_use]
    pub const fn payload(&self) -> &Payload {
        &self.0
    }
}

fn elements(value: Value) -> Vec<Value> {
    match value {
        Value::List(list) => list,
        Value::Null => Vec::new(),
        one @ (Value::Bool(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Binary(_)
        | Value::Dict(_)) => vec![one],
    }
}
