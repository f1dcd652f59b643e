//! Whatever a file says, reading ends in a node or in faults.

use crossbar_config::{Surroundings, read_document, read_realm, read_transport};
use serde_json::{Value, json};

use crate::{load_json, sample};

/// Calls `visit` with the document once for every change: every value replaced by each of `REPLACEMENTS` and removed.
fn every_change(document: &Value, visit: &mut dyn FnMut(&Value)) {
    let mut paths = Vec::new();
    collect(document, "", &mut paths);
    for path in paths {
        for replacement in replacements() {
            let mut changed = document.clone();
            *changed.pointer_mut(&path).expect("a collected path") = replacement;
            visit(&changed);
        }
        if let Some((parent, key)) = path.rsplit_once('/') {
            let mut changed = document.clone();
            match changed.pointer_mut(parent).expect("the path of a parent") {
                Value::Object(object) => drop(object.remove(&key.replace("~1", "/"))),
                Value::Array(items) => drop(items.remove(key.parse().expect("an index"))),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                    unreachable!("only lists and objects have children")
                }
            }
            visit(&changed);
        }
    }
}

fn collect(value: &Value, path: &str, paths: &mut Vec<String>) {
    paths.push(path.to_owned());
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                collect(value, &format!("{path}/{}", key.replace('/', "~1")), paths);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                collect(value, &format!("{path}/{index}"), paths);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn replacements() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(18_446_744_073_709_551_615_u64),
        json!(1.5),
        json!(""),
        json!("${X}"),
        json!([[]]),
        json!({}),
        json!({"type": "static", "id": 1}),
    ]
}

#[test]
fn every_changed_configuration_reads_or_has_faults() {
    let document = read_document(&sample("everything.json")).unwrap();
    let (mut read, mut faulty) = (0_u32, 0_u32);
    every_change(
        &document,
        &mut |changed| match load_json(&changed.to_string()) {
            Ok(_) => read += 1,
            Err(faults) => {
                assert!(!faults.as_slice().is_empty());
                faulty += 1;
            }
        },
    );
    assert!(read > 100 && faulty > 1000, "{read} read, {faulty} faulty");
}

#[test]
fn every_changed_item_reads_or_has_faults() {
    let document = read_document(&sample("everything.json")).unwrap();
    let surroundings = Surroundings::default();
    let router = document.pointer("/workers/0").unwrap();
    for transport in router["transports"].as_array().unwrap() {
        every_change(transport, &mut |changed| {
            let _ = read_transport(changed.clone(), &surroundings);
        });
    }
    for realm in router["realms"].as_array().unwrap() {
        every_change(realm, &mut |changed| {
            let _ = read_realm(changed.clone(), &surroundings);
        });
    }
}
