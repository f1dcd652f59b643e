//! How sessions, realms and routers end.

use std::time::Duration;

use crossbar_core::RealmOptions;
use crossbar_net::{RealmError, Router};
use crossbar_wire::Text;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::peer::{HELLO, Raw, Web, dial, soon, to_end};
use crate::server::{REALM, Server};

/// Opens a connection and sends its handshake, HELLO and `message` at once, reading nothing.
async fn barge_in(server: &Server, message: &str) -> TcpStream {
    let mut octets = vec![0x7f, 0xf1, 0, 0];
    for message in [HELLO, message] {
        octets.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
        octets.extend_from_slice(message.as_bytes());
    }
    let mut stream = dial(server.address).await;
    soon(stream.write_all(&octets)).await.unwrap();
    stream
}

/// Checks that the realm holds nothing any more.
async fn nothing_is_left(server: &Server) {
    server.sessions(0).await;
    let tables = server
        .router
        .inspect(&REALM, crossbar_core::Realm::statistics)
        .unwrap();
    assert_eq!(tables, crossbar_core::Statistics::default());
}

#[tokio::test]
async fn r09_callees_that_drop_end_their_calls() {
    let server = Server::start();
    let mut caller = Raw::join(server.address).await;
    for round in 0..20_u32 {
        let mut callees = Vec::new();
        for callee in 0..50 {
            let register = format!(r#"[64,1,{{}},"com.example.slow.{callee}"]"#);
            let mut raw = Raw {
                stream: barge_in(&server, &register).await,
            };
            let mut reply = [0; 4];
            soon(raw.stream.read_exact(&mut reply)).await.unwrap();
            assert_eq!(raw.receive().await[0], 2);
            assert_eq!(raw.receive().await[0], 65);
            let request = round * 50 + callee + 1;
            let call = format!(r#"[48,{request},{{}},"com.example.slow.{callee}"]"#);
            caller.send(&call).await;
            assert_eq!(raw.receive().await[0], 68);
            callees.push(raw);
        }
        drop(callees);
        for _ in 0..50 {
            let error = caller.receive().await;
            assert_eq!(error[0], 8, "{error}");
        }
    }
    caller.leave().await;
    nothing_is_left(&server).await;
}

#[tokio::test]
async fn r08_ten_thousand_callers_that_drop_leave_nothing_behind() {
    let server = Server::start();
    let mut callee = Raw::join(server.address).await;
    assert_eq!(callee.ask(r#"[64,1,{},"com.example.slow"]"#).await[0], 65);
    for _ in 0..100 {
        let mut callers = Vec::new();
        for _ in 0..100 {
            callers.push(barge_in(&server, r#"[48,1,{},"com.example.slow"]"#).await);
        }
        let mut invocations = Vec::new();
        for _ in 0..100 {
            let invocation = callee.receive().await;
            assert_eq!(invocation[0], 68, "{invocation}");
            invocations.push(invocation[1].clone());
        }
        drop(callers);
        server.sessions(1).await;
        let pending = server
            .router
            .inspect(&REALM, |realm| realm.statistics().calls)
            .unwrap();
        assert_eq!(pending, 0);
        for invocation in invocations {
            callee.send(&format!("[70,{invocation},{{}}]")).await;
        }
    }
    callee.leave().await;
    nothing_is_left(&server).await;
}

#[tokio::test]
async fn s09_a_stopped_realm_says_goodbye() {
    let server = Server::start();
    let mut polite = Raw::join(server.address).await;
    let mut deaf = Raw::join(server.address).await;
    let router = server.router.clone();
    let stopped =
        tokio::spawn(async move { router.stop_realm(&REALM, Duration::from_secs(1)).await });
    let goodbye = polite.receive().await;
    assert_eq!(
        (&goodbye[0], &goodbye[2]),
        (&6.into(), &"wamp.close.close_realm".into())
    );
    polite.send(r#"[6,{},"wamp.close.goodbye_and_out"]"#).await;
    assert_eq!(deaf.receive().await[0], 6);
    to_end(&mut deaf.stream).await;
    soon(stopped).await.unwrap().unwrap();
    assert!(server.router.realms().is_empty());
    let mut late = Raw::connect(server.address).await;
    late.send(HELLO).await;
    assert_eq!(late.aborted().await.0, "wamp.error.no_such_realm");
    let again = server
        .router
        .stop_realm(&REALM, Duration::from_secs(1))
        .await;
    assert_eq!(again, Err(RealmError::Unknown(REALM)));
}

#[tokio::test]
async fn a_router_drains() {
    let server = Server::start();
    let mut raw = Raw::join(server.address).await;
    let mut web = Web::join(server.address).await;
    let mut unspoken = Raw::connect(server.address).await;
    let mut silent = dial(server.address).await;
    let router = server.router.clone();
    let drained = tokio::spawn(async move { router.drain(Duration::from_secs(5)).await });
    let goodbye = raw.receive().await;
    assert_eq!(goodbye[2], "wamp.close.system_shutdown");
    raw.send(r#"[6,{},"wamp.close.goodbye_and_out"]"#).await;
    assert_eq!(to_end(&mut raw.stream).await, b"");
    assert_eq!(web.receive().await[0], 6);
    web.send(r#"[6,{},"wamp.close.goodbye_and_out"]"#).await;
    assert_eq!(web.closed().await.0, 1001);
    drop((raw, web));
    to_end(&mut unspoken.stream).await;
    drop(unspoken);
    to_end(&mut silent).await;
    soon(drained).await.unwrap();
    assert_eq!(server.router.statistics().connections_open, 0);
    assert!(
        tokio::net::TcpStream::connect(server.address)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_realm_starts_once() {
    let router = Router::new();
    let name = Text::from_static("realm1");
    router
        .start_realm(&name, RealmOptions::default(), [])
        .unwrap();
    assert_eq!(
        router.start_realm(&name, RealmOptions::default(), []),
        Err(RealmError::Exists(name))
    );
}

#[tokio::test]
async fn what_a_peer_has_coming_is_written_after_it_stopped_sending() {
    let server = Server::start();
    let mut raw = Raw::join(server.address).await;
    raw.send(r#"[6,{},"wamp.close.close_realm"]"#).await;
    raw.stream.shutdown().await.unwrap();
    assert_eq!(raw.receive().await[0], 6);
    assert_eq!(to_end(&mut raw.stream).await, b"");
}
