//! `serializers` of WebSocket and RawSocket, and `ubjson`, which tells what the one of that name is.

use crossbar_wire::Format;
use serde_json::Value;

use crate::Problem;
use crate::place::Place;
use crate::reading::Reading;

/// Reads a list of serializers; those that are offered unasked if it is absent. The router's order of preference is fixed.
///
/// `ubjson` says which format goes by that name: `"bjdata"`, as Autobahn and Crossbar.io write it since 26.6 (the
/// default), or `"draft12"`, as they wrote it before. Clients cannot tell the two apart, so a transport serves one.
pub(crate) fn read(
    reading: &mut Reading,
    serializers: Option<Value>,
    ubjson: Option<&str>,
    at: &Place,
) -> Vec<Format> {
    let variant = ubjson.and_then(|word| {
        let at = at.key("ubjson");
        reading.one_of(word, "variant of UBJSON", &VARIANTS, &at)
    });
    let mut formats = read_list(reading, serializers, &at.key("serializers"));
    if let Some(variant) = variant {
        let named = formats.iter_mut().filter(|f| f.name() == variant.name());
        named.for_each(|format| *format = variant);
    }
    formats
}

fn read_list(reading: &mut Reading, value: Option<Value>, at: &Place) -> Vec<Format> {
    if value.is_none() {
        return Format::OFFERED.to_vec();
    }
    let empty = value
        .as_ref()
        .and_then(Value::as_array)
        .is_some_and(Vec::is_empty);
    let items = reading.items(value, at);
    if empty {
        let problem = Problem::Rule("at least one serializer is needed");
        reading.fault(at, problem, None);
    }
    let wanted: Vec<Format> = items
        .into_iter()
        .filter_map(|(item, place)| read_one(reading, item, &place))
        .collect();
    named().filter(|format| wanted.contains(format)).collect()
}

/// Gives every serializer that has a name, in the router's order of preference.
fn named() -> impl Iterator<Item = Format> {
    Format::OFFERED.into_iter().chain([Format::FlatBuffers])
}

fn read_one(reading: &mut Reading, item: Value, at: &Place) -> Option<Format> {
    let Value::String(word) = item else {
        let problem = Problem::Value("expected a string".to_owned());
        reading.fault_with(at, problem, Some(item), None);
        return None;
    };
    let names: Vec<_> = named().map(|format| (format.name(), format)).collect();
    reading.one_of(&word, "serializer", &names, at)
}

const VARIANTS: [(&str, Format); 2] = [("bjdata", Format::Bjdata), ("draft12", Format::Ubjson)];
