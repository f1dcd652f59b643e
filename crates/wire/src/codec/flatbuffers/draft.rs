//! Writing: a table is drafted with its fields, then laid out. What a field points to follows its table.

use std::borrow::Cow;

use super::table::Slot;
use crate::codec::write::lacks;
use crate::fields::Id;
use crate::{EncodeError, Format, Text, Unrepresentable};

/// A table to be written; fields that have their default value are left out.
#[derive(Default)]
pub(super) struct Draft<'m> {
    fields: Vec<(u16, Field<'m>)>,
}

enum Field<'m> {
    Number8(u8),
    Number16(u16),
    Number32(u32),
    Number64(u64),
    Text(&'m str),
    Octets(Cow<'m, [u8]>),
    Ids(Vec<u64>),
    Texts(&'m [Text]),
    Table(Draft<'m>),
    Tables(Vec<Draft<'m>>),
}

impl<'m> Draft<'m> {
    pub(super) const fn new() -> Self {
        Self { fields: Vec::new() }
    }

    pub(super) fn flag(&mut self, slot: Slot, value: Option<bool>) {
        self.number8(slot, u8::from(value == Some(true)), 0);
    }

    pub(super) fn number8(&mut self, slot: Slot, value: u8, default: u8) {
        if value != default {
            self.push(slot, Field::Number8(value));
        }
    }

    pub(super) fn number16(&mut self, slot: Slot, value: u16) {
        if value != 0 {
            self.push(slot, Field::Number16(value));
        }
    }

    pub(super) fn number32(&mut self, slot: Slot, value: u32) {
        if value != 0 {
            self.push(slot, Field::Number32(value));
        }
    }

    pub(super) fn id<I: Id>(&mut self, slot: Slot, id: I) {
        self.optional_id(slot, Some(id));
    }

    pub(super) fn optional_id<I: Id>(&mut self, slot: Slot, id: Option<I>) {
        let number = id.map_or(0, Id::number);
        if number != 0 {
            self.push(slot, Field::Number64(number));
        }
    }

    pub(super) fn ids<I: Id + Copy>(&mut self, slot: Slot, ids: Option<&[I]>) {
        if let Some(ids) = ids {
            let numbers = ids.iter().map(|id| id.number()).collect();
            self.push(slot, Field::Ids(numbers));
        }
    }

    pub(super) fn text(&mut self, slot: Slot, text: Option<&'m str>) {
        if let Some(text) = text {
            self.push(slot, Field::Text(text));
        }
    }

    pub(super) fn texts(&mut self, slot: Slot, texts: Option<&'m [Text]>) {
        if let Some(texts) = texts {
            self.push(slot, Field::Texts(texts));
        }
    }

    pub(super) fn octets(&mut self, slot: Slot, octets: Cow<'m, [u8]>) {
        self.push(slot, Field::Octets(octets));
    }

    pub(super) fn table(&mut self, slot: Slot, table: Self) {
        self.push(slot, Field::Table(table));
    }

    /// Adds a list of tables unless it is empty.
    pub(super) fn tables(&mut self, slot: Slot, tables: Vec<Self>) {
        if !tables.is_empty() {
            self.push(slot, Field::Tables(tables));
        }
    }

    fn push(&mut self, slot: Slot, field: Field<'m>) {
        self.fields.push((slot.number, field));
    }

    /// Appends a frame whose root is this table.
    pub(super) fn write(mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let start = out.len();
        let mut layout = Layout { out, start };
        let root = layout.reserve(OFFSET);
        let table = layout.table(&mut self)?;
        layout.point(root, table)
    }
}

impl Field<'_> {
    /// The octets that it takes within its table.
    const fn size(&self) -> usize {
        match self {
            Self::Number8(_) => 1,
            Self::Number16(_) => 2,
            Self::Number64(_) => 8,
            Self::Number32(_)
            | Self::Text(_)
            | Self::Octets(_)
            | Self::Ids(_)
            | Self::Texts(_)
            | Self::Table(_)
            | Self::Tables(_) => OFFSET,
        }
    }
}

/// A frame under writing. Positions count from its start, to which all alignment refers.
struct Layout<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
}

impl Layout<'_> {
    fn position(&self) -> usize {
        self.out.len() - self.start
    }

    /// Appends zeros until `ahead` octets further on is a multiple of `alignment`.
    fn align(&mut self, alignment: usize, ahead: usize) {
        let past = (self.position() + ahead) % alignment;
        if past > 0 {
            self.reserve(alignment - past);
        }
    }

    /// Appends zeros and gives the position of the first.
    fn reserve(&mut self, octets: usize) -> usize {
        let position = self.position();
        self.out.resize(self.out.len() + octets, 0);
        position
    }

    fn put(&mut self, position: usize, octets: &[u8]) {
        let at = self.start + position;
        self.out[at..at + octets.len()].copy_from_slice(octets);
    }

    /// Writes the way from an offset to what it points to.
    fn point(&mut self, from: usize, to: usize) -> Result<(), EncodeError> {
        self.put(from, &length(to - from)?.to_le_bytes());
        Ok(())
    }

    /// Writes a vtable, its table and what the table's fields point to; gives the table's position.
    fn table(&mut self, draft: &mut Draft<'_>) -> Result<usize, EncodeError> {
        // The widest first, so that no padding is needed between them.
        draft
            .fields
            .sort_by_key(|(_, field)| std::cmp::Reverse(field.size()));
        let slots = draft.fields.iter().map(|(slot, _)| usize::from(*slot) + 1);
        let vtable_length = 4 + 2 * slots.max().unwrap_or(0);
        let size = draft.fields.iter().map(|(_, field)| field.size());
        let size = OFFSET + size.sum::<usize>();
        self.align(2, 0);
        let vtable = self.reserve(vtable_length);
        let widest = draft.fields.first().map_or(OFFSET, |(_, f)| f.size());
        self.align(widest.max(OFFSET), OFFSET);
        let table = self.reserve(size);
        self.put(vtable, &short(vtable_length)?.to_le_bytes());
        self.put(vtable + 2, &short(size)?.to_le_bytes());
        self.point(table, table + (table - vtable))?;
        let mut at = table + OFFSET;
        for (slot, field) in &mut draft.fields {
            let offset = short(at - table)?;
            self.put(vtable + 4 + 2 * usize::from(*slot), &offset.to_le_bytes());
            let size = field.size();
            self.field(at, field)?;
            at += size;
        }
        Ok(table)
    }

    fn field(&mut self, at: usize, field: &mut Field<'_>) -> Result<(), EncodeError> {
        let target = match field {
            Field::Number8(number) => {
                self.put(at, &number.to_le_bytes());
                return Ok(());
            }
            Field::Number16(number) => {
                self.put(at, &number.to_le_bytes());
                return Ok(());
            }
            Field::Number32(number) => {
                self.put(at, &number.to_le_bytes());
                return Ok(());
            }
            Field::Number64(number) => {
                self.put(at, &number.to_le_bytes());
                return Ok(());
            }
            Field::Text(text) => self.text(text)?,
            Field::Octets(octets) => self.vector(octets.len(), octets)?,
            Field::Ids(ids) => {
                self.align(8, OFFSET);
                let octets: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
                self.vector(ids.len(), &octets)?
            }
            Field::Texts(texts) => {
                let vector = self.offsets(texts.len())?;
                for (index, text) in texts.iter().enumerate() {
                    let text = self.text(text)?;
                    self.point(vector + OFFSET * (index + 1), text)?;
                }
                vector
            }
            Field::Table(table) => self.table(table)?,
            Field::Tables(tables) => {
                let vector = self.offsets(tables.len())?;
                for (index, table) in tables.iter_mut().enumerate() {
                    let table = self.table(table)?;
                    self.point(vector + OFFSET * (index + 1), table)?;
                }
                vector
            }
        };
        self.point(at, target)
    }

    /// Writes text, which ends in a NUL that does not count.
    fn text(&mut self, text: &str) -> Result<usize, EncodeError> {
        let at = self.vector(text.len(), text.as_bytes())?;
        self.reserve(1);
        Ok(at)
    }

    fn vector(&mut self, count: usize, octets: &[u8]) -> Result<usize, EncodeError> {
        let count = length(count)?;
        self.align(OFFSET, 0);
        let at = self.position();
        self.out.extend_from_slice(&count.to_le_bytes());
        self.out.extend_from_slice(octets);
        Ok(at)
    }

    /// Writes a vector whose offsets are still to be put there.
    fn offsets(&mut self, count: usize) -> Result<usize, EncodeError> {
        let at = self.vector(count, &[])?;
        self.reserve(OFFSET * count);
        Ok(at)
    }
}

/// The octets of an offset, and of a vector's length.
const OFFSET: usize = 4;

/// Checks a length or an offset. FlatBuffers ends at 2 GiB, since some offsets have a sign.
fn length(length: usize) -> Result<u32, EncodeError> {
    let length = i32::try_from(length).ok();
    let length = length.and_then(|length| u32::try_from(length).ok());
    length.ok_or(lacks(Format::FlatBuffers, Unrepresentable::Length))
}

/// Checks a length within a table, which a schema bounds.
fn short(length: usize) -> Result<u16, EncodeError> {
    u16::try_from(length).map_err(|_| lacks(Format::FlatBuffers, Unrepresentable::Length))
}
