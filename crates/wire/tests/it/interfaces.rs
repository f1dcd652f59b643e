//! Payloads against the types of a schema.

use std::sync::Arc;

use bytes::Bytes;
use crossbar_wire::{Format, Inventory, Payload, Shape, ShapeError, Value};

mod mutations;

const SHOP: &[u8] = include_bytes!("../../../../tests/schemas/shop.bfbs");

pub(crate) fn shop() -> Arc<Inventory> {
    let mut inventory = Inventory::default();
    inventory.add(&Bytes::from_static(SHOP)).unwrap();
    Arc::new(inventory)
}

fn payload(args: &str, kwargs: &str) -> Payload {
    Payload {
        format: Format::Json,
        args: Bytes::copy_from_slice(args.as_bytes()),
        kwargs: Bytes::copy_from_slice(kwargs.as_bytes()),
    }
}

/// Checks a payload, in all serializers, and gives what is wrong.
fn judge(shape: &str, args: &str, kwargs: &str) -> String {
    let shape = Shape::find(&shop(), shape).unwrap();
    let payload = payload(args, kwargs);
    let told = |payload: &Payload| match shape.check(payload) {
        Ok(()) => "fits".to_owned(),
        Err(misfit) => misfit.to_string(),
    };
    let in_json = told(&payload);
    for format in [
        Format::MsgPack,
        Format::Cbor,
        Format::Bjdata,
        Format::Ubjson,
    ] {
        let Ok(payload) = payload.transcode(format) else {
            continue;
        };
        assert_eq!(told(&payload), in_json, "{format}");
    }
    in_json
}

/// Checks payloads, each in a line: the positional arguments, the keyword arguments, and what is wrong.
#[track_caller]
fn check(shape: &str, cases: &str) {
    let cases = cases.lines().map(str::trim).filter(|line| !line.is_empty());
    for case in cases {
        let (payload, told) = case.split_once(" -> ").unwrap();
        let (args, kwargs) = payload.split_once(';').unwrap();
        assert_eq!(judge(shape, args.trim(), kwargs.trim()), told, "{case}");
    }
}

#[test]
fn z04_arguments_are_positional_or_go_by_their_names() {
    check(
        "shop.Order",
        r#"
        [7, {"name": "x"}] ; {"clerk": "bob"} -> fits
        [7, {"name": "x"}] ; {"urgent": true, "clerk": "bob", "note": "soon"} -> fits
        [7, {"name": "x"}] ; {"clerk": "bob", "note": null} -> fits
        [7, {"name": "x"}] ; -> clerk: missing
        [7, {"name": "x"}] ; {"note": "soon"} -> clerk: missing
        [7, {"name": "x"}] ; {"clerk": null} -> clerk: expected a component of a URI, found null
        [7, {"name": "x"}] ; {"clerk": "a.b"} -> clerk: expected a component of a URI
        [7, {"name": "x"}] ; {"clerk": "bob", "note": 1} -> note: expected a string, found integer
        [7, {"name": "x"}] ; {"clerk": "bob", "no": 1} -> a key that the type does not have
        [7, {"name": "x"}] ; {"clerk": "bob", "customer": 7} -> a key that the type does not have
        [7, {"name": "x"}] ; {"clerk": "bob", "clerk": "bob"} -> clerk: there twice
        [7, {"name": "x"}, "soon"] ; {"clerk": "bob"} -> more values than the type has
        [7] ; {"clerk": "bob"} -> item: missing
         ; {"clerk": "bob"} -> customer: missing
        [0, {"name": "x"}] ; {"clerk": "bob"} -> customer: expected an integer from 1 to 9007199254740992
        "#,
    );
    check(
        "shop.Nothing",
        r#"
         ; -> fits
        [] ; {} -> fits
        [null] ; -> more values than the type has
         ; {"a": null} -> a key that the type does not have
        "#,
    );
}

#[test]
fn z04_tables_have_some_of_their_fields_and_structs_all() {
    check(
        "shop.More",
        r#"
        [{"name": "x"}] ; -> fits
        [{}] ; -> item.name: missing
        [["x"]] ; -> item: expected a "shop.Item", found list
        [null] ; -> item: expected a "shop.Item", found null
        [{"name": "x", "color": "red"}] ; -> item: a key that the type does not have
        [{"name": "x", "count": 65535, "size": 9, "marks": 5, "tags": ["a", "b"], "picture": "\u0000AAEC", "weight": 1.5, "at": {"y": 1, "x": 2.5}}] ; -> fits
        [{"name": "x", "picture": [0, 255], "weight": null, "at": [1, 2]}] ; -> fits
        [{"name": "x", "picture": [0, 256]}] ; -> item.picture[1]: expected an integer from 0 to 255
        [{"name": "x", "picture": "AAEC"}] ; -> item.picture: expected binary or a list, found string
        [{"name": "x", "tags": ["a", 2]}] ; -> item.tags[1]: expected a string, found integer
        [{"name": "x", "tags": "a"}] ; -> item.tags: expected a list, found string
        [{"name": "x", "tags": null}] ; -> item.tags: expected a list, found null
        [{"name": "x", "count": 65536}] ; -> item.count: expected an integer from 0 to 65535
        [{"name": "x", "count": true}] ; -> item.count: expected an integer from 0 to 65535, found boolean
        [{"name": "x", "size": 3}] ; -> item.size: expected an integer of its enumeration
        [{"name": "x", "marks": 8}] ; -> item.marks: expected an integer of its enumeration
        [{"name": "x", "at": {"x": 1}}] ; -> item.at.y: missing
        [{"name": "x", "at": [1]}] ; -> item.at.y: missing
        [{"name": "x", "at": [1, 2, 3]}] ; -> item.at: more values than the type has
        [{"name": "x", "at": [1, "2"]}] ; -> item.at.y: expected a number, found string
        [{"name": "x", "parts": [{"name": "y"}, {"name": "z", "parts": [{}]}]}] ; -> item.parts[1].parts[0].name: missing
        "#,
    );
}

#[test]
fn z04_scalars_have_their_ranges() {
    let good = [
        "true",
        "-128",
        "255",
        "-32768",
        "65535",
        "-2147483648",
        "4294967295",
        "-9223372036854775808",
        "18446744073709551615",
        "1.5",
        "2",
        "18446744073709551615",
        r#"{"words": [1, 2, 3, 4]}"#,
        "[-1]",
        r#"[[3], {"id": 4}]"#,
    ];
    let with = |place: usize, value: &'static str| {
        let mut args = good;
        args[place] = value;
        judge("shop.Scalars", &format!("[{}]", args.join(",")), "")
    };
    assert_eq!(with(0, "false"), "fits");
    for case in SPOILED_SCALARS.lines().map(str::trim) {
        let (change, told) = case.split_once(" -> ").unwrap();
        let (place, value) = change.split_once(' ').unwrap();
        assert_eq!(with(place.parse().unwrap(), value), told, "{case}");
    }
    // As JavaScript's MessagePack and CBOR have it.
    assert_eq!(with(8, "4294967296.0"), "fits");
    assert_eq!(with(13, r#""\u0000gP8=""#), "fits");
}

#[test]
fn z04_a_union_is_told_by_the_field_before_it() {
    check(
        "shop.Paid",
        r#"
        [1, 1, {"number": "4", "valid": true}] ; -> fits
        [1, 2, {"amount": 5}] ; -> fits
        [1, 0, null] ; -> fits
        [1, 1, {"amount": 5}] ; -> payment: a key that the type does not have
        [1, 3, {"amount": 5}] ; -> payment_type: expected the number of a member of its union
        [1, 0, {"amount": 5}] ; -> payment: expected null, as its type says, found dictionary
        [1, 2] ; -> payment: missing
        "#,
    );
    check(
        "shop.Sale",
        r#"
        [2, {"amount": 5}] ; {"clerk": "eve"} -> fits
        [2, {"amount": 5}] ; -> fits
        [2] ; {"clerk": "eve"} -> payment: missing
        "#,
    );
    check(
        "shop.Receipt",
        r#"
        [2] ; {"paid": {"amount": 5}} -> fits
        [2] ; {"paid": {"amount": -5}} -> paid.amount: expected an integer from 0 to 4294967295
        [0] ; -> fits
        [2] ; -> paid: missing
        [2] ; {"paper": [1, 2]} -> paid: missing
        "#,
    );
}

#[test]
fn z04_there_is_no_shape_of_an_unknown_type_or_a_list_of_unions() {
    let inventory = shop();
    let unknown = Shape::find(&inventory, "Order");
    assert_eq!(unknown, Err(ShapeError::Unknown("Order".into())));
    let books = Shape::find(&inventory, "shop.Books").unwrap_err();
    assert_eq!(
        books.to_string(),
        r#"the type "shop.Books" cannot be checked: "all" in "shop.Ledger" is a list of unions"#
    );
    assert!(Shape::find(&inventory, "shop.Size").is_err());
    assert_eq!(inventory.names().next(), Some("shop.Books"));
    let shape = Shape::find(&inventory, "shop.Paid").unwrap();
    assert_eq!(shape.name(), "shop.Paid");
    assert_eq!(shape, shape.clone());
}

#[test]
fn z04_what_stands_in_a_union_may_come_before_its_type() {
    check(
        "shop.Invoice",
        r#"
        [{"payment": {"amount": 5}, "payment_type": 2}] ; -> fits
        [{"payment": {"amount": "5"}, "payment_type": 2}] ; -> paid.payment.amount: expected an integer from 0 to 4294967295, found string
        [{"payment": {"amount": 5}}] ; -> paid.payment: expected its type to be told as well
        [{"payment_type": 2}] ; -> paid.payment: missing
        [{"payment_type": 0}] ; -> fits
        [{}] ; -> fits
        "#,
    );
}

#[test]
fn z04_values_may_lie_as_deep_as_any_serializer_has_them() {
    let mut item = r#"{"name": "x"}"#.to_owned();
    for _ in 0..60 {
        item = format!(r#"{{"parts": [{item}], "name": "x"}}"#);
    }
    assert_eq!(judge("shop.More", &format!("[{item}]"), ""), "fits");
    let unfit = item.replace(r#"[{"name": "x"}]"#, r#"[{"name": 1}]"#);
    let told = judge("shop.More", &format!("[{unfit}]"), "");
    let start = format!("item{}.parts…: expected", ".parts[0]".repeat(7));
    assert!(told.starts_with(&start), "{told}");
}

#[test]
fn z04_an_opaque_payload_fits_nothing() {
    let opaque = Payload {
        format: Format::MsgPack,
        args: Value::Binary(vec![1])
            .encode(Format::MsgPack)
            .unwrap()
            .into(),
        kwargs: Bytes::new(),
    };
    let shape = Shape::find(&shop(), "shop.Nothing").unwrap();
    let misfit = shape.check(&opaque).unwrap_err();
    assert_eq!(misfit.to_string(), "expected a list, found binary");
}

#[test]
fn z04_a_schema_is_read_whole_or_not_at_all() {
    for (octets, told) in [
        (
            b"".as_slice(),
            "it is no binary FlatBuffers schema, which `flatc --binary --schema` writes",
        ),
        (
            &SHOP[..1000],
            "the binary schema is broken: malformed FlatBuffers: an offset beyond the end at octet 108",
        ),
    ] {
        let mut inventory = Inventory::default();
        let fault = inventory.add(&Bytes::copy_from_slice(octets)).unwrap_err();
        assert_eq!(fault.to_string(), told);
        assert!(inventory.is_empty());
    }
}

/// A place among the arguments, what is put there, and what is wrong then.
const SPOILED_SCALARS: &str = r#"0 1 -> a: expected a boolean, found integer
    1 -129 -> b: expected an integer from -128 to 127
    2 -1 -> c: expected an integer from 0 to 255
    3 32768 -> d: expected an integer from -32768 to 32767
    4 null -> e: expected an integer from 0 to 65535, found null
    5 1.5 -> f: expected an integer from -2147483648 to 2147483647, found float
    6 7.0 -> g: expected an integer from 0 to 4294967295, found float
    7 9223372036854775808 -> h: expected an integer from -9223372036854775808 to 9223372036854775807
    8 -1 -> i: expected an integer from 0 to 18446744073709551615
    9 null -> j: expected a number, found null
    10 true -> k: expected a number, found boolean
    11 1 -> l: expected an integer of its enumeration
    12 {"words": [1, 2, 3]} -> m.words: expected 4 values
    12 {"words": [1, 2, 3, "4"]} -> m.words[3]: expected an integer from 0 to 4294967295, found string
    14 [[]] -> o[0].id: missing"#;
