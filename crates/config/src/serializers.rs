//! `serializers` of WebSocket and RawSocket.

use crossbar_wire::Format;
use serde_json::Value;

use crate::Problem;
use crate::place::Place;
use crate::reading::Reading;
use crate::written::Refusal;

/// Reads a list of serializers; all if it is absent. The router's order of preference is fixed.
pub(crate) fn read(reading: &mut Reading, value: Option<Value>, at: &Place) -> Vec<Format> {
    if value.is_none() {
        return Format::ALL.to_vec();
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
    let all = Format::ALL.into_iter();
    all.filter(|format| wanted.contains(format)).collect()
}

fn read_one(reading: &mut Reading, item: Value, at: &Place) -> Option<Format> {
    let Value::String(word) = item else {
        let problem = Problem::Value("expected a string".to_owned());
        reading.fault_with(at, problem, Some(item), None);
        return None;
    };
    if matches!(word.as_str(), "ubjson" | "flatbuffers") {
        let what = format!("the serializer {word:?}");
        reading.refuse(what, Refusal::NotYet, at);
        return None;
    }
    reading.one_of(&word, "serializer", &FORMATS, at)
}

const FORMATS: [(&str, Format); 3] = [
    ("cbor", Format::Cbor),
    ("msgpack", Format::MsgPack),
    ("json", Format::Json),
];
