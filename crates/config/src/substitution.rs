//! Environment variables in the few places where Crossbar.io substitutes them.

use serde_json::{Map, Value};

use crate::place::Place;
use crate::reading::Reading;
use crate::{Hint, Problem};

impl Reading<'_> {
    /// Substitutes variables in a transport or Web service: endpoints' ports and paths, tickets, secrets.
    pub(crate) fn substitute(&mut self, value: &mut Value, at: &Place) {
        if self.surroundings.environment.is_none() {
            return;
        }
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.substitute(item, &at.index(index));
                }
            }
            Value::Object(object) => self.substitute_object(object, at),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Reads `disabled`: a bool, or a text in which a variable may stand, on unless empty or a word for "no".
    ///
    /// A variable that is not set makes the text empty.
    pub(crate) fn substitute_disabled(&mut self, options: &mut Value) {
        let Some(disabled) = options.get_mut("disabled") else {
            return;
        };
        if let Some(text) = disabled.as_str() {
            let variable = placeholder(text).filter(|_| self.surroundings.environment.is_some());
            let text = match variable {
                Some(name) => self.variable(name).unwrap_or_default(),
                None => text.to_owned(),
            };
            let no = ["", "0", "false", "no", "off"];
            *disabled = Value::Bool(!no.contains(&text.to_lowercase().as_str()));
        }
    }

    fn substitute_object(&mut self, object: &mut Map<String, Value>, at: &Place) {
        let document = object.get("type").is_some_and(|kind| kind == "json");
        for (key, value) in object.iter_mut() {
            let place = at.key(key);
            match key.as_str() {
                "endpoint" => self.substitute_endpoint(value, &place),
                "auth" => {
                    let ticket = ["ticket", "principals", "ticket"];
                    self.substitute_secrets(value, ticket, &place);
                    let secret = ["wampcra", "users", "secret"];
                    self.substitute_secrets(value, secret, &place);
                    self.substitute_token_secret(value, &place);
                }
                // The document of a `json` service is served as it stands.
                "value" if document => {}
                _ => self.substitute(value, &place),
            }
        }
    }

    fn substitute_endpoint(&mut self, endpoint: &mut Value, at: &Place) {
        if let Some(port) = endpoint.get_mut("port")
            && let Some(name) = port.as_str().and_then(dollar_name)
        {
            let at = at.key("port");
            let problem = match self.variable(name) {
                None => Problem::UnsetVariable(name.to_owned()),
                Some(text) => match text.trim().parse::<u64>() {
                    Ok(number) => {
                        *port = Value::from(number);
                        return;
                    }
                    Err(_) => Problem::VariableNotInteger(name.to_owned()),
                },
            };
            self.fault(&at, problem, None);
            // A port that is right, so that the same place gives no second fault.
            *port = Value::from(0);
        }
        if let Some(path) = endpoint.get_mut("path")
            && let Some(text) = path.as_str()
        {
            *path = Value::from(self.expand(text, &at.key("path")));
        }
    }

    /// Substitutes `${NAME}` in `<method>.<principals>.*.<secret>`.
    fn substitute_secrets(&mut self, auth: &mut Value, path: [&str; 3], at: &Place) {
        let [method, principals, secret] = path;
        let at = at.key(method).key(principals);
        let found = auth.get_mut(method).and_then(|m| m.get_mut(principals));
        let Some(principals) = found.and_then(Value::as_object_mut) else {
            return;
        };
        for (authid, principal) in principals {
            if let Some(value) = principal.get_mut(secret) {
                self.substitute_secret(value, &at.key(authid).key(secret));
            }
        }
    }

    /// Substitutes `${NAME}` in `ticket.secret`, which signs JSON Web Tokens.
    fn substitute_token_secret(&mut self, auth: &mut Value, at: &Place) {
        if let Some(secret) = auth.get_mut("ticket").and_then(|it| it.get_mut("secret")) {
            self.substitute_secret(secret, &at.key("ticket").key("secret"));
        }
    }

    fn substitute_secret(&mut self, value: &mut Value, at: &Place) {
        if let Some(name) = value.as_str().and_then(placeholder) {
            // An empty one is as good as none: many tools make it of one that is not set.
            let set = self.variable(name).filter(|text| !text.is_empty());
            *value = set.map_or(Value::Null, Value::String);
        }
        if value.is_null() {
            let text =
                "no value (an environment variable that is not set or empty?): nobody can log in";
            self.notice(at, text);
        }
    }

    /// Replaces every `$NAME` and `${NAME}` in a text.
    fn expand(&mut self, text: &str, at: &Place) -> String {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            expanded.push_str(before);
            let (name, remaining) = leading_name(after);
            if let Some(value) = self.variable(name) {
                expanded.push_str(&value);
            } else if name.is_empty() {
                expanded.push('$');
            } else {
                let hint = Hint::Advice("set it, or write the path without $");
                let problem = Problem::UnsetVariable(name.to_owned());
                self.fault(at, problem, Some(hint));
                expanded.push_str(name);
            }
            rest = remaining;
        }
        expanded + rest
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.surroundings.environment.as_ref()?.get(name).cloned()
    }
}

/// Takes `NAME` or `{NAME}` from the start of a text; an empty name if neither is there.
fn leading_name(text: &str) -> (&str, &str) {
    if let Some(braced) = text.strip_prefix('{')
        && let Some((name, rest)) = braced.split_once('}')
    {
        return (name, rest);
    }
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = text.find(|c| !letters(c)).unwrap_or(text.len());
    text.split_at(end)
}

/// Gives the name in a text that is `$NAME`.
fn dollar_name(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$')?;
    let first = name.chars().next()?;
    let rest = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (rest && !first.is_ascii_digit()).then_some(name)
}

/// Gives the name in a text that is `${NAME}`.
fn placeholder(text: &str) -> Option<&str> {
    text.strip_prefix("${")?.strip_suffix('}')
}
