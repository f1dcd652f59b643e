use crossbar_wire::{Dict, Format, MatchPolicy, Payload, SessionId, Text, Value};

use crate::refusal::Refusal;
use crate::uris;

/// The arguments of a call of the realm's own procedure, taken one by one; each may come by place or by name.
#[derive(Debug)]
pub(super) struct Arguments {
    format: Format,
    args: std::vec::IntoIter<Value>,
    kwargs: Dict,
}

impl Arguments {
    pub(super) fn new(payload: &Payload) -> Result<Self, Refusal> {
        if payload.len() > MAX_OCTETS {
            return Err(invalid(format!(
                "the arguments take {} octets, and {MAX_OCTETS} at most are read here",
                payload.len()
            )));
        }
        let unreadable = |error: crossbar_wire::DecodeError| invalid(error.to_string());
        Ok(Self {
            format: payload.format,
            args: payload.args().map_err(unreadable)?.into_iter(),
            kwargs: payload.kwargs().map_err(unreadable)?,
        })
    }

    /// Gives the serializer that the arguments came in.
    pub(super) const fn format(&self) -> Format {
        self.format
    }

    /// Takes the next argument, whose name is `name`, with `_id` behind it where Crossbar.io calls it so; null counts as
    /// absent.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.take_given(name).filter(|value| *value != Value::Null)
    }

    /// The same, but null counts.
    pub(super) fn take_given(&mut self, name: &str) -> Option<Value> {
        let by_place = self.args.next();
        let is_it = |key: &str| key == name || key.strip_suffix("_id") == Some(name);
        let by_name = self.kwargs.iter().position(|(key, _)| is_it(key));
        let by_name = by_name.map(|place| self.kwargs.remove(place).1);
        by_place.or(by_name)
    }

    /// Takes the next argument, a text.
    pub(super) fn take_text(&mut self, name: &str) -> Result<Option<Text>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(Text::from(text))),
            Some(_) => Err(must_be(name, "a string")),
        }
    }

    /// Takes the next argument, a text that must be there.
    pub(super) fn text(&mut self, name: &str) -> Result<Text, Refusal> {
        self.take_text(name)?.ok_or_else(|| missing(name))
    }

    /// Takes the next argument, a boolean.
    pub(super) fn take_bool(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(value)),
            Some(_) => Err(must_be(name, "true or false")),
        }
    }

    /// Takes the next argument, an id of some kind.
    pub(super) fn take_id<I>(
        &mut self,
        name: &str,
        kind: fn(u64) -> Option<I>,
    ) -> Result<Option<I>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => match value.as_u64().and_then(kind) {
                Some(id) => Ok(Some(id)),
                None => Err(must_be(name, "an id from 1 to 2^53")),
            },
        }
    }

    /// Takes the next argument, an id that must be there.
    pub(super) fn id<I>(&mut self, name: &str, kind: fn(u64) -> Option<I>) -> Result<I, Refusal> {
        self.take_id(name, kind)?.ok_or_else(|| missing(name))
    }

    /// Takes the next argument, the id of a session that must be there.
    pub(super) fn session(&mut self, name: &str) -> Result<SessionId, Refusal> {
        self.id(name, SessionId::new)
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
            Some(_) | None => Err(must_be(name, "a list of strings")),
        }
    }

    /// Takes the next argument, the options of a SUBSCRIBE or REGISTER, and gives their match policy.
    pub(super) fn take_policy(&mut self) -> Result<MatchPolicy, Refusal> {
        let Some(options) = self.take("options") else {
            return Ok(MatchPolicy::default());
        };
        if options.as_dict().is_none() {
            return Err(must_be("options", "a dictionary"));
        }
        match options.get("match") {
            None | Some(Value::Null) => Ok(MatchPolicy::default()),
            Some(word) => word
                .as_str()
                .and_then(MatchPolicy::named)
                .ok_or_else(|| must_be("match", "one of exact, prefix and wildcard")),
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

/// How many octets of arguments are read, 2 MiB: more than the largest testament takes. Values take many times as much.
const MAX_OCTETS: usize = 2 << 20;

/// Says whether a table is not too long to be listed while the realm waits: ids take about 0.1 ms a thousand, descriptions ten
/// times as long.
pub(super) fn check_list(count: usize, most: usize) -> Result<(), Refusal> {
    if count <= most {
        return Ok(());
    }
    let text = format!("there are {count}, and {most} are listed at most");
    Err(Refusal::new(uris::PAYLOAD_SIZE_EXCEEDED, text))
}

/// How many ids are listed at most.
pub(super) const MOST_IDS: usize = 500_000;
/// How many URIs are described at most.
pub(super) const MOST_DESCRIBED: usize = 100_000;

pub(super) fn invalid(text: String) -> Refusal {
    Refusal::new(uris::INVALID_ARGUMENT, text)
}

fn must_be(name: &str, what: &str) -> Refusal {
    invalid(format!("the argument \"{name}\" must be {what}"))
}

fn missing(name: &str) -> Refusal {
    invalid(format!("the argument \"{name}\" is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_is_too_long_is_not_listed() {
        assert!(check_list(MOST_IDS, MOST_IDS).is_ok());
        let refusal = check_list(MOST_IDS + 1, MOST_IDS).unwrap_err();
        assert!(format!("{refusal:?}").contains("payload_size_exceeded"));
    }
}
