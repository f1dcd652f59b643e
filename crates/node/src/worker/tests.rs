//! A router worker, told what to do over the management realm, as by its controller.

use std::sync::Arc;
use std::time::Duration;

use crossbar_config::{QueueLimits, RawSocket};
use crossbar_core::{Access, Authorization, Limits, Principal, RealmOptions, RoleConfig};
use crossbar_net::Router;
use crossbar_wire::{Format, Text, Value};
use serde_json::json;
use tokio::sync::Notify;

use super::router::RouterWorker;
use super::workplace::Workplace;
use super::{WorkerProcess, WorkerType};
use crate::api::ApiError;
use crate::link::{Link, realm};
use crate::log::LogLevel;

/// A management realm, a worker on it, and the session of somebody who calls it.
struct Stage {
    caller: Link,
    asked: Arc<Notify>,
    directory: tempfile::TempDir,
}

impl Stage {
    async fn new() -> Self {
        let management = Router::new();
        let role = RoleConfig {
            name: Text::from_static("anybody"),
            authorization: Authorization::Always(true),
            trustlevel: None,
            limits: Limits::default(),
            max_sessions: None,
        };
        let options = RealmOptions::default();
        management.start_realm(&realm(), options, [role]).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let process = WorkerProcess {
            id: "worker001".to_owned(),
            kind: WorkerType::Router,
            node: "node1".to_owned(),
            directory: directory.path().to_path_buf(),
            log_level: LogLevel::Info,
            cpus: Vec::new(),
        };
        let asked = Arc::new(Notify::new());
        let link = join(&management).await;
        let around = Workplace::new(&process, link.clone(), Arc::clone(&asked));
        link.serve(Arc::new(RouterWorker::new(around)))
            .await
            .unwrap();
        Self {
            caller: join(&management).await,
            asked,
            directory,
        }
    }

    /// Calls a procedure of the worker.
    async fn call(&self, name: &str, arguments: serde_json::Value) -> Result<Value, ApiError> {
        let procedure = format!("crossbar.worker.worker001.{name}");
        let Value::List(arguments) = Value::from(arguments) else {
            panic!("arguments are a list");
        };
        let call = self.caller.call(&procedure, arguments);
        let limited = tokio::time::timeout(Duration::from_secs(10), call).await;
        limited.expect("in time")
    }

    /// Calls a procedure that succeeds.
    async fn get(&self, name: &str, arguments: serde_json::Value) -> serde_json::Value {
        let result = self.call(name, arguments).await;
        serde_json::Value::try_from(result.unwrap()).unwrap()
    }

    /// Calls a procedure that fails, and gives the error's URI.
    async fn fail(&self, name: &str, arguments: serde_json::Value) -> String {
        let result = self.call(name, arguments).await;
        result.unwrap_err().uri.into_owned()
    }
}

async fn join(management: &Arc<Router>) -> Link {
    let settings = RawSocket {
        formats: vec![Format::MsgPack],
        max_message_size: 1 << 20,
        queue: QueueLimits::default(),
        hello_timeout: Some(Duration::from_secs(30)),
        strict_request_ids: false,
        limits: Arc::default(),
        access: Access::Fixed(Principal {
            authrole: Text::from_static("anybody"),
            ..Principal::default()
        }),
    };
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    crossbar_net::serve_stream(theirs, &settings, management);
    Link::open(ours).await.unwrap()
}

fn everything() -> serde_json::Value {
    let allow = json!({"call": true, "register": true, "publish": true, "subscribe": true});
    json!({
        "name": "anonymous",
        "permissions": [{"uri": "", "match": "prefix", "allow": allow}],
    })
}

fn web() -> serde_json::Value {
    json!({
        "type": "web",
        "endpoint": {"type": "tcp", "port": 0, "interface": "127.0.0.1"},
        "paths": {"/": {"type": "nodeinfo"}, "ws": {"type": "websocket"}},
    })
}

#[tokio::test]
async fn a_realms_meta_api_is_bridged_to_the_management_realm() {
    let stage = Stage::new().await;
    let topic = "crossbar.worker.worker001.realm.realm1.root.wamp-reflect-on_define";
    let mut events = stage
        .caller
        .session()
        .subscribe(topic, crossbar_client::SubscribeOptions::default())
        .await
        .unwrap();
    let config = json!({"name": "realm1", "options": {"bridge_meta_api": true}});
    stage
        .get("start_router_realm", json!(["realm1", config]))
        .await;
    let count = "realm.realm1.root.wamp.session.count";
    assert_eq!(stage.get(count, json!([])).await, json!(1)); // a trusted session sees itself
    let get = "realm.realm1.root.wamp.session.get";
    assert_eq!(
        stage.fail(get, json!([1])).await,
        "wamp.error.no_such_session"
    );
    let nothing = "realm.realm1.root.wamp.session.nothing";
    assert_eq!(
        stage.fail(nothing, json!([])).await,
        "wamp.error.no_such_procedure"
    );
    let define = "realm.realm1.root.wamp.reflect.define";
    stage.get(define, json!(["com.example.sum", "adds"])).await;
    let event = tokio::time::timeout(Duration::from_secs(10), events.next());
    let event = event.await.unwrap().unwrap();
    let args = event.content.values().unwrap();
    assert_eq!(args, [Value::from("com.example.sum"), Value::from("adds")]);
    stage.get("stop_router_realm", json!(["realm1"])).await;
    tokio::time::timeout(Duration::from_secs(10), async {
        while stage.fail(count, json!([])).await != "wamp.error.no_such_procedure" {}
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn realms_and_roles_come_and_go() {
    let stage = Stage::new().await;
    let realm = json!(["realm001", {"name": "realm1"}]);
    let info = stage.get("start_router_realm", realm.clone()).await;
    assert_eq!(
        (&info["id"], &info["roles"]),
        (&json!("realm001"), &json!([]))
    );
    assert_eq!(
        stage.fail("start_router_realm", realm.clone()).await,
        "crossbar.error.already_running"
    );
    let twice = json!(["realm002", {"name": "realm1"}]);
    assert_eq!(
        stage.fail("start_router_realm", twice).await,
        "crossbar.error.already_running"
    );
    let wrong = json!(["realm003", {"name": "realm3", "options": {"uri_chek": "strict"}}]);
    assert_eq!(
        stage.fail("start_router_realm", wrong).await,
        "crossbar.error.invalid_configuration"
    );
    let role = json!(["realm001", "role001", everything()]);
    stage.get("start_router_realm_role", role.clone()).await;
    assert_eq!(
        stage.fail("start_router_realm_role", role).await,
        "crossbar.error.already_exists"
    );
    let info = stage
        .get("get_router_realm_by_name", json!(["realm1"]))
        .await;
    assert_eq!(info["roles"][0]["id"], "role001");
    let stats = stage.get("get_router_realm_stats", json!([])).await;
    let empty = json!({"roles": 1, "sessions": 0, "subscriptions": 0, "registrations": 0, "calls": 0, "limited": 0});
    assert_eq!(stats, json!({"realm001": empty}));
    let stats = stage.get("get_router_stats", json!([])).await;
    assert_eq!(
        (&stats["connections_open"], &stats["limited"]),
        (&json!(0), &json!(0))
    );
    let of_role = json!(["realm001", "role001"]);
    let purge = "purge_router_realm_role_authorizations";
    stage.get(purge, of_role.clone()).await;
    stage.get("stop_router_realm_role", of_role.clone()).await;
    assert_eq!(
        stage.fail("get_router_realm_role", of_role).await,
        "crossbar.error.no_such_object"
    );
    stage.get("stop_router_realm", json!(["realm001"])).await;
    assert_eq!(stage.get("get_router_realms", json!([])).await, json!([]));
    stage.get("start_router_realm", realm).await;
}

#[tokio::test]
async fn transports_and_their_services_come_and_go() {
    let stage = Stage::new().await;
    let info = stage
        .get("start_router_transport", json!(["transport001", web()]))
        .await;
    assert_eq!(info["state"], 3);
    let address = info["address"].as_str().unwrap().to_owned();
    assert_eq!(
        stage
            .fail("start_router_transport", json!(["transport001", web()]))
            .await,
        "crossbar.error.already_running"
    );
    let mut taken = web();
    taken["endpoint"]["port"] = json!(address.rsplit(':').next().unwrap().parse::<u16>().unwrap());
    let result = stage
        .call("start_router_transport", json!(["transport002", taken]))
        .await;
    let failure = result.unwrap_err();
    assert_eq!(failure.uri, "crossbar.error.cannot_listen");
    assert!(
        failure.message.contains("Address already in use"),
        "{failure}"
    );
    // Without `create_paths` only the service on `/` is there from the start.
    let of = json!(["transport001"]);
    let paths = stage.get("get_web_transport_services", of.clone()).await;
    assert_eq!(paths, json!(["/"]));
    let service = json!(["transport001", "ws", {"type": "websocket"}]);
    stage
        .get("start_web_transport_service", service.clone())
        .await;
    assert_eq!(
        stage.fail("start_web_transport_service", service).await,
        "crossbar.error.already_running"
    );
    stage
        .get("stop_web_transport_service", json!(["transport001", "ws"]))
        .await;
    assert_eq!(
        stage
            .fail("stop_web_transport_service", json!(["transport001", "ws"]))
            .await,
        "crossbar.error.not_running"
    );
    assert_eq!(
        stage.get("stop_router_transport", of.clone()).await["state"],
        6
    );
    assert_eq!(
        stage.fail("stop_router_transport", of).await,
        "crossbar.error.not_running"
    );
    let all = json!(["transport001", web(), true]);
    stage.get("start_router_transport", all).await;
    let paths = stage
        .get("get_web_transport_services", json!(["transport001"]))
        .await;
    assert_eq!(paths, json!(["/", "ws"]));
    drop(stage.directory);
}

#[tokio::test]
async fn what_looks_like_a_variable_in_a_call_is_none() {
    let stage = Stage::new().await;
    let transport = json!({
        "type": "rawsocket", "endpoint": {"type": "unix", "path": "$HOME.sock"},
        "auth": {"ticket": {"type": "static", "principals": {"joe": {"ticket": "${HOME}", "role": "anonymous"}}}},
    });
    let arguments = json!(["transport001", transport]);
    stage.get("start_router_transport", arguments).await;
    assert!(stage.directory.path().join("$HOME.sock").exists());
}

#[tokio::test]
async fn nothing_that_a_worker_answers_has_secrets() {
    let stage = Stage::new().await;
    let digits = "5ec2e75e".repeat(8);
    let auth = json!({
        "ticket": {"type": "jwt", "secret": "hush-token-hush-token-hush-token", "role": "anonymous"},
        "wampcra": {"type": "static", "users": {"joe": {"secret": "hush-cra", "role": "anonymous", "salt": "hush-salt"}}},
        "scram": {"type": "static", "principals": {"joe": {
            "kdf": "pbkdf2", "iterations": 4096, "salt": "5ec2e75e5ec2e75e", "stored-key": digits, "server-key": digits, "role": "anonymous",
        }}},
    });
    let endpoint = json!({"type": "tcp", "port": 0, "interface": "127.0.0.1"});
    let service = json!({"type": "websocket", "auth": auth});
    let transport = json!({"type": "web", "endpoint": endpoint, "paths": {"/": {"type": "nodeinfo"}, "ws": service}});
    let arguments = json!(["transport001", transport, true]);
    let started = stage.get("start_router_transport", arguments).await;
    let mut answers = vec![started];
    for (name, arguments) in [
        ("get_router_transport", json!(["transport001"])),
        ("get_router_transports", json!([])),
        ("get_web_transport_service", json!(["transport001", "ws"])),
        (
            "start_web_transport_service",
            json!(["transport001", "other", service]),
        ),
        ("stop_router_transport", json!(["transport001"])),
    ] {
        answers.push(stage.get(name, arguments).await);
    }
    let told = json!(answers).to_string();
    assert!(
        !told.contains("hush") && !told.contains("5ec2e75e"),
        "{told}"
    );
    let mut broken = transport;
    broken["paths"]["ws"]["auth"]["wampcra"]["users"]["joe"]["secret"] = json!(["hush-cra"]);
    let call = stage.call("start_router_transport", json!(["transport002", broken]));
    let failure = call.await.unwrap_err().to_string();
    assert!(!failure.contains("hush"), "{failure}");
}

#[tokio::test]
async fn a_call_that_does_not_fit_is_an_invalid_argument() {
    let stage = Stage::new().await;
    for (name, arguments) in [
        ("get_router_realm", json!([])),
        ("get_router_realm", json!([7])),
        ("get_router_realms", json!(["too", "many"])),
        ("start_router_realm", json!(["realm001", "no item"])),
    ] {
        let uri = stage.fail(name, arguments).await;
        assert_eq!(uri, "wamp.error.invalid_argument", "{name}");
    }
}

#[tokio::test]
async fn a_worker_ends_when_it_is_asked_to() {
    let stage = Stage::new().await;
    assert_eq!(stage.get("get_node_id", json!([])).await, "node1");
    stage.get("shutdown", json!([])).await;
    let asked = tokio::time::timeout(Duration::from_secs(10), stage.asked.notified()).await;
    asked.expect("the worker's end is asked for");
}
