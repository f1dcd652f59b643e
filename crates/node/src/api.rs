use std::borrow::Cow;
use std::collections::VecDeque;

use crossbar_wire::{Dict, Value};

/// Why a management procedure failed: what the caller gets as ERROR.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{uri}: {message}")]
pub(crate) struct ApiError {
    /// The error's URI.
    pub(crate) uri: Cow<'static, str>,
    /// What happened, the only positional argument.
    pub(crate) message: String,
}

/// Who called.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caller {
    /// `session`; 0 if it was not disclosed.
    pub(crate) session: u64,
    /// `authid`
    pub(crate) authid: String,
    /// `authrole`
    pub(crate) authrole: String,
}

/// The arguments of a call. Each may come in its place or by its name.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    positional: VecDeque<Value>,
    named: Dict,
}

impl ApiError {
    /// Makes an error of one of the URIs of [`error`].
    pub(crate) fn new(uri: &'static str, message: impl Into<String>) -> Self {
        Self {
            uri: Cow::Borrowed(uri),
            message: message.into(),
        }
    }

    fn invalid_argument(message: String) -> Self {
        Self::new(error::INVALID_ARGUMENT, message)
    }
}

impl Caller {
    /// Gives the form of `who` in results and events.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "session": self.session,
            "authid": self.authid,
            "authrole": self.authrole,
        })
    }
}

impl Arguments {
    /// Takes the arguments of a call.
    pub(crate) fn new(positional: Vec<Value>, named: Dict) -> Self {
        let positional = positional.into();
        Self { positional, named }
    }

    /// Takes the next argument; null counts as absent.
    pub(crate) fn optional(&mut self, name: &str) -> Option<Value> {
        let found = self.positional.pop_front().or_else(|| {
            let index = self.named.iter().position(|(key, _)| key == name)?;
            Some(self.named.remove(index).1)
        });
        found.filter(|value| *value != Value::Null)
    }

    /// Takes the next argument, which must be there.
    pub(crate) fn required(&mut self, name: &str) -> Result<Value, ApiError> {
        self.optional(name)
            .ok_or_else(|| ApiError::invalid_argument(format!("argument \"{name}\" is missing")))
    }

    /// Takes the next argument, a text.
    pub(crate) fn text(&mut self, name: &str) -> Result<String, ApiError> {
        let value = self.required(name)?;
        Self::as_text(name, value)
    }

    /// Takes the next argument, a text that may be absent.
    pub(crate) fn optional_text(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        let value = self.optional(name);
        value.map(|value| Self::as_text(name, value)).transpose()
    }

    /// Takes the next argument, a boolean.
    pub(crate) fn flag(&mut self, name: &str, default: bool) -> Result<bool, ApiError> {
        let Some(value) = self.optional(name) else {
            return Ok(default);
        };
        let flag = value.as_bool();
        flag.ok_or_else(|| Self::wrong(name, "a boolean", &value))
    }

    /// Takes the next argument, a number of 0 or more.
    pub(crate) fn number(&mut self, name: &str, default: u64) -> Result<u64, ApiError> {
        match self.optional(name) {
            Some(value) => value
                .as_u64()
                .ok_or_else(|| Self::wrong(name, "a non-negative integer", &value)),
            None => Ok(default),
        }
    }

    /// Takes the next argument, an item of the configuration.
    pub(crate) fn item(&mut self, name: &str) -> Result<serde_json::Value, ApiError> {
        let value = self.required(name)?;
        if !matches!(value, Value::Dict(_)) {
            return Err(Self::wrong(name, "a dictionary", &value));
        }
        serde_json::Value::try_from(value)
            .map_err(|error| ApiError::invalid_argument(format!("argument \"{name}\": {error}")))
    }

    /// Checks that no argument is left.
    pub(crate) fn end(self) -> Result<(), ApiError> {
        if let Some((name, _)) = self.named.first() {
            let text = format!("unexpected argument \"{name}\"");
            return Err(ApiError::invalid_argument(text));
        }
        if self.positional.is_empty() {
            return Ok(());
        }
        let text = format!("{} positional arguments too many", self.positional.len());
        Err(ApiError::invalid_argument(text))
    }

    fn as_text(name: &str, value: Value) -> Result<String, ApiError> {
        if let Value::Text(text) = value {
            return Ok(text);
        }
        Err(Self::wrong(name, "a string", &value))
    }

    fn wrong(name: &str, expected: &str, found: &Value) -> ApiError {
        let found = found.kind();
        ApiError::invalid_argument(format!(
            "argument \"{name}\": expected {expected}, got {found}"
        ))
    }
}

/// The error URIs of the management API.
pub(crate) mod error {
    pub(crate) const ALREADY_EXISTS: &str = "crossbar.error.already_exists";
    pub(crate) const ALREADY_RUNNING: &str = "crossbar.error.already_running";
    pub(crate) const CANNOT_LISTEN: &str = "crossbar.error.cannot_listen";
    pub(crate) const CANNOT_START: &str = "crossbar.error.cannot_start";
    pub(crate) const FEATURE_UNAVAILABLE: &str = "crossbar.error.feature_unavailable";
    pub(crate) const INVALID_ARGUMENT: &str = "wamp.error.invalid_argument";
    pub(crate) const INVALID_CONFIGURATION: &str = "crossbar.error.invalid_configuration";
    pub(crate) const NO_SUCH_OBJECT: &str = "crossbar.error.no_such_object";
    pub(crate) const NO_SUCH_PROCEDURE: &str = "wamp.error.no_such_procedure";
    pub(crate) const NO_SUCH_WORKER: &str = "crossbar.error.no_such_worker";
    pub(crate) const NOT_RUNNING: &str = "crossbar.error.not_running";
    pub(crate) const RUNTIME_ERROR: &str = "wamp.error.runtime_error";
    pub(crate) const WORKER_ALREADY_RUNNING: &str = "crossbar.error.worker_already_running";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(pairs: &[(&str, i128)]) -> Dict {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::Integer(*value)))
            .collect()
    }

    #[test]
    fn arguments_come_by_place_or_by_name() {
        let mut arguments = Arguments::new(vec![Value::Integer(1)], named(&[("b", 2)]));
        assert_eq!(arguments.required("a").unwrap(), Value::Integer(1));
        assert_eq!(arguments.number("b", 0).unwrap(), 2);
        assert_eq!(arguments.number("c", 7).unwrap(), 7);
        arguments.end().unwrap();
    }

    #[test]
    fn what_does_not_fit_is_an_invalid_argument() {
        let mut arguments = Arguments::new(vec![Value::Integer(1)], Dict::new());
        let error = arguments.text("worker_id").unwrap_err();
        assert_eq!(error.uri, "wamp.error.invalid_argument");
        assert!(error.message.contains("worker_id"), "{}", error.message);
        assert!(arguments.required("b").is_err());
        assert!(
            Arguments::new(vec![Value::Null], Dict::new())
                .end()
                .is_err()
        );
        let unknown = Arguments::new(vec![], named(&[("x", 1)])).end();
        assert!(unknown.unwrap_err().message.contains("\"x\""));
    }
}
