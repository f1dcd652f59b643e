//! The WAMP project's own test vectors (`wamp-vectors`, which lie beside the project and not in it: another licence).

use std::path::{Path, PathBuf};

use bytes::Bytes;
use crossbar_wire::{DecodeError, Format, Message};
use serde_json::Value;

use super::unhex;

#[test]
fn f01_f02_f03_every_serialization_sample_decodes_and_encodes() {
    let mut encodings = 0;
    for (file, sample) in samples() {
        let Some(serializers) = sample.get("serializers") else {
            continue;
        };
        let mut decoded: Vec<Message> = Vec::new();
        for format in Format::ALL {
            let variants = variants(serializers, format);
            for octets in &variants {
                let message = Message::decode(format, octets)
                    .unwrap_or_else(|e| panic!("{file}: {format} {octets:?}: {e}"));
                encodings += 1;
                decoded.push(message);
            }
            let message = decoded.last().unwrap();
            let mut out = Vec::new();
            message.encode(format, &mut out).unwrap();
            assert!(
                variants.iter().any(|variant| *variant == out),
                "{file}: {format}: {:?} is none of {variants:?}",
                Bytes::from(out)
            );
        }
        for other in &decoded {
            assert_eq!(in_json(other), in_json(&decoded[0]), "{file}");
        }
        check_attributes(&file, &sample["expected_attributes"], &decoded[0]);
    }
    assert_eq!(encodings, 59 + 35 + 35 + 35 + 35);
}

#[test]
fn f06_every_sample_goes_from_each_serializer_to_each_other() {
    for (file, sample) in samples() {
        let Some(serializers) = sample.get("serializers") else {
            continue;
        };
        for from in Format::ALL {
            for to in Format::ALL {
                let message = Message::decode(from, &variants(serializers, from)[0]).unwrap();
                let mut out = Vec::new();
                message.encode(to, &mut out).unwrap();
                assert!(
                    variants(serializers, to).iter().any(|v| *v == out),
                    "{file}: {from} to {to}: {:?}",
                    Bytes::from(out)
                );
            }
        }
    }
}

#[test]
fn validation_samples_are_accepted_or_refused() {
    let (mut accepted, mut refused) = (0, 0);
    for (file, sample) in samples() {
        let Some(message) = sample.get("wmsg") else {
            continue;
        };
        let value = crossbar_wire::Value::from(message.clone());
        for format in Format::ALL {
            let frame = Bytes::from(value.encode(format).unwrap());
            let decoded = Message::decode(format, &frame);
            match sample.get("expected_error") {
                None => {
                    decoded.unwrap_or_else(|e| panic!("{file}: {message}: {e}"));
                    accepted += 1;
                }
                Some(expected) => {
                    let word = expected["contains"].as_str().unwrap();
                    let fault: DecodeError = decoded.expect_err(&message.to_string());
                    assert!(fault.to_string().contains(word), "{file}: {fault}");
                    refused += 1;
                }
            }
        }
    }
    assert_eq!((accepted, refused), (39 * 5, 28 * 5));
}

/// Gives a message in one serializer, so that those read from several compare.
pub(crate) fn in_json(message: &Message) -> Value {
    let mut out = Vec::new();
    message.encode(Format::Json, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn check_attributes(file: &str, expected: &Value, message: &Message) {
    let elements = in_json(message);
    let elements = elements.as_array().unwrap();
    for (name, value) in expected.as_object().unwrap() {
        let found = match name.as_str() {
            "args" | "kwargs" | "payload" if value.is_null() => continue,
            "payload" => {
                let payload = message.payload().unwrap().args().unwrap();
                let crossbar_wire::Value::Binary(octets) = &payload[0] else {
                    panic!("{file}: {payload:?}");
                };
                let hex: String = octets.iter().map(|o| format!("{o:02x}")).collect();
                assert_eq!(Value::from(hex), *value, "{file}");
                continue;
            }
            "roles" => elements.iter().find_map(|e| e.get("roles")),
            _ => elements.iter().find(|element| *element == value),
        };
        assert_eq!(found, Some(value), "{file}: {name} in {elements:?}");
    }
}

/// Gives the encodings in one serializer. The vectors have UBJSON and BJData under one name, told apart by notes.
pub(crate) fn variants(serializers: &Value, format: Format) -> Vec<Bytes> {
    let list = serializers[format.name()].as_array().unwrap();
    let bjdata = |variant: &Value| variant["note"].as_str().unwrap().starts_with("BJData");
    list.iter()
        .filter(|variant| match format {
            Format::Bjdata => bjdata(variant),
            Format::Ubjson => !bjdata(variant),
            Format::Json | Format::MsgPack | Format::Cbor | Format::FlatBuffers => true,
        })
        .map(|variant| match variant.get("bytes_hex") {
            Some(hex) => unhex(hex.as_str().unwrap()),
            None => Bytes::from(variant["bytes"].as_str().unwrap().to_owned()),
        })
        .collect()
}

pub(crate) fn samples() -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for folder in ["basic", "advanced"] {
        let folder = vectors().join("singlemessage").join(folder);
        let entries = std::fs::read_dir(&folder)
            .unwrap_or_else(|e| panic!("no test vectors at {}: {e}", folder.display()));
        for entry in entries {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let file: Value = serde_json::from_str(&text).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            for sample in file["samples"].as_array().unwrap() {
                all.push((name.clone(), sample.clone()));
            }
        }
    }
    assert!(!all.is_empty());
    all
}

/// Finds the folder: `$CROSSBAR_WAMP_VECTORS`, or `shared/wamp-vectors` beside the project or a folder above it.
fn vectors() -> PathBuf {
    if let Some(folder) = std::env::var_os("CROSSBAR_WAMP_VECTORS") {
        return folder.into();
    }
    let project = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap();
    let beside = project
        .ancestors()
        .skip(1)
        .map(|folder| folder.join("shared/wamp-vectors"));
    beside.into_iter().find(|folder| folder.is_dir()).unwrap_or_else(|| {
        panic!(
            "the WAMP test vectors are missing: put the folder `shared` beside {} or set CROSSBAR_WAMP_VECTORS",
            project.display()
        )
    })
}
