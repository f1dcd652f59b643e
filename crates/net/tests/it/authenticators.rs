//! Authenticators: procedures that tell who a client is.

use std::sync::Arc;
use std::time::Duration;

use crossbar_config::TransportKind;
use crossbar_core::{Access, Dynamic, DynamicMethod, MethodConfig};
use crossbar_wire::Text;
use serde_json::{Value, json};

use crate::peer::{Raw, soon};
use crate::server::{REALM, Server, rawsocket};

/// Starts a router where everybody is let in by tickets that an authenticator knows, or as `anonymous`.
fn server(limit: Duration) -> Server {
    let dynamic = Dynamic {
        method: DynamicMethod::Ticket,
        procedure: Text::from_static("com.example.auth"),
        realm: None,
        default_role: None,
        limit,
    };
    let anonymous = MethodConfig::Anonymous {
        role: Text::from_static("anonymous"),
        authid: None,
    };
    let mut raw = rawsocket();
    raw.access = Access::Methods(vec![MethodConfig::Dynamic(Arc::new(dynamic)), anonymous]);
    Server::with(TransportKind::RawSocket(raw))
}

/// Joins, and registers the authenticator.
async fn authenticator(server: &Server) -> Raw {
    let mut raw = Raw::join(server.address).await;
    let registered = raw.ask(r#"[64,1,{},"com.example.auth"]"#).await;
    assert_eq!(registered[0], 65);
    raw
}

/// Connects, and shows a ticket.
async fn knock(server: &Server, authid: &str) -> Raw {
    let mut raw = Raw::connect(server.address).await;
    let details = json!({"roles": {"caller": {}}, "authmethods": ["ticket"], "authid": authid});
    let challenge = raw.ask(&json!([1, "realm1", details]).to_string()).await;
    assert_eq!(challenge, json!([4, "ticket", {}]));
    raw.send(r#"[5,"secret!!!",{}]"#).await;
    raw
}

/// Takes the question about a client.
async fn question(authenticator: &mut Raw) -> (Value, Value) {
    let invocation = authenticator.receive().await;
    assert_eq!(invocation[0], 68, "{invocation}");
    (invocation[1].clone(), invocation[4].clone())
}

#[tokio::test]
async fn a12_an_authenticator_of_a_realm_opens_no_other() {
    let server = server(Duration::from_secs(10));
    let mut authenticator = authenticator(&server).await;
    for (realm, admitted) in [("realm2", false), (REALM.as_str(), true)] {
        let mut client = knock(&server, "joe").await;
        let (request, _) = question(&mut authenticator).await;
        let answer = json!([{"realm": realm, "role": "anonymous"}]);
        let answer = json!([70, request, {}, answer]).to_string();
        authenticator.send(&answer).await;
        let answer = client.receive().await;
        if admitted {
            assert_eq!(answer[0], 2, "{answer}");
        } else {
            assert_eq!(answer[2], "wamp.error.authentication_failed", "{answer}");
        }
    }
}

#[tokio::test]
async fn a12_an_authenticator_lets_clients_in() {
    let server = server(Duration::from_secs(10));
    let mut authenticator = authenticator(&server).await;
    let mut client = knock(&server, "joe").await;
    let (request, arguments) = question(&mut authenticator).await;
    assert_eq!(arguments[0], "realm1");
    assert_eq!(arguments[1], "joe");
    assert_eq!(arguments[2]["ticket"], "secret!!!");
    assert_eq!(arguments[2]["authmethod"], "ticket");
    assert_eq!(arguments[2]["transport"]["channel_framing"], "rawsocket");
    let principal = json!({"authid": "JOE", "role": "anonymous", "extra": {"n": 1}});
    let answer = json!([70, request, {}, [principal]]).to_string();
    authenticator.send(&answer).await;
    let welcome = client.receive().await;
    assert_eq!(welcome[0], 2, "{welcome}");
    assert_eq!(arguments[2]["session"], welcome[1]);
    let details = &welcome[2];
    assert_eq!(details["authid"], "JOE");
    assert_eq!(details["authprovider"], "dynamic");
    assert_eq!(details["authextra"], json!({"n": 1}));
    // The router's own session is none of the realm's.
    let count = client.ask(r#"[48,1,{},"wamp.session.count"]"#).await;
    assert_eq!(count[3], json!([2]));
    server.sessions(2).await;
    soon(server.router.stop_realm(&REALM, Duration::from_secs(5)))
        .await
        .unwrap_or_default();
}

#[tokio::test]
async fn a12_an_authenticators_error_refuses_a_client() {
    let server = server(Duration::from_secs(10));
    let mut authenticator = authenticator(&server).await;
    for (answer, told) in [
        (
            json!([8, 68, 0, {}, "com.example.no", ["go away"]]),
            ("com.example.no", "go away"),
        ),
        (
            json!([70, 0, {}, ["trusted"]]),
            (
                "wamp.error.authentication_failed",
                "the authenticator's answer is invalid",
            ),
        ),
        (
            json!([70, 0, {}, ["nobody"]]),
            (
                "wamp.error.no_such_role",
                "no role \"nobody\" exists on realm \"realm1\"",
            ),
        ),
        (
            json!([70, 0, {}, [{"role": "anonymous", "realm": "realm9"}]]),
            (
                "wamp.error.authentication_failed",
                "the authenticator's answer is invalid",
            ),
        ),
        (
            json!([70, 0, {}, []]),
            (
                "wamp.error.authentication_failed",
                "the authenticator's answer is invalid",
            ),
        ),
    ] {
        let mut client = knock(&server, "joe").await;
        let (request, _) = question(&mut authenticator).await;
        let mut answer = answer;
        let place = if answer[0] == 8 { 2 } else { 1 };
        answer[place] = request;
        authenticator.send(&answer.to_string()).await;
        let (reason, message) = client.aborted().await;
        assert_eq!((reason.as_str(), message.as_str()), told);
    }
}

#[tokio::test]
async fn a12_nobody_is_asked_about_a_client_that_has_gone() {
    let server = server(Duration::from_secs(3600));
    let mut authenticator = Raw::connect(server.address).await;
    let roles = json!({"callee": {"features": {"call_canceling": true}}, "subscriber": {}});
    let hello = json!([1, "realm1", {"roles": roles}]).to_string();
    assert_eq!(authenticator.ask(&hello).await[0], 2);
    for request in [
        r#"[64,1,{},"com.example.auth"]"#,
        r#"[32,2,{},"wamp.session.on_join"]"#,
    ] {
        authenticator.ask(request).await;
    }
    let client = knock(&server, "joe").await;
    let (request, _) = question(&mut authenticator).await;
    drop(client);
    let interrupt = authenticator.receive().await;
    assert_eq!((&interrupt[0], &interrupt[1]), (&json!(69), &request));
    let gone = async {
        while server.router.statistics().connections_open > 1 {
            tokio::task::yield_now().await;
        }
    };
    soon(gone).await;
    // What it answers lets nobody in.
    let late = json!([70, request, {}, ["anonymous"]]).to_string();
    authenticator.send(&late).await;
    let mut client = knock(&server, "ann").await;
    let (request, arguments) = question(&mut authenticator).await;
    assert_eq!(arguments[1], "ann");
    let answer = json!([70, request, {}, ["anonymous"]]).to_string();
    authenticator.send(&answer).await;
    assert_eq!(client.receive().await[0], 2);
    let joined = authenticator.receive().await;
    assert_eq!(joined[4][0]["authid"], "ann", "{joined}");
}

#[tokio::test]
async fn a12_a_missing_or_silent_authenticator_refuses_clients() {
    let server = server(Duration::from_millis(300));
    let unavailable = (
        "wamp.error.authentication_failed".to_owned(),
        "the authenticator is not available".to_owned(),
    );
    let mut client = knock(&server, "joe").await;
    assert_eq!(client.aborted().await, unavailable);
    let mut silent = authenticator(&server).await;
    let mut client = knock(&server, "joe").await;
    question(&mut silent).await;
    assert_eq!(client.aborted().await, unavailable);
    // It goes while a client waits.
    let mut client = knock(&server, "joe").await;
    question(&mut silent).await;
    drop(silent);
    assert_eq!(client.aborted().await, unavailable);
    server.sessions(0).await;
}

#[tokio::test(start_paused = true)]
async fn a12_what_an_authenticator_takes_is_not_the_clients_time() {
    let server = server(Duration::from_secs(60));
    let mut authenticator = authenticator(&server).await;
    let mut client = knock(&server, "joe").await;
    let (request, _) = question(&mut authenticator).await;
    // More than the ten seconds that the client has.
    tokio::time::sleep(Duration::from_secs(25)).await;
    let answer = json!([70, request, {}, ["anonymous"]]).to_string();
    authenticator.send(&answer).await;
    assert_eq!(client.receive().await[0], 2);
    assert_eq!(server.router.statistics().sessions_late, 0);
}

#[tokio::test]
async fn a12_many_clients_without_an_authenticator_are_not_held_up() {
    let server = server(Duration::from_secs(10));
    for _ in 0..20 {
        let mut client = knock(&server, "joe").await;
        let (reason, _) = client.aborted().await;
        assert_eq!(reason, "wamp.error.authentication_failed");
    }
    assert_eq!(server.router.statistics().authentications_failed, 0);
}
