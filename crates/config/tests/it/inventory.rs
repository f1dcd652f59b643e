//! `inventory` of a realm and `validate` of its permissions.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;

use crossbar_config::{Faults, Realm, Surroundings, read_realm, read_role};
use crossbar_core::Authorization;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use rawzip::{CompressionMethod, ZipArchiveWriter};
use serde_json::{Value, json};
use tempfile::TempDir;

const SHOP: &[u8] = include_bytes!("../../../../tests/schemas/shop.bfbs");

const INDEX: &str = "name: shop\nversion: 1.0.0\nschemas:\n  - schema/shop.bfbs\n";

/// Writes an archive of files.
fn archive(files: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut octets);
    for (name, content) in files {
        let file = archive.new_file(name).compression_method(method);
        let (mut entry, config) = file.start().unwrap();
        let descriptor = if method == CompressionMethod::DEFLATE {
            let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
            writer.write_all(content).unwrap();
            let (encoder, descriptor) = writer.finish().unwrap();
            encoder.finish().unwrap();
            descriptor
        } else {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(content).unwrap();
            writer.finish().unwrap().1
        };
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    octets
}

/// Makes a node directory with these files.
fn node(files: &[(&str, &[u8])]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    directory
}

/// Reads a realm with these catalogs and `validate`.
fn read(node: &TempDir, catalogs: &Value, validate: &Value) -> Result<Realm, Faults> {
    let realm = json!({
        "name": "realm1",
        "inventory": {"type": "wamp.eth", "catalogs": catalogs},
        "roles": [{"name": "user", "permissions": [{"uri": "com.x", "validate": validate}]}],
    });
    let surroundings = Surroundings {
        cbdir: node.path().to_owned(),
        ..Surroundings::default()
    };
    read_realm(realm, &surroundings)
}

#[track_caller]
fn check(node: &TempDir, catalogs: &Value, validate: &Value, expected: &[&str]) {
    let faults = read(node, catalogs, validate).unwrap_err().to_string();
    let directory = format!("{}/", node.path().display());
    let faults = faults.replace(&directory, "");
    let lines: Vec<&str> = faults.lines().collect();
    assert_eq!(lines, expected);
}

fn named(realm: &Realm) -> Vec<String> {
    let Authorization::Static(permissions) = &realm.roles[0].config.authorization else {
        panic!("the role has permissions");
    };
    let validation = permissions[0].validation.as_ref().unwrap();
    let shapes = [
        &validation.call,
        &validation.call_progress,
        &validation.call_result,
        &validation.call_result_progress,
        &validation.call_error,
        &validation.event,
    ];
    let names = shapes.into_iter().flatten();
    names.map(|shape| shape.name().to_owned()).collect()
}

#[test]
fn x03_z04_catalogs_are_files_folders_and_archives() {
    let validate = json!({"call": "shop.Order", "call_progress": "shop.More", "call_result": "shop.Placed",
        "call_result_progress": "shop.Progress", "call_error": "shop.Failure", "event": "shop.Paid",
        "event_confirmation": "shop.Nothing", "extra": {"a": "b"}});
    let all = [
        "shop.Order",
        "shop.More",
        "shop.Placed",
        "shop.Progress",
        "shop.Failure",
        "shop.Paid",
    ];
    let files = [
        ("catalog.yaml", INDEX.as_bytes()),
        ("schema/shop.bfbs", SHOP),
    ];
    for (path, content, catalog) in [
        (
            "shop.bfbs",
            SHOP.to_vec(),
            json!({"name": "shop", "bfbs": "shop.bfbs"}),
        ),
        ("types/shop.bfbs", SHOP.to_vec(), json!({"bfbs": "types"})),
        (
            "shop.zip",
            archive(&files, CompressionMethod::DEFLATE),
            json!({"archive": "shop.zip"}),
        ),
        (
            "shop.zip",
            archive(&files, CompressionMethod::STORE),
            json!({"name": "other", "archive": "./shop.zip"}),
        ),
    ] {
        let node = node(&[(path, &content)]);
        let realm = read(&node, &json!([catalog]), &validate).unwrap();
        assert_eq!(named(&realm), all, "{catalog}");
        assert!(realm.options.inventory.is_some());
    }
}

#[test]
fn z04_faults_of_catalogs_have_their_places() {
    let broken = archive(
        &[("catalog.yaml", b"name: shop\nschemas: [a.bfbs]\n")],
        CompressionMethod::DEFLATE,
    );
    let no_index = archive(&[("shop.bfbs", SHOP)], CompressionMethod::DEFLATE);
    let bad_index = archive(&[("catalog.yaml", b"name: 1\n")], CompressionMethod::STORE);
    let node = node(&[
        ("text.bfbs", b"table Order {}"),
        ("cut.bfbs", &SHOP[..1000]),
        ("text.zip", b"no archive"),
        ("broken.zip", &broken),
        ("no_index.zip", &no_index),
        ("bad_index.zip", &bad_index),
        ("empty/readme", b""),
    ]);
    check(
        &node,
        &json!([
            {"name": "a"},
            {"bfbs": "a.bfbs", "archive": "a.zip"},
            {"address": "0xecdb40C2B34f3bA162C413CC53BA3ca99ff8A047"},
            {"bfbs": "none.bfbs"},
            {"bfbs": "text.bfbs"},
            {"bfbs": "cut.bfbs"},
            {"bfbs": "empty"},
            {"archive": "text.zip"},
            {"archive": "broken.zip"},
            {"archive": "no_index.zip"},
            {"archive": "bad_index.zip"},
            {"file": "shop.bfbs"},
        ]),
        &json!({"call": "shop.Order"}),
        &[
            r#"inventory.catalogs[0]: a catalog has either "bfbs" or "archive""#,
            r#"inventory.catalogs[1]: a catalog has either "bfbs" or "archive""#,
            r#"inventory.catalogs[2].address: the key "address" is not supported: it is looked up in the Ethereum blockchain"#,
            "inventory.catalogs[3].bfbs: cannot read none.bfbs: No such file or directory (os error 2)",
            "inventory.catalogs[4].bfbs: text.bfbs: it is no binary FlatBuffers schema, which `flatc --binary --schema` writes",
            "inventory.catalogs[5].bfbs: cut.bfbs: the binary schema is broken: malformed FlatBuffers: an offset beyond the end at octet 108",
            "inventory.catalogs[6].bfbs: empty: there is no file *.bfbs in it",
            "inventory.catalogs[7].archive: text.zip: it is no ZIP archive: Missing end of central directory",
            "inventory.catalogs[8].archive: broken.zip: there is no a.bfbs in it",
            "inventory.catalogs[9].archive: no_index.zip: there is no catalog.yaml in it",
            "inventory.catalogs[10].archive: bad_index.zip: catalog.yaml: missing field `schemas`",
            "inventory.catalogs[11].file: unknown key (known: name, bfbs, archive)",
            r#"inventory.catalogs[11]: a catalog has either "bfbs" or "archive""#,
        ],
    );
}

#[test]
fn z04_types_must_be_in_a_catalog() {
    let node = node(&[("shop.bfbs", SHOP)]);
    let catalogs =
        &json!([{"name": "shop", "bfbs": "shop.bfbs"}, {"name": "shop", "bfbs": "shop.bfbs"}]);
    check(
        &node,
        catalogs,
        &json!({"call": "shop.Oder", "call_result": "Order", "call_error": 1, "event": "shop.Books", "evnt": "x"}),
        &[
            r#"inventory.catalogs[1].name: the catalog "shop" is already taken by inventory.catalogs[0].name"#,
            r#"roles[0].permissions[0].validate.evnt: unknown key (did you mean "event"?)"#,
            "roles[0].permissions[0].validate.call_error: invalid type: integer `1`, expected a string",
            r#"roles[0].permissions[0].validate.call: no catalog has the type "shop.Oder" (did you mean "shop.Order"?)"#,
            r#"roles[0].permissions[0].validate.call_result: no catalog has the type "Order" (types go by their name with the namespace, as in shop.Order)"#,
            r#"roles[0].permissions[0].validate.event: the type "shop.Books" cannot be checked: "all" in "shop.Ledger" is a list of unions"#,
        ],
    );
    check(
        &node,
        &json!({"bfbs": "shop.bfbs"}),
        &json!({"call": "shop.Oder"}),
        &["inventory.catalogs: expected a list, found an object"],
    );
}

#[test]
fn z04_a_role_is_read_with_the_types_of_its_realm() {
    let node = node(&[("shop.bfbs", SHOP)]);
    let realm = read(
        &node,
        &json!([{"bfbs": "shop.bfbs"}]),
        &json!({"call": "shop.Order"}),
    );
    let realm = realm.unwrap();
    let surroundings = Surroundings::default();
    let item = || realm.roles[0].raw.clone().into_value();
    read_role(item(), &surroundings, realm.options.inventory.as_ref()).unwrap();
    let faults = read_role(item(), &surroundings, None).unwrap_err();
    assert_eq!(
        faults.to_string(),
        r#"permissions[0].validate.call: the realm has no "inventory", which has the types"#
    );
}
