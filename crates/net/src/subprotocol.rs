//! The names of what is spoken over WebSocket and long-poll (WAMP spec, "Transports").

use crossbar_wire::Format;

/// What a name stands for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Subprotocol {
    /// The name as it is registered; none if nothing is said.
    pub(crate) name: Option<&'static str>,
    /// The serializer; none where messages are only echoed.
    pub(crate) format: Option<Format>,
    /// Whether messages come in batches.
    pub(crate) batched: bool,
}

/// Gives what a client's name stands for, if it is one of these serializers.
pub(crate) fn named(name: &str, formats: &[Format]) -> Option<Subprotocol> {
    formats.iter().find_map(|&format| {
        let own = names(format)
            .iter()
            .find(|own| own.eq_ignore_ascii_case(name))?;
        Some(Subprotocol {
            name: Some(own),
            format: Some(format),
            batched: own.ends_with(".batched"),
        })
    })
}

/// Lists the names for these serializers.
pub(crate) fn list(formats: &[Format]) -> String {
    let names = formats.iter().flat_map(|&format| names(format));
    names.copied().collect::<Vec<_>>().join(", ")
}

/// Gives the names for a serializer: with batches of messages, and with one at a time. Autobahn has no batches of
/// FlatBuffers.
const fn names(format: Format) -> &'static [&'static str] {
    match format {
        Format::Json => &["wamp.2.json.batched", "wamp.2.json"],
        Format::MsgPack => &["wamp.2.msgpack.batched", "wamp.2.msgpack"],
        Format::Cbor => &["wamp.2.cbor.batched", "wamp.2.cbor"],
        Format::Bjdata | Format::Ubjson => &["wamp.2.ubjson.batched", "wamp.2.ubjson"],
        Format::FlatBuffers => &["wamp.2.flatbuffers"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_the_serializer_and_whether_there_are_batches() {
        for format in Format::OFFERED {
            for &name in names(format) {
                let found = named(&name.to_ascii_uppercase(), &Format::OFFERED).unwrap();
                assert_eq!((found.name, found.format), (Some(name), Some(format)));
                assert_eq!(found.batched, name.ends_with(".batched"));
                assert!(list(&Format::OFFERED).contains(name));
            }
        }
        assert_eq!(named("wamp.2.cbor.batched", &[Format::Json]), None);
        assert_eq!(named("wamp.2", &Format::OFFERED), None);
        let older = named("wamp.2.ubjson", &[Format::Ubjson]).unwrap();
        assert_eq!(older.format, Some(Format::Ubjson));
    }
}
