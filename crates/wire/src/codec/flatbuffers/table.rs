//! Reading: tables, and what their fields hold. Every offset is checked against the frame before it is followed.

use std::cell::Cell;

use bytes::Bytes;

use crate::codec::malformed;
use crate::fields::{Decoded, Id};
use crate::{DecodeError, DecodeFault, Format, MAX_ID, Malformation, Place, Text};

/// A field of a table: its number in the schema, and its name for errors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) number: u16,
    pub(super) name: &'static str,
}

pub(super) const fn slot(number: u16, name: &'static str) -> Slot {
    Slot { number, name }
}

/// The words that an enumeration's numbers stand for, counted from 0.
pub(super) type Words = &'static [&'static str];

/// A frame under reading. Offsets may lead to the same octets again and again; how many are looked at in all is bounded.
pub(super) struct Frame<'f> {
    pub(super) octets: &'f Bytes,
    /// Octets that may still be looked at.
    left: Cell<usize>,
}

impl<'f> Frame<'f> {
    pub(super) fn new(octets: &'f Bytes) -> Self {
        Self {
            octets,
            left: Cell::new(octets.len().saturating_mul(REUSE)),
        }
    }

    /// Opens the table that the frame's first four octets point to.
    pub(super) fn root(&'f self, name: &'static str) -> Decoded<Table<'f>> {
        let at = self.target(0)?;
        Table::open(self, at, name)
    }

    fn array<const N: usize>(&self, at: usize) -> Decoded<[u8; N]> {
        let octets = self.octets.get(at..).and_then(<[u8]>::first_chunk);
        octets.copied().ok_or_else(|| fault(at, Malformation::End))
    }

    fn cut(&self, at: usize, length: usize) -> Decoded<&'f [u8]> {
        let rest = self.octets.get(at..).unwrap_or_default();
        let cut = rest.get(..length);
        cut.ok_or_else(|| fault(at, Malformation::Length))
    }

    /// Follows the offset that stands at `at`; offsets lead forward.
    fn target(&self, at: usize) -> Decoded<usize> {
        let offset = wide(u32::from_le_bytes(self.array(at)?));
        match at.checked_add(offset) {
            Some(target) if offset > 0 && target < self.octets.len() => Ok(target),
            _ => Err(fault(at, Malformation::Offset)),
        }
    }

    /// Gives the octets of a vector whose items have `size` octets each.
    fn vector(&self, at: usize, size: usize) -> Decoded<&'f [u8]> {
        let count = wide(u32::from_le_bytes(self.array(at)?));
        let length = count.saturating_mul(size);
        self.spend(at, length)?;
        self.cut(at + LENGTH, length)
    }

    fn text(&self, at: usize) -> Decoded<Text> {
        let octets = self.vector(at, 1)?;
        match simdutf8::basic::from_utf8(octets) {
            Ok(text) => Ok(Text::cut(self.octets, text)),
            Err(_) => Err(fault(at + LENGTH, Malformation::Utf8)),
        }
    }

    fn spend(&self, at: usize, octets: usize) -> Decoded<()> {
        let left = self.left.get().checked_sub(octets.saturating_add(OVERHEAD));
        let left = left.ok_or_else(|| fault(at, Malformation::Repetition))?;
        self.left.set(left);
        Ok(())
    }
}

/// One table of a frame.
pub(super) struct Table<'f> {
    frame: &'f Frame<'f>,
    /// The message that it belongs to, for errors.
    message: &'static str,
    start: usize,
    size: usize,
    /// Where each field lies from `start`, two octets each; 0 for an absent one.
    offsets: &'f [u8],
}

impl<'f> Table<'f> {
    fn open(frame: &'f Frame<'f>, start: usize, message: &'static str) -> Decoded<Self> {
        let back = i64::from(i32::from_le_bytes(frame.array(start)?));
        let vtable = i64::try_from(start).ok().map(|start| start - back);
        let vtable = vtable.and_then(|vtable| usize::try_from(vtable).ok());
        let vtable = vtable.ok_or_else(|| fault(start, Malformation::Offset))?;
        let length = usize::from(u16::from_le_bytes(frame.array(vtable)?));
        let size = usize::from(u16::from_le_bytes(frame.array(vtable + 2)?));
        if length < VTABLE_HEAD || size < LENGTH {
            return Err(fault(vtable, Malformation::Length));
        }
        frame.spend(start, length + size)?;
        frame.cut(start, size)?;
        Ok(Self {
            frame,
            message,
            start,
            size,
            offsets: frame.cut(vtable + VTABLE_HEAD, length - VTABLE_HEAD)?,
        })
    }

    /// Names the message, for errors.
    pub(super) const fn named(mut self, message: &'static str) -> Self {
        self.message = message;
        self
    }

    pub(super) const fn message(&self) -> &'static str {
        self.message
    }

    /// Reads a boolean that is false by default.
    pub(super) fn flag(&self, slot: Slot) -> Decoded<bool> {
        Ok(self.number8(slot, 0)? != 0)
    }

    /// Gives a flag as other serializers have it: absent unless it is set.
    pub(super) fn set_flag(&self, slot: Slot) -> Decoded<Option<bool>> {
        Ok(self.flag(slot)?.then_some(true))
    }

    pub(super) fn number8(&self, slot: Slot, default: u8) -> Decoded<u8> {
        let octets = self.scalar(slot)?;
        Ok(octets.map_or(default, u8::from_le_bytes))
    }

    pub(super) fn number16(&self, slot: Slot) -> Decoded<u16> {
        Ok(self.scalar(slot)?.map_or(0, u16::from_le_bytes))
    }

    pub(super) fn number32(&self, slot: Slot) -> Decoded<u32> {
        self.number32_or(slot, 0)
    }

    pub(super) fn number32_or(&self, slot: Slot, default: u32) -> Decoded<u32> {
        Ok(self.scalar(slot)?.map_or(default, u32::from_le_bytes))
    }

    pub(super) fn number64(&self, slot: Slot) -> Decoded<u64> {
        Ok(self.scalar(slot)?.map_or(0, u64::from_le_bytes))
    }

    pub(super) fn id<I: Id>(&self, slot: Slot) -> Decoded<I> {
        self.to_id(self.number64(slot)?, slot)
    }

    /// Reads an id that is absent if it is 0.
    pub(super) fn optional_id<I: Id>(&self, slot: Slot) -> Decoded<Option<I>> {
        match self.number64(slot)? {
            0 => Ok(None),
            number => self.to_id(number, slot).map(Some),
        }
    }

    pub(super) fn ids<I: Id>(&self, slot: Slot) -> Decoded<Option<Vec<I>>> {
        let Some(at) = self.target(slot)? else {
            return Ok(None);
        };
        let (numbers, _) = self.frame.vector(at, 8)?.as_chunks();
        let ids = numbers
            .iter()
            .map(|number| self.to_id(u64::from_le_bytes(*number), slot));
        ids.collect::<Decoded<_>>().map(Some)
    }

    pub(super) fn text(&self, slot: Slot) -> Decoded<Option<Text>> {
        match self.target(slot)? {
            Some(at) => self.frame.text(at).map(Some),
            None => Ok(None),
        }
    }

    /// Reads text that must be there.
    pub(super) fn required_text(&self, slot: Slot) -> Decoded<Text> {
        self.text(slot)?.ok_or_else(|| self.missing(slot))
    }

    pub(super) fn texts(&self, slot: Slot) -> Decoded<Option<Vec<Text>>> {
        let items = self.targets(slot)?;
        let texts = items.map(|items| items.into_iter().map(|at| self.frame.text(at)).collect());
        texts.transpose()
    }

    pub(super) fn octets(&self, slot: Slot) -> Decoded<Option<Bytes>> {
        let Some(at) = self.target(slot)? else {
            return Ok(None);
        };
        let octets = self.frame.vector(at, 1)?;
        Ok(Some(self.frame.octets.slice_ref(octets)))
    }

    pub(super) fn table(&self, slot: Slot) -> Decoded<Option<Self>> {
        let Some(at) = self.target(slot)? else {
            return Ok(None);
        };
        Self::open(self.frame, at, self.message).map(Some)
    }

    /// Reads a list of tables; empty if it is absent.
    pub(super) fn tables<T>(
        &self,
        slot: Slot,
        each: impl Fn(&Self) -> Decoded<T>,
    ) -> Decoded<Vec<T>> {
        let items = self.targets(slot)?.unwrap_or_default();
        let tables = items
            .into_iter()
            .map(|at| each(&Self::open(self.frame, at, self.message)?));
        tables.collect()
    }

    /// Reads a number that stands for one of `words`, counted from 0.
    pub(super) fn word(&self, slot: Slot, default: u8, words: Words) -> Decoded<&'static str> {
        self.to_word(self.number8(slot, default)?, slot, words)
    }

    /// Reads a number that stands for one of `words`, or for none if it is 0.
    pub(super) fn optional_word(&self, slot: Slot, words: Words) -> Decoded<Option<&'static str>> {
        match self.number8(slot, 0)? {
            0 => Ok(None),
            number => self.to_word(number, slot, words).map(Some),
        }
    }

    /// Reads a list of numbers that stand for words; gives each word once, since a word is far longer than its number.
    pub(super) fn words(&self, slot: Slot, words: Words) -> Decoded<Vec<&'static str>> {
        let mut all = Vec::new();
        for number in self.octets(slot)?.unwrap_or_default() {
            let word = self.to_word(number, slot, words)?;
            if !all.contains(&word) {
                all.push(word);
            }
        }
        Ok(all)
    }

    fn to_word(&self, number: u8, slot: Slot, words: Words) -> Decoded<&'static str> {
        let word = words.get(usize::from(number)).copied();
        word.ok_or_else(|| self.unknown_word(slot, words, &number.to_string()))
    }

    #[cold]
    pub(super) fn unknown_word(&self, slot: Slot, allowed: Words, found: &str) -> DecodeError {
        DecodeFault::UnknownWord {
            place: self.place(slot),
            allowed,
            found: found.into(),
        }
        .into()
    }

    pub(super) fn missing(&self, slot: Slot) -> DecodeError {
        let place = self.place(slot);
        DecodeFault::Missing { place }.into()
    }

    pub(super) fn place(&self, slot: Slot) -> Place {
        Place {
            message: self.message,
            element: slot.name,
            attribute: None,
        }
    }

    fn to_id<I: Id>(&self, number: u64, slot: Slot) -> Decoded<I> {
        I::from_number(number).ok_or_else(|| {
            DecodeFault::OutOfRange {
                place: self.place(slot),
                least: I::LEAST,
                most: MAX_ID,
                found: number.to_string().into(),
            }
            .into()
        })
    }

    /// Gives where a field of `size` octets lies, unless it is absent.
    fn at(&self, slot: Slot, size: usize) -> Decoded<Option<usize>> {
        let (offsets, _) = self.offsets.as_chunks();
        let offset = offsets.get(usize::from(slot.number));
        let offset = offset.map_or(0, |offset| usize::from(u16::from_le_bytes(*offset)));
        if offset == 0 {
            return Ok(None);
        }
        if offset < LENGTH || offset + size > self.size {
            return Err(fault(self.start, Malformation::Offset));
        }
        Ok(Some(self.start + offset))
    }

    fn scalar<const N: usize>(&self, slot: Slot) -> Decoded<Option<[u8; N]>> {
        let at = self.at(slot, N)?;
        at.map(|at| self.frame.array(at)).transpose()
    }

    fn target(&self, slot: Slot) -> Decoded<Option<usize>> {
        let at = self.at(slot, LENGTH)?;
        at.map(|at| self.frame.target(at)).transpose()
    }

    /// Follows each offset of a vector.
    fn targets(&self, slot: Slot) -> Decoded<Option<Vec<usize>>> {
        let Some(at) = self.target(slot)? else {
            return Ok(None);
        };
        let items = self.frame.vector(at, LENGTH)?;
        let first = at + LENGTH;
        let all = (first..first + items.len()).step_by(LENGTH);
        all.map(|at| self.frame.target(at))
            .collect::<Decoded<_>>()
            .map(Some)
    }
}

/// The octets of a length or an offset, and of the offset before each table.
const LENGTH: usize = 4;

/// The octets before a vtable's offsets: its own length and the table's.
const VTABLE_HEAD: usize = 4;

/// How often a frame's octets may be looked at on average. Writers share vtables and equal strings, which costs honest
/// frames less than this.
const REUSE: usize = 4;

/// What following an offset costs at least, in octets.
const OVERHEAD: usize = 8;

#[cold]
fn fault(offset: usize, fault: Malformation) -> DecodeError {
    malformed(Format::FlatBuffers, offset, fault).into()
}

/// Widens a length of the wire; too large a one fails where it is used.
fn wide(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}
