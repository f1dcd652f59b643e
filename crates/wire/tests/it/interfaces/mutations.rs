//! Values made for a type fit it, one change makes them unfit, and no schema makes anything panic.

use std::sync::Arc;

use bytes::Bytes;
use crossbar_wire::{Format, Inventory, Payload, Shape, Value};
use proptest::prelude::*;
use proptest::sample::Index;

use super::{SHOP, shop};

fn entry(key: &str, value: Value) -> (String, Value) {
    (key.to_owned(), value)
}

fn number(number: u16) -> Value {
    Value::Integer(number.into())
}

/// Makes values of `shop.Item`; `depth` bounds the items within them.
fn item(depth: u32) -> BoxedStrategy<Value> {
    let parts = if depth == 0 {
        Just(Vec::new()).boxed()
    } else {
        prop::collection::vec(item(depth - 1), 0..3).boxed()
    };
    let optional = (
        prop::option::of(any::<u16>()),
        prop::option::of(prop::sample::select(vec![0_u16, 1, 9])),
        prop::option::of(0_u16..8),
        prop::option::of(prop::collection::vec(any::<u8>(), 0..4)),
        prop::option::of(any::<f32>().prop_filter("JSON has no others", |it| it.is_finite())),
    );
    ("[a-z]{1,5}", optional, parts, any::<bool>())
        .prop_map(|(name, optional, parts, is_list)| {
            let (count, size, marks, picture, weight) = optional;
            let mut fields = vec![entry("name", Value::Text(name))];
            fields.extend(count.map(|it| entry("count", number(it))));
            fields.extend(size.map(|it| entry("size", number(it))));
            fields.extend(marks.map(|it| entry("marks", number(it))));
            fields.extend(picture.map(|it| entry("picture", Value::Binary(it))));
            fields.extend(weight.map(|it| entry("weight", Value::Float(it.into()))));
            let [x, y] = [1.0, -2.5].map(Value::Float);
            let at = if is_list {
                Value::List(vec![x, y])
            } else {
                Value::Dict(vec![entry("y", y), entry("x", x)])
            };
            fields.push(entry("at", at));
            fields.push(entry("parts", Value::List(parts)));
            Value::Dict(fields)
        })
        .boxed()
}

/// Changes one thing in a value of `shop.Item`, somewhere.
fn spoil(value: &mut Value, how: u8, place: Index) {
    let Value::Dict(fields) = value else {
        unreachable!("an item is a dictionary");
    };
    if let Some((_, Value::List(parts))) = fields.iter_mut().find(|(key, _)| key == "parts")
        && how.is_multiple_of(2)
        && !parts.is_empty()
    {
        let index = place.index(parts.len());
        spoil(&mut parts[index], how / 2, place);
        return;
    }
    match how % 4 {
        0 => fields.retain(|(key, _)| key != "name"),
        1 => fields.push(entry("other", Value::Null)),
        2 => place.get_mut(fields).1 = Value::Bool(true),
        _ => {
            let again = place.get(fields).clone();
            fields.push(again);
        }
    }
}

fn order(item: &Value, format: Format) -> Payload {
    let args = [Value::Integer(7), item.clone()];
    let kwargs = [entry("clerk", Value::from("bob"))];
    Payload::new(format, &args, &kwargs).unwrap()
}

fn format() -> impl Strategy<Value = Format> {
    prop::sample::select(vec![
        Format::Json,
        Format::MsgPack,
        Format::Cbor,
        Format::Bjdata,
        Format::Ubjson,
    ])
}

proptest! {
    #[test]
    fn z04_values_of_a_type_fit_and_one_change_makes_them_unfit(
        item in item(3),
        format in format(),
        how: u8,
        place: Index,
    ) {
        let shape = Shape::find(&shop(), "shop.Order").unwrap();
        let fits = shape.check(&order(&item, format));
        prop_assert!(fits.is_ok(), "{fits:?}");
        let mut spoiled = item;
        spoil(&mut spoiled, how, place);
        prop_assert!(shape.check(&order(&spoiled, format)).is_err());
    }

    #[test]
    fn z04_no_octets_of_a_schema_cause_a_panic(
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..6),
        length in prop::option::weighted(0.2, any::<Index>()),
        item in item(1),
    ) {
        let mut octets = SHOP.to_vec();
        for (place, octet) in changes {
            *place.get_mut(&mut octets) = octet;
        }
        if let Some(length) = length {
            octets.truncate(length.index(octets.len()));
        }
        let mut inventory = Inventory::default();
        if inventory.add(&Bytes::from(octets)).is_err() {
            prop_assert!(inventory.is_empty());
        }
        let inventory = Arc::new(inventory);
        for name in inventory.names() {
            if let Ok(shape) = Shape::find(&inventory, name) {
                let _ = shape.check(&order(&item, Format::Cbor));
            }
        }
    }

    #[test]
    fn z04_random_octets_are_read_without_a_panic(
        tail in prop::collection::vec(any::<u8>(), 0..200),
        start in 0_u32..64,
    ) {
        let mut octets = start.to_le_bytes().to_vec();
        octets.extend_from_slice(b"BFBS");
        octets.extend(tail);
        let mut inventory = Inventory::default();
        let _ = inventory.add(&Bytes::from(octets));
    }
}
