//! Binary schemas (`.bfbs`): what `flatc --binary --schema` makes of interface definitions, itself in FlatBuffers
//! (`reflection.fbs`). Of a schema its tables, structs and enumerations are read; services, documentation and file names are
//! not.

use bytes::Bytes;

use super::table::{Frame, Slot, Table, slot};
use crate::fields::Decoded;
use crate::{DecodeFault, Text};

/// What a schema defines, as written there: places in the lists are how types name each other.
pub(crate) struct Schema {
    pub(crate) objects: Vec<Object>,
    pub(crate) enums: Vec<Enum>,
}

/// A table or struct.
pub(crate) struct Object {
    pub(crate) name: Text,
    pub(crate) is_struct: bool,
    /// In the order of their names.
    pub(crate) fields: Vec<Field>,
}

/// A field of a table or struct.
pub(crate) struct Field {
    pub(crate) name: Text,
    pub(crate) kind: Type,
    /// Its place in the order of the definition.
    pub(crate) id: u16,
    pub(crate) required: bool,
    /// The definition gives it no value of its own where it is absent.
    pub(crate) optional: bool,
    /// The names of its attributes.
    pub(crate) attributes: Vec<Text>,
}

/// A type by numbers; [`base`] names them.
#[derive(Clone, Copy)]
pub(crate) struct Type {
    pub(crate) base: u8,
    /// The base type of the items of a vector or array.
    pub(crate) element: u8,
    /// The place of the object or enumeration that it refers to; negative if to none.
    pub(crate) index: i32,
    /// The number of items of an array.
    pub(crate) length: u16,
}

/// An enumeration or union.
pub(crate) struct Enum {
    pub(crate) is_union: bool,
    pub(crate) values: Vec<EnumValue>,
    /// The base type of its values.
    pub(crate) underlying: u8,
    /// Its values are flags, of which any number may be set.
    pub(crate) is_flags: bool,
}

/// A value of an enumeration, or a member of a union.
pub(crate) struct EnumValue {
    pub(crate) value: i64,
    /// What stands for it in a union.
    pub(crate) member: Option<Type>,
}

impl Schema {
    /// Reads a schema.
    pub(crate) fn read(octets: &Bytes) -> Decoded<Self> {
        if octets.is_empty() {
            return Err(DecodeFault::Empty.into());
        }
        let frame = Frame::new(octets);
        let root = frame.root("Schema")?;
        Ok(Self {
            objects: root.tables(slot(0, "objects"), Object::read)?,
            enums: root.tables(slot(1, "enums"), Enum::read)?,
        })
    }
}

impl Object {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        Ok(Self {
            name: table.required_text(slot(0, "name"))?,
            fields: table.tables(slot(1, "fields"), Field::read)?,
            is_struct: table.flag(slot(2, "is_struct"))?,
        })
    }
}

impl Field {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        Ok(Self {
            name: table.required_text(slot(0, "name"))?,
            kind: Type::read_at(table, slot(1, "type"))?,
            id: table.number16(slot(2, "id"))?,
            required: table.flag(slot(7, "required"))?,
            attributes: attributes(table, slot(9, "attributes"))?,
            optional: table.flag(slot(11, "optional"))?,
        })
    }
}

impl Type {
    fn read_at(table: &Table<'_>, slot: Slot) -> Decoded<Self> {
        let kind = table.table(slot)?.ok_or_else(|| table.missing(slot))?;
        Self::read(&kind)
    }

    fn read(table: &Table<'_>) -> Decoded<Self> {
        let index = table.number32_or(slot(2, "index"), u32::MAX)?;
        Ok(Self {
            base: table.number8(slot(0, "base_type"), 0)?,
            element: table.number8(slot(1, "element"), 0)?,
            index: index.cast_signed(),
            length: table.number16(slot(3, "fixed_length"))?,
        })
    }
}

impl Enum {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        let attributes = attributes(table, slot(4, "attributes"))?;
        Ok(Self {
            values: table.tables(slot(1, "values"), EnumValue::read)?,
            is_union: table.flag(slot(2, "is_union"))?,
            underlying: Type::read_at(table, slot(3, "underlying_type"))?.base,
            is_flags: attributes.iter().any(|it| it.as_str() == "bit_flags"),
        })
    }
}

impl EnumValue {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        let member = table.table(slot(3, "union_type"))?;
        Ok(Self {
            value: table.number64(slot(1, "value"))?.cast_signed(),
            member: member.map(|member| Type::read(&member)).transpose()?,
        })
    }
}

fn attributes(table: &Table<'_>, slot: Slot) -> Decoded<Vec<Text>> {
    table.tables(slot, |pair| pair.required_text(KEY))
}

const KEY: Slot = slot(0, "key");

/// The numbers of base types (`reflection.fbs`, `BaseType`).
pub(crate) mod base {
    pub(crate) const UNION_TAG: u8 = 1;
    pub(crate) const BOOL: u8 = 2;
    pub(crate) const BYTE: u8 = 3;
    pub(crate) const UBYTE: u8 = 4;
    pub(crate) const SHORT: u8 = 5;
    pub(crate) const USHORT: u8 = 6;
    pub(crate) const INT: u8 = 7;
    pub(crate) const UINT: u8 = 8;
    pub(crate) const LONG: u8 = 9;
    pub(crate) const ULONG: u8 = 10;
    pub(crate) const FLOAT: u8 = 11;
    pub(crate) const DOUBLE: u8 = 12;
    pub(crate) const STRING: u8 = 13;
    pub(crate) const VECTOR: u8 = 14;
    pub(crate) const OBJECT: u8 = 15;
    pub(crate) const UNION: u8 = 16;
    pub(crate) const ARRAY: u8 = 17;
    pub(crate) const VECTOR64: u8 = 18;
}
