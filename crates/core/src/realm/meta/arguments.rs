use crossbar_wire::{Dict, Payload, Value};

use crate::refusal::Refusal;
use crate::uris;

/// The arguments of a call of the realm's own procedure, taken one by one; each may come by place or by name.
#[derive(Debug)]
pub(super) struct Arguments {
    args: std::vec::IntoIter<Value>,
    kwargs: Dict,
}

impl Arguments {
    pub(super) fn new(payload: &Payload) -> Result<Self, Refusal> {
        let unreadable = |error: crossbar_wire::DecodeError| invalid(error.to_string());
        Ok(Self {
            args: payload.args().map_err(unreadable)?.into_iter(),
            kwargs: payload.kwargs().map_err(unreadable)?,
        })
    }

    /// Takes the next argument, whose name is `name`; null counts as absent.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        let by_place = self.args.next();
        let by_name = self.kwargs.iter().position(|(key, _)| key == name);
        let by_name = by_name.map(|place| self.kwargs.remove(place).1);
        by_place.or(by_name).filter(|value| *value != Value::Null)
    }

    /// Takes the next argument, a list of texts.
    pub(super) fn take_texts(&mut self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let list = value.as_list().unwrap_or_default().iter();
        let texts: Option<Vec<String>> =
            list.map(|item| item.as_str().map(str::to_owned)).collect();
        match texts {
            Some(texts) if matches!(value, Value::List(_)) => Ok(Some(texts)),
            Some(_) | None => Err(invalid(format!(
                "the argument \"{name}\" must be a list of strings"
            ))),
        }
    }

    /// Sees that nothing is left.
    pub(super) fn end(mut self) -> Result<(), Refusal> {
        if self.args.next().is_some() {
            return Err(invalid("too many arguments".to_owned()));
        }
        match self.kwargs.first() {
            Some((name, _)) => Err(invalid(format!("no argument is called \"{name}\""))),
            None => Ok(()),
        }
    }
}

pub(super) fn invalid(text: String) -> Refusal {
    Refusal::new(uris::INVALID_ARGUMENT, text)
}
