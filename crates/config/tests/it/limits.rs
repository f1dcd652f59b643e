use std::time::Duration;

use crossbar_config::{Node, Transport, TransportKind, WebService, WorkerKind};
use crossbar_core::{Limits, OverRate, Rate};

use crate::{load_json, router};

/// Every limit that there is.
const ALL: &str = r#"{"subscriptions": 10, "registrations": 0, "wildcards": 3, "open_calls": 5, "uri_length": 200, "message_size": 65536,
    "messages_per_second": 100, "octets_per_second": 1000000, "burst": 3, "over_rate": "close"}"#;

const READ: Limits = Limits {
    subscriptions: Some(10),
    registrations: Some(0),
    wildcards: Some(3),
    open_calls: Some(5),
    uri_length: Some(200),
    message_size: Some(65_536),
    rate: Rate {
        messages: Some(100),
        octets: Some(1_000_000),
        burst: Some(3),
        over: OverRate::Close,
    },
};

fn parts(node: &Node) -> (&[crossbar_config::Realm], &[Transport]) {
    match &node.workers[0].kind {
        WorkerKind::Router(router) => (&router.realms, &router.transports),
        WorkerKind::WebSocketTestee(_) => panic!("the first worker is a router"),
    }
}

#[test]
fn limits_of_roles_and_realms() {
    let node = load_json(&router(
        &format!(
            r#"{{"name": "realm1", "options": {{"max_sessions": 1000}}, "roles": [
                {{"name": "device", "allow-by-default": true, "limits": {ALL}, "max_sessions": 7}},
                {{"name": "backend", "allow-by-default": true}}]}}"#
        ),
        "",
    ))
    .unwrap();
    let (realms, _) = parts(&node);
    assert_eq!(realms[0].options.max_sessions, Some(1000));
    let [device, backend] = &realms[0].roles[..] else {
        panic!("two roles");
    };
    assert_eq!(device.config.limits, READ);
    assert_eq!(device.config.max_sessions, Some(7));
    assert_eq!(backend.config.limits, Limits::default());
    assert_eq!(backend.config.max_sessions, None);
}

#[test]
fn limits_of_transports() {
    let endpoint = |port| format!(r#""endpoint": {{"type": "tcp", "port": {port}}}"#);
    let node = load_json(&router(
        "",
        &[
            format!(r#"{{"type": "websocket", {}, "limits": {ALL}, "max_connections_per_address": 20, "options": {{"hello_timeout": 5000}}}}"#, endpoint(1)),
            format!(r#"{{"type": "rawsocket", {}, "limits": {ALL}, "options": {{"hello_timeout": 0}}}}"#, endpoint(2)),
            format!(r#"{{"type": "universal", {}, "rawsocket": {{"limits": {ALL}}}, "websocket": {{"ws": {{"limits": {ALL}}}}}}}"#, endpoint(3)),
            format!(r#"{{"type": "web", {}, "paths": {{"ws": {{"type": "websocket", "limits": {ALL}}}, "lp": {{"type": "longpoll", "limits": {ALL}}}}}}}"#, endpoint(4)),
        ]
        .join(","),
    ))
    .unwrap();
    let (_, transports) = parts(&node);
    let mut per_address = transports.iter().map(|it| it.max_connections_per_address);
    assert_eq!(per_address.next().flatten(), Some(20));
    assert!(per_address.all(|most| most.is_none()));
    let TransportKind::WebSocket(socket) = &transports[0].kind else {
        panic!("a websocket");
    };
    assert_eq!(*socket.limits, READ);
    assert_eq!(socket.options.hello_timeout, Some(Duration::from_secs(5)));
    let TransportKind::RawSocket(raw) = &transports[1].kind else {
        panic!("a rawsocket");
    };
    assert_eq!((*raw.limits, raw.hello_timeout), (READ, None));
    let TransportKind::Universal(all) = &transports[2].kind else {
        panic!("a universal");
    };
    let raw = all.rawsocket.as_ref().unwrap();
    assert_eq!(*raw.limits, READ);
    assert_eq!(raw.hello_timeout, Some(Duration::from_secs(30)));
    assert_eq!(*all.websocket["ws"].limits, READ);
    let TransportKind::Web(web) = &transports[3].kind else {
        panic!("a web");
    };
    let (WebService::WebSocket(ws), WebService::LongPoll(lp)) =
        (&web.paths["ws"], &web.paths["lp"])
    else {
        panic!("{:?}", web.paths);
    };
    assert_eq!((*ws.limits, *lp.limits), (READ, READ));
}

#[test]
fn faults_in_limits_are_told() {
    let document = router(
        r#"{"name": "realm1", "options": {"max_sessions": 0}, "roles": [
            {"name": "user", "allow-by-default": true, "max_sessions": "9", "limits": {"subscription": 1}},
            {"name": "user2", "allow-by-default": true, "limits": {"messages_per_second": 0}},
            {"name": "user3", "allow-by-default": true, "limits": {"messages_per_second": 1, "over_rate": "clos"}},
            {"name": "user4", "allow-by-default": true, "limits": {"uri_length": 70000}}]}"#,
        r#"{"type": "rawsocket", "endpoint": {"type": "tcp", "port": 1}, "max_connections_per_address": 0,
            "limits": {"burst": 0}, "options": {"hello_timeout": 30}}"#,
    );
    let faults = load_json(&document)
        .expect_err("there are faults")
        .to_string();
    let faults: Vec<&str> = faults
        .lines()
        .map(|line| line.strip_prefix("workers[0].").unwrap())
        .collect();
    assert_eq!(
        faults,
        [
            "realms[0].options.max_sessions: invalid value: integer `0`, expected an integer from 1 to 2147483648",
            r#"realms[0].roles[0].max_sessions: invalid type: string "9", expected an integer from 1 to 2147483648 (write the number without quotes)"#,
            r#"realms[0].roles[0].limits.subscription: unknown key (did you mean "subscriptions"?)"#,
            "realms[0].roles[1].limits.messages_per_second: invalid value: integer `0`, expected an integer from 1 to 2147483648",
            r#"realms[0].roles[2].limits.over_rate: unknown value "clos" (did you mean "close"?)"#,
            "realms[0].roles[3].limits.uri_length: invalid value: integer `70000`, expected an integer from 1 to 65535",
            "transports[0].max_connections_per_address: invalid value: integer `0`, expected an integer from 1 to 2147483648",
            "transports[0].limits.burst: invalid value: integer `0`, expected an integer from 1 to 3600",
            "transports[0].options.hello_timeout: invalid value: integer `30`, expected milliseconds: 0 or at least 1000",
        ]
    );
}

#[test]
fn a_burst_of_nothing_is_noticed() {
    let node = load_json(&router(
        r#"{"name": "realm1", "roles": [{"name": "user", "allow-by-default": true, "limits": {"burst": 2, "over_rate": "wait"}}]}"#,
        "",
    ))
    .unwrap();
    let notices: Vec<String> = node.notices.iter().map(ToString::to_string).collect();
    let text = r#"has no effect without "messages_per_second" or "octets_per_second""#;
    assert_eq!(
        notices,
        ["burst", "over_rate"]
            .map(|key| format!("workers[0].realms[0].roles[0].limits.{key}: {text}"))
    );
}
