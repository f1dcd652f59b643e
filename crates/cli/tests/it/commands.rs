use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::crossbar;

#[test]
fn init_makes_what_check_finds_right() {
    let directory = tempfile::tempdir().unwrap();
    let call = crossbar(directory.path(), &["init", "--appdir", "app"]);
    assert_eq!((call.code, &*call.stderr), (Some(0), ""));
    let app = directory.path().join("app");
    for name in [
        ".crossbar/config.json",
        ".crossbar/key.priv",
        ".crossbar/key.pub",
        "README.md",
        "web/README.md",
    ] {
        assert!(app.join(name).is_file(), "{name}");
    }
    let mode = fs::metadata(app.join(".crossbar/key.priv")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    let call = crossbar(&app, &["check"]);
    assert_eq!(call.code, Some(0), "{}", call.stdout);
    let mut lines = call.stdout.lines();
    let first = lines.next().unwrap();
    assert!(first.starts_with("Checking local node configuration file: /"));
    assert!(first.ends_with("/app/.crossbar/config.json"));
    assert_eq!(lines.next(), Some("Ok, node configuration looks good!"));
    assert_eq!(lines.next(), None);
}

#[test]
fn init_leaves_what_is_there() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("README.md"), "mine").unwrap();
    let call = crossbar(directory.path(), &["init"]);
    assert_eq!(call.code, Some(0));
    assert!(call.stderr.contains("README.md exists"), "{}", call.stderr);
    let text = fs::read_to_string(directory.path().join("README.md")).unwrap();
    assert_eq!(text, "mine");
}

#[test]
fn init_that_fails_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("web"), "a file").unwrap();
    let call = crossbar(directory.path(), &["init"]);
    assert_eq!(call.code, Some(1));
    assert!(call.stderr.contains("cannot make"), "{}", call.stderr);
    assert!(!directory.path().join(".crossbar").exists());
}

#[test]
fn check_tells_every_fault() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(
        directory.path().join("config.json"),
        r#"{"version": 2, "controler": {}, "workers": [{"type": "ruoter"}]}"#,
    )
    .unwrap();
    let call = crossbar(directory.path(), &["check"]);
    assert_eq!((call.code, &*call.stderr), (Some(1), ""));
    let lines: Vec<&str> = call.stdout.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            r#"Error: controler: unknown key (did you mean "controller"?)"#,
            r#"Error: workers[0].type: unknown worker type "ruoter" (did you mean "router"?)"#,
            "2 errors",
        ]
    );
}

#[test]
fn check_tells_what_has_no_effect() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(
        directory.path().join("config.yaml"),
        "version: 2\nworkers:\n- type: router\n  options: {reactor: {linux: epoll}}\n",
    )
    .unwrap();
    let call = crossbar(directory.path(), &["check"]);
    assert_eq!(call.code, Some(0));
    let notice = "Notice: workers[0].options.reactor: has no effect: it belongs to Twisted\n";
    assert!(call.stdout.contains(notice), "{}", call.stdout);
}

#[test]
fn check_needs_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let call = crossbar(directory.path(), &["check"]);
    assert_eq!((call.code, &*call.stdout), (Some(1), ""));
    assert!(call.stderr.contains("there is no configuration in"));
    let call = crossbar(directory.path(), &["check", "--config", "nope.json"]);
    assert_eq!(call.code, Some(1));
    assert!(
        call.stdout.contains("Error: cannot read"),
        "{}",
        call.stdout
    );
}

#[test]
fn the_node_directory_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let write = |folder: &str| {
        let folder = directory.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.json"), r#"{"version": 2}"#).unwrap();
    };
    let checked = |arguments: &[&str]| {
        let call = crossbar(directory.path(), arguments);
        let first = call.stdout.lines().next().unwrap_or_default().to_owned();
        let root = fs::canonicalize(directory.path()).unwrap();
        let path = first.rsplit(' ').next().unwrap_or_default().to_owned();
        let path = fs::canonicalize(path).unwrap();
        path.strip_prefix(root).unwrap().display().to_string()
    };
    write("");
    assert_eq!(checked(&["check"]), "config.json");
    write(".crossbar");
    assert_eq!(checked(&["check"]), ".crossbar/config.json");
    write("other");
    assert_eq!(checked(&["check", "--cbdir", "other"]), "other/config.json");
    let file = "other/config.json";
    assert_eq!(checked(&["standalone", "check", "--cbdir", file]), file);
}

#[test]
fn convert_goes_both_ways() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(crossbar(directory.path(), &["init"]).code, Some(0));
    let node = directory.path().join(".crossbar");
    let json = fs::read_to_string(node.join("config.json")).unwrap();
    let call = crossbar(directory.path(), &["convert"]);
    assert_eq!(call.code, Some(0), "{}", call.stdout);
    assert!(
        call.stderr.contains("the YAML file is read"),
        "{}",
        call.stderr
    );
    fs::remove_file(node.join("config.json")).unwrap();
    assert_eq!(crossbar(directory.path(), &["convert"]).code, Some(0));
    let again = fs::read_to_string(node.join("config.json")).unwrap();
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(value(&again), value(&json));
}

#[test]
fn keys_are_made_once() {
    let directory = tempfile::tempdir().unwrap();
    let keys = |arguments: &[&str]| {
        let call = crossbar(directory.path(), arguments);
        assert_eq!(call.code, Some(0), "{}", call.stderr);
        call.stdout
    };
    let public = keys(&["keys"]);
    assert_eq!(keys(&["keys"]), public);
    let private = keys(&["keys", "--private"]);
    assert!(public.starts_with("Node public key:\nhex: "), "{public}");
    assert!(private.starts_with("Node private key:\nhex: "), "{private}");
    assert_ne!(public.lines().last(), private.lines().last());
}

#[test]
fn keygen_prints_two_keys() {
    let call = crossbar(Path::new("."), &["keygen"]);
    assert_eq!((call.code, &*call.stderr), (Some(0), ""));
    let lines: Vec<&str> = call.stdout.lines().collect();
    let [private, public] = lines.as_slice() else {
        panic!("{lines:?}");
    };
    for (line, label) in [(private, "  private: "), (public, "   public: ")] {
        let hex = line.strip_prefix(label).unwrap();
        assert!(hex.len() == 64 && hex.bytes().all(|o| o.is_ascii_hexdigit()));
    }
}

#[test]
fn version_is_told() {
    let call = crossbar(Path::new("."), &["version"]);
    assert_eq!((call.code, &*call.stderr), (Some(0), ""));
    let first = call.stdout.lines().next().unwrap();
    assert_eq!(
        first,
        format!("Crossbar in Rust : {}", env!("CARGO_PKG_VERSION"))
    );
}
