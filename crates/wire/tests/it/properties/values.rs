use crossbar_wire::{Format, Value};
use proptest::prelude::*;

pub(super) fn format() -> impl Strategy<Value = Format> {
    prop::sample::select(Format::ALL.to_vec())
}

/// Gives a value that every serializer can express.
pub(super) fn value() -> BoxedStrategy<Value> {
    let integer = prop_oneof![
        any::<i64>().prop_map(i128::from),
        any::<u64>().prop_map(i128::from),
        (-300..300_i128),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        integer.prop_map(Value::from),
        (prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO)
            .prop_map(Value::from),
        text().prop_map(Value::from),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Value::from),
            dict(inner).prop_map(Value::from),
        ]
    })
    .boxed()
}

pub(super) fn dict(
    value: impl Strategy<Value = Value>,
) -> impl Strategy<Value = Vec<(String, Value)>> {
    prop::collection::vec((any::<String>(), value), 0..20)
}

/// Gives text that does not start with NUL, which JSON cannot express.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z]{0,300}",
        "[\"\\\\\u{1}-\u{1f}é€😀]{0,20}"
    ]
    .prop_map(|text| text.trim_start_matches('\0').to_owned())
}
