use std::path::Path;
use std::time::Duration;

use crossbar_config::{
    AutoPing, Deflate, Endpoint, Inherit, Interface, IpVersion, Node, Overflow, Ports, QueueLimits,
    ShutdownRule, Surroundings, Transport, TransportKind, WebService, WorkerKind, default_node,
    read_realm, read_transport,
};
use crossbar_core::{
    Access, Authorization, Authorizer, CallQueueRule, Disclosure, HistoryRule, MethodConfig,
    StatisticsRule, StoredTicket,
};
use crossbar_wire::{Format, MatchPolicy, Text, UriCheck};
use serde_json::Value;

use crate::{load_json, load_json_with, load_sample, load_yaml, router};

fn transports(node: &Node) -> &[Transport] {
    match &node.workers[0].kind {
        WorkerKind::Router(router) => &router.transports,
        WorkerKind::WebSocketTestee(_) => panic!("the first worker is a router"),
    }
}

fn notices(node: &Node) -> Vec<String> {
    node.notices.iter().map(ToString::to_string).collect()
}

#[test]
fn the_configuration_of_crossbar_init_reads_without_fault_or_notice() {
    let node = load_sample("crossbar_init.json").unwrap();
    assert_eq!(notices(&node), [""; 0]);
    let [rawsocket, web] = transports(&node) else {
        panic!("two transports");
    };
    assert_eq!((&*rawsocket.id, &*web.id), ("transport001", "transport002"));
    let TransportKind::RawSocket(raw) = &rawsocket.kind else {
        panic!("{rawsocket:?}");
    };
    assert_eq!(raw.max_message_size, 1 << 20);
    let Endpoint::Tcp(tcp) = &web.endpoint else {
        panic!("{web:?}");
    };
    assert_eq!(
        (&tcp.ports, &tcp.interface, tcp.backlog),
        (&Ports::One(8080), &Interface::All, 1024)
    );
    let TransportKind::Web(paths) = &web.kind else {
        panic!("{web:?}");
    };
    let WebService::WebSocket(service) = &paths.paths["ws"] else {
        panic!("{paths:?}");
    };
    let options = &service.options;
    assert_eq!(
        options.open_handshake_timeout,
        Some(Duration::from_millis(2500))
    );
    assert_eq!(options.auto_fragment_size, Some(65536));
    assert_eq!(
        options.auto_ping,
        Some(AutoPing {
            interval: Duration::from_secs(10),
            timeout: Some(Duration::from_secs(5)),
            size: 12,
            restart_on_any_traffic: true,
        })
    );
    assert_eq!(
        options.deflate,
        Some(Deflate {
            request_no_context_takeover: false,
            request_max_window_bits: Some(13),
            no_context_takeover: Some(false),
            max_window_bits: Some(13),
        })
    );
    let WebService::Static(files) = &paths.paths["/"] else {
        panic!("{paths:?}");
    };
    assert!(files.directory.ends_with("tests/web"));
}

#[test]
fn everything_reads() {
    let node = load_sample("everything.json").unwrap();
    let controller = &node.controller;
    assert_eq!(controller.id.as_deref(), Some("node1"));
    assert_eq!(
        controller.shutdown,
        [
            ShutdownRule::LastWorkerExit,
            ShutdownRule::WorkerExitWithError
        ]
    );
    let options = &node.workers[0].options;
    assert_eq!(
        options.environment.inherit,
        Inherit::Only(vec!["HOME".to_owned(), "PATH".to_owned()])
    );
    let ids: Vec<&str> = transports(&node).iter().map(|it| &*it.id).collect();
    assert_eq!(
        ids,
        [
            "ws_main",
            "transport001",
            "transport002",
            "transport003",
            "transport004",
            "transport005"
        ]
    );
    assert!(!node.workers[1].options.disabled);
    let notices = notices(&node);
    for notice in [
        "workers[0].options.reactor: has no effect: it belongs to Twisted",
        "workers[0].realms[0].trace: has no effect: older versions of Crossbar.io had it",
    ] {
        assert!(notices.contains(&notice.to_owned()), "{notices:?}");
    }
}

#[test]
fn websocket_options_read() {
    let node = load_sample("everything.json").unwrap();
    let TransportKind::WebSocket(websocket) = &transports(&node)[0].kind else {
        panic!("the first is a websocket");
    };
    assert_eq!(websocket.formats, [Format::Cbor, Format::Json]);
    let options = &websocket.options;
    assert_eq!(options.open_handshake_timeout, None);
    assert_eq!(options.max_message_size, None);
    assert_eq!(options.queue.octets, 1 << 20);
    assert_eq!(options.queue.overflow, Overflow::Drop);
    assert!(options.strict_request_ids);
    assert_eq!(options.deflate, Some(Deflate::default()));
    let Access::Methods(methods) = &websocket.access else {
        panic!("{websocket:?}");
    };
    let [
        MethodConfig::Ticket(tickets),
        MethodConfig::WampCra(users),
        MethodConfig::Anonymous { role, authid },
    ] = methods.as_slice()
    else {
        panic!("{methods:?}");
    };
    let Some(StoredTicket::Plain(ticket)) = &tickets["joe".as_bytes()].ticket else {
        panic!("{tickets:?}");
    };
    assert_eq!(ticket.expose(), b"secret!!!");
    assert!(users["plain".as_bytes()].salting.is_none());
    let salting = users["salted".as_bytes()].salting.as_ref().unwrap();
    assert_eq!((salting.iterations, salting.keylen), (100, 16));
    assert_eq!(
        (role.as_str(), authid.as_deref()),
        ("anonymous", Some("guest"))
    );
}

#[test]
fn permissions_read() {
    let node = load_sample("everything.json").unwrap();
    let WorkerKind::Router(router) = &node.workers[0].kind else {
        panic!("a router");
    };
    let realm = &router.realms[0];
    assert_eq!(realm.options.uri_check, UriCheck::Strict);
    assert!(realm.options.compat_crossbar);
    let Authorization::Static(permissions) = &realm.roles[0].config.authorization else {
        panic!("{realm:?}");
    };
    let [app, status, exact] = permissions.as_slice() else {
        panic!("{permissions:?}");
    };
    assert_eq!((&*app.uri, app.policy), ("com.app.", MatchPolicy::Prefix));
    assert_eq!(app.disclose_caller, Disclosure::Always);
    assert_eq!(
        (&*status.uri, status.policy),
        ("com..status", MatchPolicy::Wildcard)
    );
    assert_eq!(
        (status.disclose_caller, status.disclose_publisher),
        (Disclosure::OnRequest, Disclosure::Never)
    );
    assert_eq!((exact.policy, exact.cache), (MatchPolicy::Exact, false));
    let levels = [
        realm.roles[0].config.trustlevel,
        status.trustlevel,
        exact.trustlevel,
    ];
    assert_eq!(levels, [Some(3), Some(7), None]);
    let closed = &realm.roles[1].config.authorization;
    assert!(matches!(closed, Authorization::Always(false)), "{closed:?}");
}

#[test]
fn stores_read() {
    let node = load_sample("everything.json").unwrap();
    let WorkerKind::Router(router) = &node.workers[0].kind else {
        panic!("a router");
    };
    let options = &router.realms[0].options;
    assert_eq!(
        (options.max_retained_events, options.max_retained_octets),
        (20, 65536)
    );
    let rule = |uri: &str, policy, max_events| HistoryRule {
        uri: Text::from(uri),
        policy,
        max_events: Some(max_events),
        max_age: None,
        max_octets: Some(16 << 20),
    };
    let history = [
        rule("com.app.log", MatchPolicy::Exact, 10),
        HistoryRule {
            max_age: Some(Duration::from_secs(3600)),
            max_octets: Some(1 << 20),
            ..rule("com.app.", MatchPolicy::Prefix, 50)
        },
    ];
    assert_eq!(options.history, history);
    let queue = |uri: &str, policy, limit| CallQueueRule {
        uri: Text::from(uri),
        policy,
        limit,
    };
    let queues = [
        queue("com.app.slow", MatchPolicy::Exact, 5),
        queue("com..slower", MatchPolicy::Wildcard, 50),
    ];
    assert_eq!(options.call_queues, queues);
    let rule = StatisticsRule {
        rated_message_size: 1024,
        after_rated_messages: None,
        after_duration: Some(Duration::from_secs(60)),
        on_join: true,
        on_leave: true,
    };
    assert_eq!(options.statistics, Some(rule));
    let defaults = &router.realms[1].options;
    assert_eq!((defaults.statistics, defaults.meta_api), (None, true));
    assert!(defaults.history.is_empty() && defaults.call_queues.is_empty());
    assert_eq!(
        (defaults.max_retained_events, defaults.max_retained_octets),
        (10_000, 16 << 20)
    );
}

#[test]
fn endpoints_read() {
    let node = load_sample("everything.json").unwrap();
    let tcp = |index: usize| match &transports(&node)[index].endpoint {
        Endpoint::Tcp(tcp) => tcp,
        Endpoint::Unix(unix) => panic!("{unix:?}"),
    };
    let localhost = Interface::Host("localhost".to_owned(), Some(IpVersion::V4));
    assert_eq!((&tcp(0).interface, tcp(0).shared), (&localhost, true));
    assert_eq!(tcp(0).user_timeout, Some(Duration::from_secs(5)));
    assert_eq!(tcp(2).ports, Ports::Range(8000..=8010));
    assert_eq!(tcp(2).interface, Interface::AllOf(IpVersion::V6));
    assert_eq!(tcp(3).ports, Ports::One(0));
    assert_eq!(tcp(3).interface, Interface::Address("::1".parse().unwrap()));
    let Endpoint::Unix(unix) = &transports(&node)[1].endpoint else {
        panic!("a Unix socket");
    };
    assert!(unix.path.is_absolute() && unix.path.ends_with("tests/files/run/router.sock"));
}

#[test]
fn web_services_read() {
    let node = load_sample("everything.json").unwrap();
    let TransportKind::Web(web) = &transports(&node)[2].kind else {
        panic!("the third is web");
    };
    assert_eq!(web.options.hsts, Some(Duration::from_secs(31_536_000)));
    let WebService::Static(files) = &web.paths["/"] else {
        panic!("{web:?}");
    };
    assert_eq!(files.cache_timeout, None);
    assert_eq!(files.mime_types[".wasm"], "application/wasm");
    let WebService::Json(document) = &web.paths["config"] else {
        panic!("{web:?}");
    };
    assert_eq!(document.value.to_string(), r#"{"z":1,"a":[null]}"#);
    let raw = &transports(&node)[2].raw;
    let id = |path: &str| raw.pointer(path).and_then(Value::as_str);
    assert_eq!(id("/paths/api/id"), Some("api_paths"));
    assert_eq!(id("/paths/config/id"), Some("webservice001"));
    assert_eq!(id("/paths/old/id"), Some("webservice002"));
}

#[test]
fn t05_long_poll_reads() {
    let read = |text: &str| {
        let item = serde_json::from_str(text).unwrap();
        let read = crossbar_config::read_web_service(item, &Surroundings::default());
        let WebService::LongPoll(service) = read.unwrap() else {
            panic!("long-poll must come of {text}");
        };
        service
    };
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let service = read(r#"{"type": "longpoll"}"#);
    assert_eq!(
        (service.request_timeout, service.session_timeout),
        (seconds(10), seconds(30))
    );
    assert_eq!(service.queue, QueueLimits::default());
    assert_eq!(service.debug_transport_id, None);
    let service = read(
        r#"{"type": "longpoll", "options": {"request_timeout": 5, "session_timeout": 0, "queue_limit_bytes": 131072,
            "queue_limit_messages": 100, "debug": true, "debug_transport_id": "kjmd3sBLOUnb3Fyr"}}"#,
    );
    assert_eq!(
        (service.request_timeout, service.session_timeout),
        (seconds(5), None)
    );
    assert_eq!(service.queue.octets, 131_072);
    assert_eq!(service.debug_transport_id.unwrap(), "kjmd3sBLOUnb3Fyr");
    let unlimited = read(r#"{"type": "longpoll", "options": {"queue_limit_bytes": 0}}"#);
    assert_eq!(unlimited.queue, QueueLimits::default());
}

#[test]
fn raw_items_read_again_as_the_same_items() {
    for node in [
        load_sample("everything.json").unwrap(),
        default_node(Path::new("/srv")),
    ] {
        let WorkerKind::Router(router) = &node.workers[0].kind else {
            panic!("a router");
        };
        let surroundings = Surroundings {
            cbdir: crate::sample("x").parent().unwrap().to_owned(),
            ..Surroundings::default()
        };
        for realm in &router.realms {
            let again = read_realm(realm.raw.clone().into_value(), &surroundings).unwrap();
            assert_eq!(format!("{again:?}"), format!("{realm:?}"));
            assert_eq!(again.raw, realm.raw);
        }
        for transport in &router.transports {
            let raw = transport.raw.clone().into_value();
            let again = read_transport(raw, &surroundings).unwrap();
            assert_eq!(format!("{again:?}"), format!("{transport:?}"));
            assert_eq!(again.raw, transport.raw);
        }
    }
}

#[test]
fn yaml_reads_with_anchors_and_merges() {
    let node = load_sample("tutorial.yaml").unwrap();
    let WorkerKind::Router(router) = &node.workers[0].kind else {
        panic!("a router");
    };
    assert_eq!(router.realms.len(), 2);
    let TransportKind::RawSocket(raw) = &router.transports[1].kind else {
        panic!("a rawsocket");
    };
    assert_eq!(raw.formats, [Format::Cbor, Format::MsgPack]);
}

#[test]
fn yaml_wins_over_json() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("config.json"), "{}").unwrap();
    std::fs::write(directory.path().join("config.yaml"), "version: 2").unwrap();
    let node = crossbar_config::load(directory.path(), None, &Default::default()).unwrap();
    assert!(node.source.unwrap().ends_with("config.yaml"));
    assert!(load_yaml("version: 2\nworkers:").is_ok());
}

#[test]
fn variables_are_substituted_where_the_original_does() {
    let document = router(
        "",
        r#"{"type": "web", "endpoint": {"type": "tcp", "port": "$PORT"}, "paths": {
                "doc": {"type": "json", "value": {"auth": {"ticket": {"principals": {"a": {"ticket": "${T}"}}}}}},
                "ws": {"type": "websocket", "auth": {
                    "ticket": {"type": "static", "principals": {
                        "a": {"ticket": "${T}", "role": "r"}, "b": {"ticket": "${UNSET}", "role": "r"}, "c": {"ticket": "$T", "role": "r"}}},
                    "wampcra": {"type": "static", "users": {"a": {"secret": "${T}", "role": "r"}}}}}}},
           {"type": "rawsocket", "endpoint": {"type": "unix", "path": "/run/${NAME}/$NAME.sock"}}"#,
    );
    let environment = [("PORT", "8123"), ("T", "tick"), ("NAME", "node")];
    let node = load_json_with(&document, &environment).unwrap();
    let raw = |pointer: &str| transports(&node)[0].raw.pointer(pointer).cloned();
    assert_eq!(raw("/endpoint/port"), Some(Value::from(8123)));
    let ticket = |authid: &str| raw(&format!("/paths/ws/auth/ticket/principals/{authid}/ticket"));
    assert_eq!(ticket("a"), Some(Value::from("tick")));
    assert_eq!(ticket("b"), Some(Value::Null));
    assert_eq!(ticket("c"), Some(Value::from("$T")));
    assert_eq!(
        raw("/paths/ws/auth/wampcra/users/a/secret"),
        Some(Value::from("tick"))
    );
    assert_eq!(
        raw("/paths/doc/value/auth/ticket/principals/a/ticket"),
        Some(Value::from("${T}"))
    );
    let Endpoint::Unix(unix) = &transports(&node)[1].endpoint else {
        panic!("a Unix socket");
    };
    assert_eq!(unix.path, Path::new("/run/node/node.sock"));
    assert!(
        notices(&node)[0].starts_with(
            "workers[0].transports[0].paths.ws.auth.ticket.principals.b.ticket: no value"
        ),
        "{:?}",
        notices(&node)
    );
}

#[test]
fn a_worker_is_disabled_by_a_bool_or_a_text() {
    let disabled = |value: &str, environment: &[(&str, &str)]| {
        let document = format!(
            r#"{{"version": 2, "workers": [{{"type": "router", "options": {{"disabled": {value}}}}}]}}"#
        );
        let node = load_json_with(&document, environment).unwrap();
        node.workers[0].options.disabled
    };
    assert!(disabled("true", &[]));
    assert!(!disabled("false", &[]));
    assert!(!disabled(r#""${OFF}""#, &[]));
    assert!(!disabled(r#""${OFF}""#, &[("OFF", "")]));
    assert!(disabled(r#""${OFF}""#, &[("OFF", "1")]));
    assert!(!disabled(r#""${OFF}""#, &[("OFF", "false")]));
    assert!(!disabled(r#""no""#, &[]));
}

#[test]
fn workers_are_restarted_unless_the_configuration_says_otherwise() {
    let rules = |head: &str| {
        load_json(&format!(r#"{{"version": 2{head}}}"#))
            .unwrap()
            .controller
            .shutdown
    };
    assert_eq!(rules(""), []);
    assert_eq!(
        rules(r#", "compat": "crossbar""#),
        [ShutdownRule::WorkerExit]
    );
    assert_eq!(
        rules(r#", "controller": {"options": {"shutdown": "shutdown_on_shutdown_requested"}}"#),
        [ShutdownRule::ShutdownRequested]
    );
}

#[test]
fn secrets_are_not_shown() {
    let node = load_sample("everything.json").unwrap();
    let shown = format!("{node:?}");
    assert!(
        !shown.contains("secret!!!") && !shown.contains("1234"),
        "{shown}"
    );
    let faults = load_json(&router(
        "",
        r#"{"type": "websocket", "endpoint": {"type": "tcp", "port": 1}, "auth": {
            "ticket": {"type": "static", "principals": {"joe": {"ticket": 471147114711, "role": "r"}}}}}"#,
    ))
    .expect_err("the ticket is a number");
    assert!(!faults.to_string().contains("4711"), "{faults}");
    assert!(!format!("{faults:?}").contains("4711"), "{faults:?}");
}

#[test]
fn z03_roles_may_have_an_authorizer() {
    let read = |keys: &str| {
        let role = format!(r#"{{"name": "user", "authorizer": "com.auth" {keys}}}"#);
        let realm = format!(r#"{{"name": "realm1", "roles": [{role}]}}"#);
        let node = load_json(&router(&realm, "")).unwrap();
        let WorkerKind::Router(router) = &node.workers[0].kind else {
            panic!("a router");
        };
        let Authorization::Dynamic(authorizer) = &router.realms[0].roles[0].config.authorization
        else {
            panic!("an authorizer");
        };
        authorizer.clone()
    };
    let authorizer = |timeout, cache_ttl| Authorizer {
        procedure: Text::from("com.auth"),
        timeout: Duration::from_secs(timeout),
        cache_ttl: Duration::from_secs(cache_ttl),
    };
    assert_eq!(read(""), authorizer(10, 300));
    let keys = r#", "authorizer-timeout": 2, "authorizer-cache-ttl": 0"#;
    assert_eq!(read(keys), authorizer(2, 0));
}

#[test]
fn roles_that_no_realm_has_are_told() {
    let document = router(
        r#"{"name": "realm1", "roles": [{"name": "user", "allow-by-default": true}]}"#,
        r#"{"type": "websocket", "endpoint": {"type": "tcp", "port": 1}, "auth": {
            "ticket": {"type": "static", "principals": {"joe": {"ticket": "x", "role": "usr"}, "ann": {"ticket": "x", "role": "user"}}}}}"#,
    );
    assert_eq!(
        notices(&load_json(&document).unwrap()),
        [
            r#"workers[0].transports[0].auth.ticket.principals.joe.role: no realm of this worker has the role "usr""#
        ]
    );
}

#[test]
fn f05_flatbuffers_is_served_where_it_is_named() {
    let formats = |serializers: &str| {
        let node = load_json(&format!(
            r#"{{"version": 2, "workers": [{{"type": "router", "transports": [
                {{"type": "rawsocket", "endpoint": {{"type": "tcp", "port": 1}} {serializers}}}]}}]}}"#
        ))
        .unwrap();
        let TransportKind::RawSocket(raw) = &transports(&node)[0].kind else {
            panic!("a rawsocket");
        };
        raw.formats.clone()
    };
    let named = formats(r#", "serializers": ["flatbuffers", "json"]"#);
    assert_eq!(named, [Format::Json, Format::FlatBuffers]);
    assert_eq!(formats(""), Format::OFFERED);
}

#[test]
fn permissions_that_mean_less_than_they_seem_are_told() {
    let permissions = r#"{"uri": "com.secret.*", "match": "prefix", "allow": {}}, {"uri": "com.example.", "allow": {"call": true}},
        {"uri": "com..x", "match": "wildcard"}, {"uri": "com.example.*"}"#;
    let realm = format!(
        r#"{{"name": "realm1", "roles": [{{"name": "user", "permissions": [{permissions}]}}]}}"#
    );
    let node = load_json(&router(&realm, "")).unwrap();
    let notices: Vec<String> = node.notices.iter().map(ToString::to_string).collect();
    let at = "workers[0].realms[0].roles[0].permissions";
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert!(notices[0].starts_with(&format!("{at}[0].uri: a star stands for itself")));
    assert!(notices[1].starts_with(&format!("{at}[1].uri: means this pattern alone")));
}
