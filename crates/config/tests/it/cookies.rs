//! `cookie` and the method of that name, as written.

use std::path::PathBuf;
use std::time::Duration;

use crossbar_config::{
    Cookie, CookieDatabase, CookieStore, SameSite, TransportKind, WebService, WebSocket, WorkerKind,
};

use crate::{load_json, router};

const TICKET: &str =
    r#""ticket": {"type": "static", "principals": {"joe": {"ticket": "x", "role": "anonymous"}}}"#;

fn transport(keys: &str) -> String {
    format!(r#"{{"type": "websocket", "endpoint": {{"type": "tcp", "port": 1}}, {keys}}}"#)
}

#[track_caller]
fn check(keys: &str, expected: &[&str]) {
    check_transport(&transport(keys), expected);
}

#[track_caller]
fn check_transport(transport: &str, expected: &[&str]) {
    let faults = load_json(&router("", transport)).expect_err("there are faults");
    let faults = faults.to_string();
    let lines: Vec<&str> = faults
        .lines()
        .map(|line| {
            line.strip_prefix("workers[0].transports[0].")
                .expect("in the transport")
        })
        .collect();
    assert_eq!(lines, expected);
}

/// Gives the notices about a transport.
fn notices(transport: &str) -> Vec<String> {
    let node = load_json(&router("", transport)).expect("no faults");
    node.notices
        .iter()
        .map(ToString::to_string)
        .filter_map(|line| {
            let line = line.strip_prefix("workers[0].transports[0].");
            line.map(str::to_owned)
        })
        .collect()
}

fn websocket(keys: &str) -> WebSocket {
    let node = load_json(&router("", &transport(keys))).expect("no faults");
    let WorkerKind::Router(router) = &node.workers[0].kind else {
        panic!("no router");
    };
    let TransportKind::WebSocket(websocket) = &router.transports[0].kind else {
        panic!("no WebSocket");
    };
    websocket.as_ref().clone()
}

fn cookie(keys: &str) -> Cookie {
    websocket(&format!(r#""cookie": {{{keys}}}"#))
        .cookie
        .expect("it is there")
}

#[test]
fn a11_cookies_are_read() {
    let default = cookie(r#""store": {"type": "memory"}"#);
    let expected = Cookie {
        name: "cbtid".to_owned(),
        length: 24,
        max_age: Duration::from_secs(7 * 24 * 3600),
        store: CookieStore::Memory,
        secure: false,
        http_only: false,
        same_site: None,
    };
    assert_eq!(default, expected);
    let all = cookie(
        r#""name": "session_1", "length": 64, "max_age": 311040000, "secure": true, "http_strict": true, "same_site": "Strict",
           "store": {"type": "file", "filename": "../cookies.dat", "purge_on_startup": true}"#,
    );
    let CookieStore::File { path, purge } = &all.store else {
        panic!("{all:?}");
    };
    assert!(path.is_absolute() && path.ends_with("cookies.dat") && *purge);
    assert_eq!(
        (
            all.name.as_str(),
            all.length,
            all.secure,
            all.http_only,
            all.same_site
        ),
        ("session_1", 64, true, true, Some(SameSite::Strict))
    );
    let database = cookie(r#""store": {"type": "database", "path": "/var/lib/cookies"}"#);
    let expected = CookieDatabase {
        path: PathBuf::from("/var/lib/cookies"),
        purge: false,
        max_size: 1 << 30,
        read_only: false,
        sync: true,
    };
    assert_eq!(database.store, CookieStore::Database(expected.clone()));
    let database = cookie(
        r#""store": {"type": "database", "path": "/var/lib/cookies", "maxsize": 131072, "readonly": true, "sync": false}"#,
    );
    let expected = CookieDatabase {
        max_size: 131_072,
        read_only: true,
        sync: false,
        ..expected
    };
    assert_eq!(database.store, CookieStore::Database(expected));
}

#[test]
fn a11_the_method_has_no_settings() {
    for method in ["{}", r#"{"type": "static"}"#] {
        let keys = format!(
            r#""cookie": {{"store": {{"type": "memory"}}}}, "auth": {{{TICKET}, "cookie": {method}}}"#
        );
        assert!(websocket(&keys).access.has_cookie_method());
    }
    let with =
        |method: &str| format!(r#""cookie": {{}}, "auth": {{{TICKET}, "cookie": {method}}}"#);
    check(
        &with(r#"{"type": "dynamic"}"#),
        &[r#"auth.cookie.type: expected "static""#],
    );
    check(
        &with(r#"{"store": 1}"#),
        &["auth.cookie.store: unknown key (known: )"],
    );
    check(&with("5"), &["auth.cookie: expected an object"]);
}

#[test]
fn a11_faults_of_cookies() {
    check(
        r#""cookie": {"name": "Cookie-1", "lenght": 5, "length": 5, "max_age": 0, "store": {"type": "fil"}, "secure": "yes", "same_site": "strict"}"#,
        &[
            r#"cookie.lenght: unknown key (did you mean "length"?)"#,
            "cookie.length: invalid value: integer `5`, expected an integer from 6 to 64",
            "cookie.max_age: invalid value: integer `0`, expected an integer from 1 to 311040000",
            r#"cookie.secure: invalid type: string "yes", expected a boolean (write true or false, without quotes)"#,
            r#"cookie.name: a cookie's name is a lower case letter followed by a-z, 0-9 and _, found "Cookie-1""#,
            r#"cookie.same_site: unknown value "strict" (did you mean "Strict"?)"#,
            r#"cookie.store.type: unknown cookie store type "fil" (did you mean "file"?)"#,
        ],
    );
    for (store, expected) in [
        (
            r#"{"filename": "x"}"#,
            r#"cookie.store: missing key "type""#,
        ),
        (
            r#"{"type": "file"}"#,
            r#"cookie.store: missing key "filename""#,
        ),
        (
            r#"{"type": "file", "filename": ""}"#,
            "cookie.store.filename: the path is empty",
        ),
        (
            r#"{"type": "file", "filename": "x", "path": "y"}"#,
            "cookie.store.path: unknown key (known: filename, purge_on_startup)",
        ),
        (
            r#"{"type": "memory", "filename": "x"}"#,
            "cookie.store.filename: unknown key (known: )",
        ),
        (
            r#"{"type": "database", "path": "x", "maxsize": 5}"#,
            "cookie.store.maxsize: invalid value: integer `5`, expected an integer from 131072 to 137438953472",
        ),
        (
            r#"{"type": "database", "path": "x", "readonly": true, "purge_on_startup": true}"#,
            "cookie.store.purge_on_startup: what is read only cannot be purged",
        ),
        ("5", "cookie.store: expected an object, found 5"),
    ] {
        check(&format!(r#""cookie": {{"store": {store}}}"#), &[expected]);
    }
}

#[test]
fn a11_the_method_needs_a_cookie() {
    check(
        &format!(r#""auth": {{{TICKET}, "cookie": {{}}}}"#),
        &[r#"auth.cookie: the method needs "cookie" beside "auth""#],
    );
    let nowhere = "auth.cookie: cookies are there for WebSocket only";
    check_transport(
        r#"{"type": "rawsocket", "endpoint": {"type": "tcp", "port": 1}, "cookie": {"store": {"type": "memory"}}, "auth": {"cookie": {}}}"#,
        &[
            r#"cookie: the key "cookie" is not supported: cookies are HTTP's, and RawSocket is none"#,
            nowhere,
        ],
    );
    check_transport(
        r#"{"type": "universal", "endpoint": {"type": "tcp", "port": 1}, "rawsocket": {"auth": {"cookie": {}}},
            "websocket": {"ws": {"auth": {"cookie": {}}}},
            "web": {"paths": {"lp": {"type": "longpoll", "auth": {"cookie": {}}}, "ws": {"type": "websocket", "auth": {"cookie": {}}}}}}"#,
        &[
            &format!("rawsocket.{nowhere}"),
            r#"websocket.ws.auth.cookie: the method needs "cookie" beside "auth""#,
            &format!("web.paths.lp.{nowhere}"),
            r#"web.paths.ws.auth.cookie: the method needs "cookie" beside "auth""#,
        ],
    );
}

#[test]
fn a11_cookies_stand_wherever_a_websocket_does() {
    let cookie = r#""cookie": {"store": {"type": "memory"}}, "auth": {"cookie": {}}"#;
    let universal = format!(
        r#"{{"type": "universal", "endpoint": {{"type": "tcp", "port": 1}}, "websocket": {{"ws": {{{cookie}}}}},
            "web": {{"paths": {{"wt": {{"type": "websocket", {cookie}}}}}}}}}"#
    );
    let node = load_json(&router("", &universal)).expect("no faults");
    let WorkerKind::Router(router) = &node.workers[0].kind else {
        panic!("no router");
    };
    let TransportKind::Universal(universal) = &router.transports[0].kind else {
        panic!("not universal");
    };
    assert!(universal.websocket["ws"].cookie.is_some());
    let Some(web) = &universal.web else {
        panic!("no Web");
    };
    assert!(matches!(&web.paths["wt"], WebService::WebSocket(it) if it.cookie.is_some()));
}

#[test]
fn a11_what_is_risky_is_noticed() {
    let memory = r#""store": {"type": "memory"}"#;
    let with =
        |cookie: &str, more: &str| notices(&transport(&format!(r#""cookie": {{{cookie}}}{more}"#)));
    assert_eq!(with(memory, ""), [""; 0]);
    assert_eq!(
        with("", ""),
        [r#"cookie: without "store", log-ins are kept in memory, until the worker ends"#]
    );
    assert_eq!(
        with(
            &format!(r#"{memory}, "same_site": "None", "length": 15"#),
            ""
        ),
        [
            "cookie.length: fewer than 16 characters can be guessed",
            r#"cookie.same_site: browsers take no cookie with "None" that is not "secure""#,
        ]
    );
    let secure = r#"cookie.secure: browsers send it over TLS only, which this endpoint has not: let a proxy speak TLS"#;
    let safe = format!(r#"{memory}, "secure": true, "http_strict": true"#);
    assert_eq!(with(&safe, ""), [secure]);
    let auth = r#", "auth": {"cookie": {}}"#;
    assert_eq!(
        with(memory, auth),
        [
            "options.allowed_origins: no host is named: the cookie is good for pages of the host that is asked only",
            r#"cookie.http_strict: set "http_strict", so that no script of a page can read what lets its reader in"#,
        ]
    );
    let named =
        r#", "auth": {"cookie": {}}, "options": {"allowed_origins": ["https://example.com"]}"#;
    assert_eq!(with(&safe, named), [secure]);
    assert_eq!(
        with(
            r#""store": {"type": "database", "path": "x", "readonly": true}"#,
            ""
        ),
        ["cookie.store.readonly: new log-ins and log-outs are not kept beyond the worker's end"]
    );
    let tls = format!(
        r#"{{"type": "websocket", "endpoint": {{"type": "tcp", "port": 1, "tls": {{"key": "k", "certificate": "c"}}}}, "cookie": {{{memory}}}}}"#
    );
    assert_eq!(
        notices(&tls),
        [r#"cookie.secure: set "secure", so that browsers send it over TLS only"#]
    );
}
