//! From a schema's own form to the types that values are checked against.

use std::collections::BTreeMap;

use super::SchemaError;
use super::definitions::{Enumeration, Field, Kind, Many, Member, Object, Range};
use super::rules::Rule;
use crate::codec::flatbuffers::reflection::{self, Schema, base};
use crate::{MAX_ID, Text};

/// Compiles a schema whose objects and enumerations get the places from these on.
pub(super) fn compile(
    schema: &Schema,
    first_object: usize,
    first_enumeration: usize,
) -> Result<(Vec<Object>, Vec<Enumeration>), SchemaError> {
    let compiling = Compiling {
        schema,
        first_object,
        first_enumeration,
    };
    let objects = schema.objects.iter().map(|object| compiling.object(object));
    let objects = objects.collect::<Result<_, _>>()?;
    let enums = schema.enums.iter();
    let enumerations = enums.map(|it| compiling.enumeration(it)).collect();
    Ok((objects, enumerations))
}

struct Compiling<'s> {
    schema: &'s Schema,
    first_object: usize,
    first_enumeration: usize,
}

impl Compiling<'_> {
    fn object(&self, object: &reflection::Object) -> Result<Object, SchemaError> {
        let mut in_order: Vec<&reflection::Field> = object.fields.iter().collect();
        in_order.sort_by_key(|field| field.id);
        if in_order.windows(2).any(|pair| pair[0].id == pair[1].id) {
            let object = object.name.as_str().into();
            return Err(SchemaError::SamePlace { object });
        }
        let mut fields: Vec<Field> = Vec::with_capacity(in_order.len());
        for field in in_order {
            let compiled = self.field(field).filter(|it| is_told(it, fields.last()));
            let compiled = compiled.ok_or_else(|| SchemaError::UnknownType {
                object: object.name.as_str().into(),
                field: field.name.as_str().into(),
            })?;
            fields.push(compiled);
        }
        let by_name: BTreeMap<_, _> = (0..)
            .zip(&fields)
            .map(|(place, field)| (field.name.clone(), place))
            .collect();
        let is_awaited = |field: &Field| {
            object.is_struct || field.is_required || matches!(field.kind, Kind::Union(_))
        };
        let awaited = (0..)
            .zip(&fields)
            .filter(|(_, field)| is_awaited(field))
            .map(|(place, _)| place)
            .collect();
        Ok(Object {
            name: object.name.as_str().into(),
            is_struct: object.is_struct,
            fields,
            by_name,
            awaited,
        })
    }

    fn field(&self, field: &reflection::Field) -> Option<Field> {
        let kind = field.kind;
        let (base, many) = match kind.base {
            base::VECTOR | base::VECTOR64 => (kind.element, Many::Vector),
            base::ARRAY => (kind.element, Many::Array(kind.length.into())),
            base => (base, Many::One),
        };
        let attributes = || field.attributes.iter().map(Text::as_str);
        let kind = self.kind(base, kind.index)?;
        let is_scalar = many == Many::One && is_scalar(base);
        Some(Field {
            name: field.name.as_str().into(),
            kind: ruled(kind, attributes()),
            many,
            is_keyword: attributes().any(|it| it == "kwarg"),
            is_required: field.required,
            is_nullable: field.optional && is_scalar,
        })
    }

    fn kind(&self, number: u8, index: i32) -> Option<Kind> {
        let index = usize::try_from(index).ok();
        let enumeration = || {
            let index = index.filter(|&index| index < self.schema.enums.len())?;
            Some(self.first_enumeration + index)
        };
        match number {
            base::UNION_TAG => enumeration().map(Kind::UnionTag),
            base::UNION => enumeration().map(Kind::Union),
            base::OBJECT => {
                let index = index.filter(|&index| index < self.schema.objects.len())?;
                Some(Kind::Object(self.first_object + index))
            }
            base::BOOL => Some(Kind::Bool),
            base::FLOAT | base::DOUBLE => Some(Kind::Float),
            base::STRING => Some(Kind::Text(None)),
            number => match (range(number)?, index) {
                (range, None) => Some(Kind::Integer(range)),
                (_, Some(_)) => enumeration().map(Kind::Enumeration),
            },
        }
    }

    fn enumeration(&self, it: &reflection::Enum) -> Enumeration {
        let values = it.values.iter().map(|value| {
            let member = value.member.filter(|_| it.is_union);
            let member = member.and_then(|member| self.kind(member.base, member.index));
            let number = if it.underlying == base::ULONG {
                i128::from(value.value.cast_unsigned())
            } else {
                i128::from(value.value)
            };
            (number, member.map_or(Member::Nothing, Member::Value))
        });
        let mut values: Vec<(i128, Member)> = values.collect();
        values.sort_by_key(|&(number, _)| number);
        let flags = it.is_flags.then(|| {
            let numbers = values.iter().map(|&(number, _)| number);
            numbers.fold(0, |all, number| all | number)
        });
        Enumeration { values, flags }
    }
}

/// Says whether a field that follows another can be read: what stands in a union is told by the field before it.
fn is_told(field: &Field, before: Option<&Field>) -> bool {
    match field.kind {
        Kind::Union(union) => before.is_some_and(|before| {
            before.kind == Kind::UnionTag(union) && before.many == field.many
        }),
        Kind::Bool
        | Kind::Integer(_)
        | Kind::Enumeration(_)
        | Kind::UnionTag(_)
        | Kind::Float
        | Kind::Text(_)
        | Kind::Object(_) => true,
    }
}

/// Adds what attributes say.
fn ruled<'a>(kind: Kind, mut attributes: impl Iterator<Item = &'a str>) -> Kind {
    match kind {
        Kind::Text(None) => Kind::Text(attributes.find_map(Rule::named)),
        Kind::Integer(_) if attributes.any(|attribute| attribute == "wampid") => {
            Kind::Integer(Range {
                least: 1,
                most: MAX_ID,
            })
        }
        Kind::Bool
        | Kind::Integer(_)
        | Kind::Enumeration(_)
        | Kind::UnionTag(_)
        | Kind::Float
        | Kind::Text(_)
        | Kind::Object(_)
        | Kind::Union(_) => kind,
    }
}

const fn is_scalar(number: u8) -> bool {
    matches!(number, base::BOOL..=base::DOUBLE)
}

/// Gives the integers of a base type, if it is one of integers.
fn range(number: u8) -> Option<Range> {
    let signed = |least: i64, most: i64| Range {
        least,
        most: most.unsigned_abs(),
    };
    let unsigned = |most: u64| Range { least: 0, most };
    Some(match number {
        base::BYTE => signed(i8::MIN.into(), i8::MAX.into()),
        base::UBYTE => unsigned(u8::MAX.into()),
        base::SHORT => signed(i16::MIN.into(), i16::MAX.into()),
        base::USHORT => unsigned(u16::MAX.into()),
        base::INT => signed(i32::MIN.into(), i32::MAX.into()),
        base::UINT => unsigned(u32::MAX.into()),
        base::LONG => signed(i64::MIN, i64::MAX),
        base::ULONG => unsigned(u64::MAX),
        _ => return None,
    })
}
