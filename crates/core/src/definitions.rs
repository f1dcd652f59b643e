use std::collections::BTreeMap;

use crossbar_wire::{Payload, SessionId, Text, Value};

use crate::refusal::said;

/// What sessions have said about topics, procedures and errors (WAMP spec, "Interface Reflection"). It is kept for as long as the
/// session is there that said it, and nobody else says anything about the same URI meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    by_uri: BTreeMap<Text, Definition>,
    /// The inverse.
    by_session: BTreeMap<SessionId, Vec<Text>>,
}

#[derive(Debug)]
struct Definition {
    by: SessionId,
    /// The schema as the one positional argument.
    schema: Payload,
}

/// Why a definition is not kept, or not forgotten.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Obstacle {
    /// It is too long.
    Octets,
    /// The session has as many as it may.
    Count,
    /// It is another session's.
    Owner,
}

/// How many definitions a session may have.
const MAX_DEFINITIONS: usize = 100;
/// How many octets a definition may have, with its URI.
pub(crate) const MAX_OCTETS: usize = 16 << 10;

impl Definitions {
    /// Keeps a definition, in place of the one that the session has given before.
    ///
    /// # Errors
    /// Says why not.
    pub(crate) fn define(
        &mut self,
        by: SessionId,
        uri: &Text,
        schema: &Value,
    ) -> Result<(), Obstacle> {
        let schema = said(std::slice::from_ref(schema));
        if uri.len() + schema.args.len() > MAX_OCTETS {
            return Err(Obstacle::Octets);
        }
        let theirs = self.by_session.get(&by).map_or(0, Vec::len);
        if !self.by_uri.contains_key(uri) && theirs >= MAX_DEFINITIONS {
            return Err(Obstacle::Count);
        }
        self.undefine(by, uri)?;
        let uri = uri.compact();
        self.by_session.entry(by).or_default().push(uri.clone());
        self.by_uri.insert(uri, Definition { by, schema });
        Ok(())
    }

    /// Forgets a definition of a session. Says whether there was one.
    ///
    /// # Errors
    /// It is another session's.
    pub(crate) fn undefine(&mut self, by: SessionId, uri: &Text) -> Result<bool, Obstacle> {
        match self.by_uri.get(uri) {
            None => return Ok(false),
            Some(definition) if definition.by != by => return Err(Obstacle::Owner),
            Some(_) => self.by_uri.remove(uri),
        };
        if let Some(theirs) = self.by_session.get_mut(&by) {
            theirs.retain(|other| other != uri);
            if theirs.is_empty() {
                self.by_session.remove(&by);
            }
        }
        Ok(true)
    }

    /// Forgets what a session has defined, and gives the URIs.
    pub(crate) fn forget(&mut self, session: SessionId) -> Vec<Text> {
        let theirs = self.by_session.remove(&session).unwrap_or_default();
        for uri in &theirs {
            self.by_uri.remove(uri);
        }
        theirs
    }

    /// Gives what is said about a URI.
    pub(crate) fn get(&self, uri: &Text) -> Option<Value> {
        let definition = self.by_uri.get(uri)?;
        let args = definition.schema.args().unwrap_or_default();
        args.into_iter().next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x01_definitions_and_their_inverse_go_together() {
        let mut definitions = Definitions::default();
        let [alice, bob] = [1, 2].map(|id| SessionId::new(id).unwrap());
        let uri = |number: usize| Text::from(format!("com.x{number}"));
        for number in 0..MAX_DEFINITIONS {
            let defined = definitions.define(alice, &uri(number), &Value::from(number));
            assert_eq!(defined, Ok(()));
        }
        let one_more = definitions.define(alice, &uri(1000), &Value::from(1));
        assert_eq!(one_more, Err(Obstacle::Count));
        assert_eq!(definitions.define(alice, &uri(0), &Value::from(0)), Ok(()));
        let long = Value::from("x".repeat(MAX_OCTETS));
        assert_eq!(
            definitions.define(bob, &uri(1001), &long),
            Err(Obstacle::Octets)
        );
        let long = Text::from("x".repeat(MAX_OCTETS));
        assert_eq!(
            definitions.define(bob, &long, &Value::from(1)),
            Err(Obstacle::Octets)
        );
        let bobs = Value::from("bob's");
        assert_eq!(
            definitions.define(bob, &uri(1), &bobs),
            Err(Obstacle::Owner)
        );
        assert_eq!(definitions.undefine(bob, &uri(1)), Err(Obstacle::Owner));
        assert_eq!(definitions.get(&uri(1)), Some(Value::from(1)));
        assert_eq!(definitions.forget(alice).len(), MAX_DEFINITIONS);
        assert_eq!(definitions.get(&uri(2)), None);
        assert_eq!(definitions.define(bob, &uri(1), &bobs), Ok(()));
        assert_eq!(definitions.undefine(bob, &uri(1)), Ok(true));
        assert_eq!(definitions.undefine(bob, &uri(1)), Ok(false));
        assert!(definitions.by_uri.is_empty() && definitions.by_session.is_empty());
    }
}
