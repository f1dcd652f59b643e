use std::collections::BTreeMap;

use crossbar_wire::{Payload, SessionId, Text, Value};

use crate::refusal::said;

/// What sessions have said about topics, procedures and errors (WAMP spec, "Interface Reflection"). It is kept for as long as the
/// session is there that said it last.
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

/// Why a definition is not kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NoRoom {
    /// It is too long.
    Octets,
    /// The session has as many as it may.
    Count,
}

/// How many definitions a session may have.
const MAX_DEFINITIONS: usize = 100;
/// How many octets a definition may have, with its URI.
pub(crate) const MAX_OCTETS: usize = 16 << 10;

impl Definitions {
    /// Keeps a definition, in place of the one that is there.
    ///
    /// # Errors
    /// Says why not.
    pub(crate) fn define(
        &mut self,
        by: SessionId,
        uri: &Text,
        schema: &Value,
    ) -> Result<(), NoRoom> {
        let schema = said(std::slice::from_ref(schema));
        if uri.len() + schema.args.len() > MAX_OCTETS {
            return Err(NoRoom::Octets);
        }
        let theirs = self.by_session.get(&by).map_or(0, Vec::len);
        let known = self.by_uri.get(uri).is_some_and(|it| it.by == by);
        if !known && theirs >= MAX_DEFINITIONS {
            return Err(NoRoom::Count);
        }
        self.undefine(uri);
        let uri = uri.compact();
        self.by_session.entry(by).or_default().push(uri.clone());
        self.by_uri.insert(uri, Definition { by, schema });
        Ok(())
    }

    /// Forgets a definition. Says whether it was there.
    pub(crate) fn undefine(&mut self, uri: &Text) -> bool {
        let Some(definition) = self.by_uri.remove(uri) else {
            return false;
        };
        if let Some(theirs) = self.by_session.get_mut(&definition.by) {
            theirs.retain(|other| other != uri);
            if theirs.is_empty() {
                self.by_session.remove(&definition.by);
            }
        }
        true
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
        assert_eq!(one_more, Err(NoRoom::Count));
        assert_eq!(definitions.define(alice, &uri(0), &Value::from(0)), Ok(()));
        let long = Value::from("x".repeat(MAX_OCTETS));
        assert_eq!(definitions.define(bob, &uri(1), &long), Err(NoRoom::Octets));
        let long = Text::from("x".repeat(MAX_OCTETS));
        assert_eq!(
            definitions.define(bob, &long, &Value::from(1)),
            Err(NoRoom::Octets)
        );
        assert_eq!(
            definitions.define(bob, &uri(1), &Value::from("bob's")),
            Ok(())
        );
        assert_eq!(definitions.forget(alice).len(), MAX_DEFINITIONS - 1);
        assert_eq!(definitions.get(&uri(1)), Some(Value::from("bob's")));
        assert_eq!(definitions.get(&uri(2)), None);
        assert!(definitions.undefine(&uri(1)) && !definitions.undefine(&uri(1)));
        assert!(definitions.by_uri.is_empty() && definitions.by_session.is_empty());
    }
}
