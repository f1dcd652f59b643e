//! Interfaces: what arguments of calls, results, errors and events must be (WAMP spec, "WAMP IDL").
//!
//! An [`Inventory`] holds the types of FlatBuffers schemas; a [`Shape`] is one of them, which a payload is checked against as
//! it is encoded, whatever the serializer. A table's fields are the positional arguments in their order, those with the
//! attribute `kwarg` the keyword arguments.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::codec::flatbuffers::reflection::Schema;
use crate::{DecodeError, Payload};

mod check;
mod compile;
mod definitions;
mod misfit;
mod rules;

pub use misfit::Misfit;

use self::definitions::{Enumeration, Kind, Many, Object};

/// The types of a realm's schemas. Types of one name are expected to be the same; the first counts.
#[derive(Debug, Default)]
pub struct Inventory {
    objects: Vec<Object>,
    enumerations: Vec<Enumeration>,
    by_name: BTreeMap<Box<str>, usize>,
}

/// A table or struct that the arguments of a message must fit.
#[derive(Clone)]
pub struct Shape {
    inventory: Arc<Inventory>,
    object: usize,
}

/// Why a file is not a schema that can be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// It has not the mark of a binary schema.
    #[error("it is no binary FlatBuffers schema, which `flatc --binary --schema` writes")]
    NoSchema,
    /// Its octets are not what they should be.
    #[error("the binary schema is broken: {0}")]
    Broken(#[from] DecodeError),
    /// A field's type names something that is not there.
    #[error("the binary schema is broken: the type of {field:?} in {object:?} is unknown")]
    UnknownType {
        /// The table or struct.
        object: Box<str>,
        /// The field.
        field: Box<str>,
    },
    /// Two fields have the same place.
    #[error("the binary schema is broken: two fields of {object:?} have one place")]
    SamePlace {
        /// The table or struct.
        object: Box<str>,
    },
}

/// Why there is no shape of a name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// No schema has a table or struct of that name.
    #[error("no catalog has the type {0:?}")]
    Unknown(Box<str>),
    /// A value of the type cannot be checked.
    #[error("the type {name:?} cannot be checked: {field:?} in {object:?} is a list of unions")]
    ListOfUnions {
        /// The type that was asked for.
        name: Box<str>,
        /// The table, which the type contains.
        object: Box<str>,
        /// The field.
        field: Box<str>,
    },
}

impl Inventory {
    /// Adds the types of a binary schema (`.bfbs`).
    ///
    /// # Errors
    /// Says what is wrong with the schema; nothing of it is added then.
    pub fn add(&mut self, schema: &Bytes) -> Result<(), SchemaError> {
        if schema.get(4..8) != Some(MARK) {
            return Err(SchemaError::NoSchema);
        }
        let schema = Schema::read(schema)?;
        let (objects, enumerations) =
            compile::compile(&schema, self.objects.len(), self.enumerations.len())?;
        let places = self.objects.len()..;
        for (place, object) in places.zip(&objects) {
            self.by_name.entry(object.name.clone()).or_insert(place);
        }
        self.objects.extend(objects);
        self.enumerations.extend(enumerations);
        Ok(())
    }

    /// Gives the names of the tables and structs, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(|name| &**name)
    }

    /// Counts the tables and structs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Says whether there are no types.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Finds the first field that cannot be checked among those that a value of `object` can have.
    fn unusable(&self, object: usize) -> Option<(&Object, &str)> {
        let mut seen = vec![false; self.objects.len()];
        let mut open = vec![object];
        while let Some(place) = open.pop() {
            let Some(seen) = seen.get_mut(place).filter(|seen| !**seen) else {
                continue;
            };
            *seen = true;
            let Some(object) = self.objects.get(place) else {
                continue;
            };
            for field in &object.fields {
                match field.kind {
                    Kind::Union(_) if field.many != Many::One => {
                        return Some((object, &field.name));
                    }
                    Kind::Union(union) => {
                        let members = self.enumerations.get(union).into_iter();
                        open.extend(members.flat_map(Enumeration::objects));
                    }
                    Kind::Object(place) => open.push(place),
                    Kind::Bool
                    | Kind::Integer(_)
                    | Kind::Enumeration(_)
                    | Kind::UnionTag(_)
                    | Kind::Float
                    | Kind::Text(_) => {}
                }
            }
        }
        None
    }
}

impl Shape {
    /// Finds a table or struct by its name with its namespace, such as `shop.Order`.
    ///
    /// # Errors
    /// Says that there is none, or why none of its values could be checked.
    pub fn find(inventory: &Arc<Inventory>, name: &str) -> Result<Self, ShapeError> {
        let object = inventory.by_name.get(name).copied();
        let object = object.ok_or_else(|| ShapeError::Unknown(name.into()))?;
        if let Some((inner, field)) = inventory.unusable(object) {
            return Err(ShapeError::ListOfUnions {
                name: name.into(),
                object: inner.name.clone(),
                field: field.into(),
            });
        }
        Ok(Self {
            inventory: Arc::clone(inventory),
            object,
        })
    }

    /// Gives the name.
    #[must_use]
    pub fn name(&self) -> &str {
        let object = self.inventory.objects.get(self.object);
        object.map_or("", |object| &object.name)
    }

    /// Checks arguments. What there is none of is as an empty list or dictionary.
    ///
    /// # Errors
    /// Says what does not fit, and where; nothing of the payload is in it.
    pub fn check(&self, payload: &Payload) -> Result<(), Misfit> {
        check::check(&self.inventory, self.object, payload)
    }
}

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inventory, &other.inventory) && self.object == other.object
    }
}

impl Eq for Shape {}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shape").field(&self.name()).finish()
    }
}

/// What stands in a binary schema behind its first offset.
const MARK: &[u8] = b"BFBS";
