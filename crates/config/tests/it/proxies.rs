//! Which proxies are believed, and which headers are sent, as written.

use crossbar_config::{Endpoint, ForwardedHeader, Node, Transport, WorkerKind};

use crate::{load_json, router};

fn transports(node: &Node) -> &[Transport] {
    match &node.workers[0].kind {
        WorkerKind::Router(router) => &router.transports,
        WorkerKind::WebSocketTestee(_) => panic!("the first worker is a router"),
    }
}

fn faults(transport: &str) -> Vec<String> {
    let faults = load_json(&router("", transport)).expect_err("there are faults");
    let lines = faults.to_string();
    let prefix = "workers[0].transports[0].";
    lines
        .lines()
        .map(|line| line.strip_prefix(prefix).unwrap_or(line).to_owned())
        .collect()
}

#[test]
fn proxies_are_read() {
    let node = load_json(&router(
        "",
        r#"{"type": "websocket", "trusted_proxies": ["10.0.0.0/8", "unix", "::1"], "forwarded_header": "Forwarded",
            "endpoint": {"type": "tcp", "port": 1, "proxy_protocol": {"from": ["192.0.2.0/24"]}}},
           {"type": "rawsocket", "endpoint": {"type": "unix", "path": "s", "proxy_protocol": true}},
           {"type": "rawsocket", "endpoint": {"type": "tcp", "port": 2}}"#,
    ))
    .unwrap();
    let [tcp, unix, plain] = transports(&node) else {
        panic!("three transports");
    };
    assert_eq!(tcp.forwarding.header, ForwardedHeader::Forwarded);
    for (address, trusted) in [("10.1.2.3", true), ("11.1.2.3", false), ("::1", true)] {
        let address = Some(address.parse().unwrap());
        assert_eq!(tcp.forwarding.proxies.trust(address), trusted);
    }
    assert!(tcp.forwarding.proxies.trust(None));
    let Endpoint::Tcp(endpoint) = &tcp.endpoint else {
        panic!("{tcp:?}");
    };
    let proxies = &endpoint.proxy_protocol;
    assert!(proxies.trust(Some("192.0.2.9".parse().unwrap())) && !proxies.trust(None));
    let Endpoint::Unix(endpoint) = &unix.endpoint else {
        panic!("{unix:?}");
    };
    assert!(endpoint.proxy_protocol);
    assert!(plain.forwarding.proxies.is_empty());
}

#[test]
fn faults_of_proxies() {
    let network = "not an address, and not a network such as 10.0.0.0/8 or fd00::/8";
    let advice = "(no bits may be set beyond the length)";
    for (transport, expected) in [
        (
            r#"{"type": "websocket", "trusted_proxies": ["10.0.0.1/8", 7, "proxy.example.com"], "endpoint": {"type": "tcp", "port": 1}}"#,
            vec![
                format!(r#"trusted_proxies[0]: {network}, found "10.0.0.1/8" {advice}"#),
                format!("trusted_proxies[1]: {network}, found 7 {advice}"),
                format!(r#"trusted_proxies[2]: {network}, found "proxy.example.com" {advice}"#),
            ],
        ),
        (
            r#"{"type": "websocket", "trusted_proxies": ["::1"], "forwarded_header": "x-forwarded", "endpoint": {"type": "tcp", "port": 1}}"#,
            vec![r#"forwarded_header: unknown header "x-forwarded" (did you mean "forwarded"?)"#.to_owned()],
        ),
        (
            r#"{"type": "rawsocket", "trusted_proxies": ["::1"], "endpoint": {"type": "tcp", "port": 1}}"#,
            vec![
                "trusted_proxies: the transport serves no HTTP, whose headers these proxies write (write proxy_protocol at the endpoint)"
                    .to_owned(),
            ],
        ),
        (
            r#"{"type": "websocket", "trusted_proxies": ["unix"], "endpoint": {"type": "unix", "path": "s"},
                "auth": {"anonymous-proxy": {"type": "static", "role": "user"}}}"#,
            vec![
                r#"auth.anonymous-proxy: not beside "unix" in "trusted_proxies": who comes through these proxies may be anybody"#
                    .to_owned(),
            ],
        ),
        (
            r#"{"type": "rawsocket", "endpoint": {"type": "tcp", "port": 1, "proxy_protocol": {"from": ["unix"]}}}"#,
            vec![format!(r#"endpoint.proxy_protocol.from[0]: {network}, found "unix" {advice}"#)],
        ),
        (
            r#"{"type": "rawsocket", "endpoint": {"type": "tcp", "port": 1, "proxy_protocol": {}}}"#,
            vec![r#"endpoint.proxy_protocol: missing key "from""#.to_owned()],
        ),
        (
            r#"{"type": "rawsocket", "endpoint": {"type": "tcp", "port": 1, "proxy_protocol": true}}"#,
            vec!["endpoint.proxy_protocol: expected an object, found true".to_owned()],
        ),
        (
            r#"{"type": "rawsocket", "endpoint": {"type": "unix", "path": "s", "proxy_protocol": {"from": []}}}"#,
            vec!["endpoint.proxy_protocol: invalid type: map, expected a boolean".to_owned()],
        ),
    ] {
        assert_eq!(faults(transport), expected, "{transport}");
    }
}

#[test]
fn headers_are_checked() {
    let transport = |headers: &str| {
        format!(
            r#"{{"type": "web", "endpoint": {{"type": "tcp", "port": 1}}, "paths": {{}}, "options": {{"headers": {headers}}}}}"#
        )
    };
    load_json(&router("", &transport(r#"{"X-Frame-Options": "DENY"}"#))).unwrap();
    for (headers, fault) in [
        (
            r#"{"a b": "c"}"#,
            r#"options.headers["a b"]: not the name of a header"#,
        ),
        (
            r#"{"Content-Length": "0"}"#,
            "options.headers.Content-Length: the server itself writes this header",
        ),
        (
            r#"{"X-A": "a\r\nX-B: b"}"#,
            "options.headers.X-A: a header's value is printable ASCII",
        ),
    ] {
        assert_eq!(faults(&transport(headers)), [fault]);
    }
}

#[test]
fn faults_tell_no_secret() {
    let auth = r#"{"wampcra": {"type": "static", "users": {"joe": {"secret": "S", "role": "a", "salt": "b", "iterations": "hunter2"}}}}"#;
    let transport = format!(
        r#"{{"type": "websocket", "endpoint": {{"type": "tcp", "port": 1}}, "auth": {auth}}}"#
    );
    let told = faults(&transport).join(" ");
    assert!(!told.contains("hunter2"), "{told}");
    assert!(told.contains("iterations"), "{told}");
}
