use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crossbar_wire::{Shape, ShapeError, Text};
use serde_json::{Map, Value};

use crate::inventory::Types;
use crate::place::Place;
use crate::realm::TRUSTED;
use crate::written::{Refusal, Written, fields};
use crate::{Fault, Faults, Hint, Notice, Problem, Surroundings, names};

/// The reading of one document: what it stands in and what was found so far.
///
/// Every reader returns nothing only if it cannot go on; a fault alone does not stop it.
pub(crate) struct Reading<'a> {
    pub(crate) surroundings: &'a Surroundings,
    /// Whether the document as a whole asks for `compat: "crossbar"`.
    pub(crate) compat_crossbar: bool,
    faults: Vec<Fault>,
    notices: Vec<Notice>,
    /// How many ids were generated, by prefix.
    generated: BTreeMap<&'static str, u32>,
    /// The roles that principals get, and where.
    used_roles: Vec<(Text, Place)>,
    /// What a transport may have on a Unix socket only.
    unix_only: Vec<Place>,
    /// Where the method `cookie` stands that needs a cookie.
    cookie_only: Vec<Place>,
    /// The cookies of a transport, and whether they are for TLS only.
    cookies: Vec<(Place, bool)>,
    /// The types of the realm that is being read.
    pub(crate) types: Types,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(surroundings: &'a Surroundings) -> Self {
        Self {
            surroundings,
            compat_crossbar: false,
            faults: Vec::new(),
            notices: Vec::new(),
            generated: BTreeMap::new(),
            used_roles: Vec::new(),
            unix_only: Vec::new(),
            cookie_only: Vec::new(),
            cookies: Vec::new(),
            types: Types::None,
        }
    }

    /// Ends the reading: what was read and the notices, if there is no fault.
    ///
    /// # Errors
    /// Gives the faults.
    pub(crate) fn finish<T>(self, read: Option<T>) -> Result<(T, Vec<Notice>), Faults> {
        match (Faults::of(self.faults), read) {
            (Some(faults), _) => Err(faults),
            (None, Some(read)) => Ok((read, self.notices)),
            (None, None) => unreachable!("a reader that gives nothing has noted why"),
        }
    }

    /// Notes a fault.
    pub(crate) fn fault(&mut self, at: &Place, problem: Problem, hint: Option<Hint>) {
        self.fault_with(at, problem, None, hint);
    }

    /// Notes a fault with the value that is wrong.
    pub(crate) fn fault_with(
        &mut self,
        at: &Place,
        problem: Problem,
        value: Option<Value>,
        hint: Option<Hint>,
    ) {
        self.faults.push(Fault {
            path: at.to_string(),
            problem,
            value: value.filter(|_| !at.is_among_secrets()),
            hint,
        });
    }

    /// Notes something that is no fault.
    pub(crate) fn notice(&mut self, at: &Place, text: impl Into<String>) {
        self.notices.push(Notice {
            path: at.to_string(),
            text: text.into(),
        });
    }

    /// Reads an object. Keys and values that are wrong are noted and left out, so that the rest can be read.
    pub(crate) fn read<T: Written>(&mut self, value: Value, at: &Place) -> Option<T> {
        let mut object = self.object(value, at)?;
        let mut faulty = self.check_keys::<T>(&mut object, at);
        loop {
            let error = match serde_path_to_error::deserialize(Value::Object(object.clone())) {
                Ok(read) => return Some(read),
                Err(error) => error,
            };
            let first = error.path().iter().next();
            let Some(serde_path_to_error::Segment::Map { key }) = first else {
                // What is missing was noted already, or was left out for a fault of its own.
                if !faulty {
                    self.fault(at, Problem::Value(error.inner().to_string()), None);
                }
                return None;
            };
            let hint = object.get(key).and_then(hint_for);
            let place = at.below(error.path());
            let problem = Problem::Value(told(&error.inner().to_string(), &place));
            self.fault(&place, problem, hint);
            faulty = true;
            object.remove(key)?;
        }
    }

    /// Reads an object if it is there; an absent one reads as an empty one.
    pub(crate) fn read_or_empty<T: Written>(
        &mut self,
        value: Option<Value>,
        at: &Place,
    ) -> Option<T> {
        self.read(value.unwrap_or_else(|| Value::Object(Map::new())), at)
    }

    /// Takes `type` out of an object.
    pub(crate) fn take_type(&mut self, value: Value, at: &Place) -> Option<(String, Value)> {
        let mut object = self.object(value, at)?;
        match object.shift_remove("type") {
            Some(Value::String(kind)) => Some((kind, Value::Object(object))),
            Some(other) => {
                let problem = Problem::Value("expected a string".to_owned());
                self.fault_with(&at.key("type"), problem, Some(other), None);
                None
            }
            None => {
                self.fault(at, Problem::MissingKey("type"), None);
                None
            }
        }
    }

    /// Takes the items of a list, each with its place.
    pub(crate) fn items(&mut self, value: Option<Value>, at: &Place) -> Vec<(Value, Place)> {
        match value {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => {
                let place = |(index, item)| (item, at.index(index));
                items.into_iter().enumerate().map(place).collect()
            }
            Some(
                other @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)),
            ) => {
                let problem = Problem::Value("expected a list".to_owned());
                self.fault_with(at, problem, Some(other), None);
                Vec::new()
            }
        }
    }

    /// Takes the entries of an object, each with its place.
    pub(crate) fn entries(
        &mut self,
        value: Option<Value>,
        at: &Place,
    ) -> Vec<(String, Value, Place)> {
        let Some(value) = value else {
            return Vec::new();
        };
        let Some(object) = self.object(value, at) else {
            return Vec::new();
        };
        object
            .into_iter()
            .map(|(key, value)| {
                let place = at.key(&key);
                (key, value, place)
            })
            .collect()
    }

    /// Finds what a word means.
    pub(crate) fn one_of<T: Clone>(
        &mut self,
        word: &str,
        what: &'static str,
        meanings: &[(&str, T)],
        at: &Place,
    ) -> Option<T> {
        let found = meanings.iter().find(|(name, _)| *name == word);
        if found.is_none() {
            let names: Vec<&str> = meanings.iter().map(|(name, _)| *name).collect();
            self.unknown(word, what, &names, at);
        }
        found.map(|(_, meaning)| meaning.clone())
    }

    /// Notes a word that means nothing.
    pub(crate) fn unknown(&mut self, word: &str, what: &'static str, names: &[&str], at: &Place) {
        let hint = names::resembling(word, names.iter().copied()).map_or_else(
            || Hint::OneOf(names.iter().map(|&name| name.to_owned()).collect()),
            |name| Hint::DidYouMean(name.to_owned()),
        );
        let word = word.to_owned();
        self.fault(at, Problem::UnknownWord { what, word }, Some(hint));
    }

    /// Adds to the fault of a key that means nothing which of these names was meant, if that is not said yet.
    pub(crate) fn suggest(&mut self, key: &str, names: &[&str], at: &Place) {
        let path = at.key(key).to_string();
        let mut faults = self.faults.iter_mut();
        let fault = faults.find(|it| it.path == path && matches!(it.problem, Problem::UnknownKey));
        let meant = names::resembling(key, names.iter().copied());
        if let (Some(fault), Some(meant)) = (fault, meant)
            && !matches!(fault.hint, Some(Hint::DidYouMean(_)))
        {
            fault.hint = Some(Hint::DidYouMean(meant.to_owned()));
        }
    }

    /// Notes a key or a word that is refused.
    pub(crate) fn refuse(&mut self, what: String, refusal: Refusal, at: &Place) {
        let problem = match refusal {
            Refusal::NotYet => Problem::NotYet(what),
            Refusal::Never(reason) => Problem::Refused { what, reason },
        };
        self.fault(at, problem, None);
    }

    /// Writes a generated id into an object that has none: the prefix and a number of three digits.
    pub(crate) fn fill_id(&mut self, value: &mut Value, prefix: &'static str) {
        let Some(object) = value.as_object_mut() else {
            return;
        };
        if !object.contains_key("id") {
            let count = self.generated.entry(prefix).or_default();
            *count += 1;
            object.insert("id".to_owned(), Value::from(format!("{prefix}{count:03}")));
        }
    }

    /// Starts the numbers of generated ids anew.
    pub(crate) fn restart_ids(&mut self, prefix: &'static str) {
        self.generated.remove(prefix);
    }

    /// Checks an id against the grammar.
    pub(crate) fn check_id(&mut self, id: &str, at: &Place) {
        if !names::is_item_id(id) {
            let problem =
                Problem::Rule("an id is a lower case letter followed by 2 to 63 of a-z, 0-9 and _");
            self.fault_with(&at.key("id"), problem, Some(Value::from(id)), None);
        }
    }

    /// Notes every value that an earlier item has, too.
    pub(crate) fn check_unique<'v>(
        &mut self,
        what: &'static str,
        values: impl IntoIterator<Item = (&'v str, Place)>,
    ) {
        let mut seen: BTreeMap<&str, Place> = BTreeMap::new();
        for (value, place) in values {
            if let Some(other) = seen.get(value) {
                let other = other.to_string();
                let value = value.to_owned();
                let problem = Problem::Duplicate { what, value, other };
                self.fault(&place, problem, None);
            } else {
                seen.insert(value, place);
            }
        }
    }

    /// Takes down something that a transport may have on a Unix socket only.
    pub(crate) fn needs_unix_socket(&mut self, at: &Place) {
        self.unix_only.push(at.clone());
    }

    /// Faults what was taken down so since the last time, if there is a reason why the transport may not have it.
    pub(crate) fn check_unix_only(&mut self, refused: Option<&'static str>) {
        for at in std::mem::take(&mut self.unix_only) {
            if let Some(reason) = refused {
                self.fault(&at, Problem::Rule(reason), None);
            }
        }
    }

    /// Takes down that a method needs a cookie.
    pub(crate) fn needs_cookie(&mut self, at: &Place) {
        self.cookie_only.push(at.clone());
    }

    /// Faults what was taken down so since the last time, if there is no cookie for this reason.
    pub(crate) fn check_needs_cookie(&mut self, lacking: Option<&'static str>) {
        for at in std::mem::take(&mut self.cookie_only) {
            if let Some(why) = lacking {
                self.fault(&at, Problem::Rule(why), None);
            }
        }
    }

    /// Takes down that a transport has a cookie.
    pub(crate) fn has_cookie(&mut self, secure: bool, at: &Place) {
        self.cookies.push((at.clone(), secure));
    }

    /// Gives notice of what was taken down so since the last time and does not fit the transport.
    pub(crate) fn check_cookies(&mut self, is_encrypted: bool) {
        for (at, secure) in std::mem::take(&mut self.cookies) {
            let text = match (secure, is_encrypted) {
                (true, false) => {
                    "browsers send it over TLS only, which this endpoint has not: let a proxy speak TLS"
                }
                (false, true) => "set \"secure\", so that browsers send it over TLS only",
                (true, true) | (false, false) => continue,
            };
            self.notice(&at.key("secure"), text);
        }
    }

    /// Takes down that a principal gets a role.
    pub(crate) fn uses_role(&mut self, role: &Text, at: &Place) {
        if role.as_str() == TRUSTED {
            let problem = Problem::Rule("the role \"trusted\" is reserved for internal sessions");
            self.fault(at, problem, None);
        } else {
            self.used_roles.push((role.clone(), at.clone()));
        }
    }

    /// Gives notice of every role that was taken down and that none of these is.
    pub(crate) fn check_roles<'r>(&mut self, roles: impl Iterator<Item = &'r Text>) {
        let roles: BTreeSet<&str> = roles.map(Text::as_str).collect();
        for (role, at) in std::mem::take(&mut self.used_roles) {
            if !roles.contains(role.as_str()) {
                self.notice(
                    &at,
                    format!("no realm of this worker has the role {role:?}"),
                );
            }
        }
    }

    /// Finds a type of the realm by its name.
    pub(crate) fn shape(&mut self, name: &str, at: &Place) -> Option<Shape> {
        let inventory = match &self.types {
            Types::Known(inventory) => Arc::clone(inventory),
            Types::Faulty => return None,
            Types::None => {
                let problem = Problem::Rule("the realm has no \"inventory\", which has the types");
                self.fault(at, problem, None);
                return None;
            }
        };
        match Shape::find(&inventory, name) {
            Ok(shape) => Some(shape),
            Err(error @ ShapeError::Unknown(_)) => {
                let similar = names::resembling(name, inventory.names());
                let hint = similar.map_or(
                    Hint::Advice("types go by their name with the namespace, as in shop.Order"),
                    |similar| Hint::DidYouMean(similar.to_owned()),
                );
                self.fault(at, Problem::Value(error.to_string()), Some(hint));
                None
            }
            Err(error) => {
                self.fault(at, Problem::Value(error.to_string()), None);
                None
            }
        }
    }

    fn object(&mut self, value: Value, at: &Place) -> Option<Map<String, Value>> {
        match value {
            Value::Object(object) => Some(object),
            other @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)) => {
                let problem = Problem::Value("expected an object".to_owned());
                self.fault_with(at, problem, Some(other), None);
                None
            }
        }
    }

    /// Takes out the keys that are not `T`'s. Says whether a fault was noted.
    fn check_keys<T: Written>(&mut self, object: &mut Map<String, Value>, at: &Place) -> bool {
        let before = self.faults.len();
        let known: BTreeSet<&str> = fields::<T>().iter().copied().collect();
        let keys: Vec<String> = object.keys().cloned().collect();
        for key in keys.iter().filter(|key| !known.contains(key.as_str())) {
            let value = object.shift_remove(key).unwrap_or_default();
            self.check_foreign_key::<T>(key, &value, at);
        }
        for &key in T::REQUIRED {
            if !object.contains_key(key) {
                self.fault(at, Problem::MissingKey(key), None);
            }
        }
        self.faults.len() > before
    }

    fn check_foreign_key<T: Written>(&mut self, key: &str, value: &Value, at: &Place) {
        let place = at.key(key);
        if let Some((_, why)) = T::IGNORED.iter().find(|(name, _)| *name == key) {
            self.notice(&place, format!("has no effect: {why}"));
        } else if let Some((_, refusal)) = T::REFUSED.iter().find(|(name, _)| *name == key) {
            if !is_empty(value) {
                self.refuse(format!("the key {key:?}"), *refusal, &place);
            }
        } else {
            let known = fields::<T>().iter().copied();
            let hint = names::resembling(key, known.clone()).map_or_else(
                || Hint::OneOf(known.map(str::to_owned).collect()),
                |name| Hint::DidYouMean(name.to_owned()),
            );
            self.fault(&place, Problem::UnknownKey, Some(hint));
        }
    }
}

/// Gives a deserializer's words, without the text that it found where that may be a secret.
fn told(words: &str, at: &Place) -> String {
    let found = ["invalid type: string ", "invalid value: string "];
    let is_open = !at.is_among_secrets() || !found.iter().any(|found| words.starts_with(found));
    match words.rsplit_once(", expected ") {
        Some((_, expected)) if !is_open => format!("invalid type: a string, expected {expected}"),
        Some(_) | None => words.to_owned(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        Value::Number(_) | Value::String(_) => false,
    }
}

/// Gives advice on strings that were meant to be something else.
fn hint_for(value: &Value) -> Option<Hint> {
    let text = value.as_str()?;
    if !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit()) {
        return Some(Hint::Advice("write the number without quotes"));
    }
    ["yes", "no", "on", "off", "true", "false"]
        .contains(&text.to_lowercase().as_str())
        .then_some(Hint::Advice("write true or false, without quotes"))
}
