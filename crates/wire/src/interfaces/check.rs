//! Walking along encoded values and types together: no value is built.

use std::collections::{BTreeMap, BTreeSet};

use super::Inventory;
use super::definitions::{Enumeration, Field, Kind, Many, Member, Object};
use super::misfit::{Misfit, Why};
use crate::codec::dispatch::{self, Reading};
use crate::codec::{Extent, Reader, Token};
use crate::plain::Plain;
use crate::{Kind as Found, Payload};

type Checked = Result<(), Misfit>;

/// Checks arguments against a table or struct.
pub(super) fn check(inventory: &Inventory, object: usize, payload: &Payload) -> Checked {
    let Some(object) = inventory.objects.get(object) else {
        return Ok(());
    };
    let mut tags = Tags::new();
    let mut read = |part, kind| {
        let reading = Arguments {
            walk: Walk::new(inventory),
            object,
            kind,
            tags: &mut tags,
        };
        dispatch::read(payload.format, part, reading)
    };
    if payload.args.is_empty() {
        all_there(object.fields.iter().find(|field| !field.is_keyword))?;
    } else {
        read(&payload.args, Part::Positional)?;
    }
    if !payload.kwargs.is_empty() {
        return read(&payload.kwargs, Part::Keywords);
    }
    let entries = Entries {
        object,
        are_keywords: true,
    };
    all_there(Walk::new(inventory).missing(&entries, &Seen::default(), &tags))
}

/// Which arguments are read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Part {
    Positional,
    Keywords,
}

/// What was said about unions, by the place of the field that says it.
type Tags = BTreeMap<usize, i128>;

struct Arguments<'i> {
    walk: Walk<'i>,
    object: &'i Object,
    kind: Part,
    tags: &'i mut Tags,
}

impl<'f> Reading<'f> for Arguments<'_> {
    type Output = ();
    type Error = Misfit;

    fn read<R: Reader<'f>>(self, mut reader: R) -> Checked {
        let value = Plain::read(&mut reader)?;
        match (self.kind, value) {
            (Part::Positional, Plain::List(extent)) => {
                let fields = self.object.fields.iter().enumerate();
                let fields = fields.filter(|(_, field)| !field.is_keyword);
                self.walk.list(&mut reader, extent, fields, self.tags)
            }
            (Part::Keywords, Plain::Dict(extent)) => {
                let entries = Entries {
                    object: self.object,
                    are_keywords: true,
                };
                self.walk.dict(&mut reader, extent, &entries, self.tags)
            }
            (Part::Positional, value) => Err(found("a list", &value)),
            (Part::Keywords, value) => Err(found("a dictionary", &value)),
        }
    }
}

/// A dictionary that is checked: of keyword arguments, or a table or struct.
struct Entries<'i> {
    object: &'i Object,
    are_keywords: bool,
}

impl Entries<'_> {
    const fn has(&self, field: &Field) -> bool {
        field.is_keyword || !self.are_keywords
    }

    const fn needs(&self, field: &Field) -> bool {
        field.is_required || (self.object.is_struct && !self.are_keywords)
    }
}

#[derive(Clone, Copy)]
struct Walk<'i> {
    inventory: &'i Inventory,
    /// How many unions around were read only after what follows them.
    deferred: u8,
}

/// How many unions may stand in one another whose types come after them: each is walked through once more.
const MOST_DEFERRED: u8 = 4;

/// The fields of a dictionary that were there. Nothing is allocated before there is one that needs it.
#[derive(Default)]
struct Seen {
    /// Those at the first places.
    first: u64,
    others: BTreeSet<usize>,
}

impl Seen {
    /// Takes note of a field. Says whether it is the first time.
    fn insert(&mut self, place: usize) -> bool {
        if place >= 64 {
            return self.others.insert(place);
        }
        let bit = 1 << place;
        let is_new = self.first & bit == 0;
        self.first |= bit;
        is_new
    }

    fn has(&self, place: usize) -> bool {
        if place < 64 {
            self.first & (1 << place) != 0
        } else {
            self.others.contains(&place)
        }
    }
}

impl<'i> Walk<'i> {
    const fn new(inventory: &'i Inventory) -> Self {
        Self {
            inventory,
            deferred: 0,
        }
    }

    /// Checks the items of a list, each against its field.
    fn list<'f, R: Reader<'f>>(
        self,
        reader: &mut R,
        mut extent: Extent,
        fields: impl Iterator<Item = (usize, &'i Field)>,
        tags: &mut Tags,
    ) -> Checked {
        for (place, field) in fields {
            if !reader.item(&mut extent)? {
                return all_there(Some(field));
            }
            let checked = if let Kind::Union(union) = field.kind {
                self.union(reader, union, tag_of(place, tags))
            } else {
                let value = Plain::read(reader)?;
                self.field(reader, &value, (place, field), tags)
            };
            checked.map_err(|misfit| misfit.in_field(&field.name))?;
        }
        if reader.item(&mut extent)? {
            return Err(Misfit::new(Why::TooMany));
        }
        Ok(())
    }

    /// Checks the entries of a dictionary, in whatever order they come. What stands in a union whose type comes after it is
    /// read at the end.
    fn dict<'f, R: Reader<'f>>(
        self,
        reader: &mut R,
        mut extent: Extent,
        entries: &Entries<'i>,
        tags: &mut Tags,
    ) -> Checked {
        let fields = &entries.object.fields;
        let mut seen = Seen::default();
        let mut unions: Vec<(usize, R)> = Vec::new();
        while reader.entry(&mut extent)? {
            let Token::Text(key) = reader.key()? else {
                return Err(Misfit::new(Why::UnknownKey));
            };
            let place = entries.object.by_name.get(&*key).copied();
            let found = place.and_then(|place| Some((place, fields.get(place)?)));
            let Some((place, field)) = found.filter(|(_, field)| entries.has(field)) else {
                return Err(Misfit::new(Why::UnknownKey));
            };
            if seen.has(place) {
                return Err(Misfit::new(Why::Twice).in_field(&field.name));
            }
            if let Kind::Union(union) = field.kind {
                seen.insert(place);
                if let Some(tag) = tag_of(place, tags) {
                    let checked = self.union(reader, union, Some(tag));
                    checked.map_err(|misfit| misfit.in_field(&field.name))?;
                    continue;
                }
                if self.deferred >= MOST_DEFERRED {
                    let expected = "its type to be told before it".to_owned();
                    return Err(Misfit::new(Why::Not(expected)).in_field(&field.name));
                }
                unions.push((place, reader.clone()));
                reader.skip()?;
                continue;
            }
            let value = Plain::read(reader)?;
            if entries.are_keywords && !field.is_required && matches!(value, Plain::Null) {
                continue; // as clients write an argument that is not given
            }
            seen.insert(place);
            let checked = self.field(reader, &value, (place, field), tags);
            checked.map_err(|misfit| misfit.in_field(&field.name))?;
        }
        let within = Self {
            deferred: self.deferred + 1,
            ..self
        };
        for (place, mut reader) in unions {
            if let Some(field) = fields.get(place)
                && let Kind::Union(union) = field.kind
            {
                let checked = within.union(&mut reader, union, tag_of(place, tags));
                checked.map_err(|misfit| misfit.in_field(&field.name))?;
            }
        }
        all_there(self.missing(entries, &seen, tags))
    }

    /// Finds the first field that should be in a dictionary, and was not seen there.
    fn missing(self, entries: &Entries<'i>, seen: &Seen, tags: &Tags) -> Option<&'i Field> {
        let object = entries.object;
        object.awaited.iter().find_map(|&place| {
            let field = object.fields.get(place)?;
            let is_missing = entries.has(field)
                && !seen.has(place)
                && (entries.needs(field) || self.is_promised(place, field, tags));
            is_missing.then_some(field)
        })
    }

    /// Says whether a union's type was told, and is not none.
    fn is_promised(self, place: usize, field: &Field, tags: &Tags) -> bool {
        let Kind::Union(union) = field.kind else {
            return false;
        };
        let member = tag_of(place, tags).and_then(|tag| self.enumeration(union)?.member(tag));
        matches!(member, Some(Member::Value(_)))
    }

    /// Checks what stands in a field that is no union, of which the beginning was read.
    fn field<'f, R: Reader<'f>>(
        self,
        reader: &mut R,
        value: &Plain<'f>,
        (place, field): (usize, &Field),
        tags: &mut Tags,
    ) -> Checked {
        match field.many {
            Many::One if field.is_nullable && matches!(value, Plain::Null) => Ok(()),
            Many::One => {
                if let (Kind::UnionTag(_), Some(tag)) = (field.kind, integer(value)) {
                    tags.insert(place, tag);
                }
                self.value(reader, value, field.kind)
            }
            Many::Vector | Many::Array(_) => self.items(reader, value, field),
        }
    }

    /// Checks the items of a vector or an array.
    fn items<'f, R: Reader<'f>>(self, reader: &mut R, value: &Plain<'f>, field: &Field) -> Checked {
        let length = match field.many {
            Many::Array(length) => Some(length),
            Many::One | Many::Vector => None,
        };
        let mut count = 0;
        if let Plain::Binary(octets) = value
            && field.kind.is_octet()
        {
            count = octets.len();
        } else if let &Plain::List(mut extent) = value {
            while reader.item(&mut extent)? {
                let item = Plain::read(reader)?;
                let checked = self.value(reader, &item, field.kind);
                checked.map_err(|misfit| misfit.in_item(count))?;
                count += 1;
            }
        } else if field.kind.is_octet() {
            return Err(found("binary or a list", value));
        } else {
            return Err(found("a list", value));
        }
        match length {
            Some(length) if length != count => {
                Err(Misfit::new(Why::Not(format!("{length} values"))))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Checks what stands in a union whose type is `tag`.
    fn union<'f, R: Reader<'f>>(self, reader: &mut R, union: usize, tag: Option<i128>) -> Checked {
        let value = Plain::read(reader)?;
        let member = tag.and_then(|tag| self.enumeration(union)?.member(tag));
        match member {
            Some(Member::Value(kind)) => self.value(reader, &value, kind),
            Some(Member::Nothing) if matches!(value, Plain::Null) => Ok(()),
            Some(Member::Nothing) => Err(found("null, as its type says", &value)),
            None => {
                let expected = "its type to be told as well".to_owned();
                Err(Misfit::new(Why::Not(expected)))
            }
        }
    }

    /// Checks one value, of which the beginning was read.
    fn value<'f, R: Reader<'f>>(self, reader: &mut R, value: &Plain<'f>, kind: Kind) -> Checked {
        let (fits, rightly) = match (kind, value) {
            (Kind::Bool, Plain::Bool(_)) | (Kind::Float, Plain::Float(_)) => return Ok(()),
            (Kind::Text(None), Plain::Text(_)) => return Ok(()),
            (Kind::Text(Some(rule)), Plain::Text(text)) => (rule.holds(text), true),
            (Kind::Float, value) => (integer(value).is_some(), false),
            (Kind::Integer(range), value) => {
                let integer = integer(value);
                (
                    integer.is_some_and(|it| range.contains(it)),
                    integer.is_some(),
                )
            }
            (Kind::Enumeration(place) | Kind::UnionTag(place), value) => {
                let (integer, known) = (integer(value), self.enumeration(place));
                let has = integer.zip(known).is_some_and(|(it, known)| known.has(it));
                (has, integer.is_some())
            }
            (Kind::Object(place), &(Plain::Dict(extent) | Plain::List(extent))) => {
                let is_list = matches!(value, Plain::List(_));
                if let Some(object) = self.object(place).filter(|it| it.is_struct || !is_list) {
                    return self.inside(reader, extent, object, is_list);
                }
                (false, false)
            }
            (Kind::Bool | Kind::Text(_) | Kind::Object(_) | Kind::Union(_), _) => (false, false),
        };
        match (fits, rightly) {
            (true, _) => Ok(()),
            (false, true) => Err(Misfit::new(Why::Not(self.expected(kind)))),
            (false, false) => Err(found(&self.expected(kind), value)),
        }
    }

    /// Checks a table or struct.
    fn inside<'f, R: Reader<'f>>(
        self,
        reader: &mut R,
        extent: Extent,
        object: &'i Object,
        is_list: bool,
    ) -> Checked {
        let mut tags = Tags::new();
        if is_list {
            let fields = object.fields.iter().enumerate();
            return self.list(reader, extent, fields, &mut tags);
        }
        let entries = Entries {
            object,
            are_keywords: false,
        };
        self.dict(reader, extent, &entries, &mut tags)
    }

    fn object(self, place: usize) -> Option<&'i Object> {
        self.inventory.objects.get(place)
    }

    fn enumeration(self, place: usize) -> Option<&'i Enumeration> {
        self.inventory.enumerations.get(place)
    }

    /// Says what a value must be.
    #[cold]
    fn expected(self, kind: Kind) -> String {
        match kind {
            Kind::Bool => "a boolean".to_owned(),
            Kind::Integer(range) => format!("an integer from {} to {}", range.least, range.most),
            Kind::Enumeration(_) => "an integer of its enumeration".to_owned(),
            Kind::UnionTag(_) => "the number of a member of its union".to_owned(),
            Kind::Float => "a number".to_owned(),
            Kind::Text(None) => "a string".to_owned(),
            Kind::Text(Some(rule)) => rule.to_string(),
            Kind::Object(place) => {
                let object = self.object(place);
                format!("a {:?}", object.map_or("", |object| &object.name))
            }
            Kind::Union(_) => "a member of its union".to_owned(),
        }
    }
}

/// Complains about the first field that is missing, if there is one.
fn all_there(missing: Option<&Field>) -> Checked {
    match missing {
        Some(field) => Err(Misfit::new(Why::Missing).in_field(&field.name)),
        None => Ok(()),
    }
}

/// Gives what the field before a union says.
fn tag_of(place: usize, tags: &Tags) -> Option<i128> {
    tags.get(&place.checked_sub(1)?).copied()
}

/// Gives an integer. JavaScript writes one beyond 32 bits as a float without a fraction.
fn integer(value: &Plain<'_>) -> Option<i128> {
    match value {
        Plain::Unsigned(value) => Some(i128::from(*value)),
        Plain::Negative(value) => Some(-1 - i128::from(*value)),
        Plain::Big(value) => value.to_i128(),
        Plain::Float(value)
            if value.fract() == 0.0 && (MAX_32..=MAX_EXACT).contains(&value.abs()) =>
        {
            format!("{value:.0}").parse().ok()
        }
        Plain::Null
        | Plain::Bool(_)
        | Plain::Float(_)
        | Plain::Text(_)
        | Plain::Binary(_)
        | Plain::List(_)
        | Plain::Dict(_)
        | Plain::Time(_)
        | Plain::Foreign(_) => None,
    }
}

#[cold]
fn found(expected: &str, value: &Plain<'_>) -> Misfit {
    let found = match value {
        Plain::Null => Found::Null,
        Plain::Bool(_) => Found::Bool,
        Plain::Unsigned(_) | Plain::Negative(_) | Plain::Big(_) => Found::Integer,
        Plain::Float(_) => Found::Float,
        Plain::Text(_) => Found::Text,
        Plain::Binary(_) => Found::Binary,
        Plain::List(_) => Found::List,
        Plain::Dict(_) => Found::Dict,
        Plain::Time(_) => Found::Extension,
        Plain::Foreign(kind) => *kind,
    };
    Misfit::new(Why::Found(expected.to_owned(), found))
}

/// The least float that JavaScript writes for an integer.
const MAX_32: f64 = 2_147_483_648.0;

/// The greatest float below which every integer is one.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
