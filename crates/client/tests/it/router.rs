//! The client and the real router, on every transport with every serializer.

use std::sync::Arc;
use std::time::Duration;

use crossbar_client::{
    Arguments, Auth, CallOptions, CancelMode, CloseReason, Failure, Format, Interrupts, Invocation,
    Options, PublishOptions, Reconnect, RegisterOptions, RequestError, Session, SubscribeOptions,
    Target, Value, connect,
};
use crossbar_config::{Surroundings, read_realm, read_transport};
use crossbar_net::{Address, Listener, Router, listen};
use serde_json::json;

use crate::script::soon;

/// A router with one realm.
pub(crate) fn router() -> Arc<Router> {
    let allow = json!({"call": true, "register": true, "publish": true, "subscribe": true});
    let permissions = json!([{"uri": "", "match": "prefix", "allow": allow}]);
    let item = json!({
        "name": "realm1",
        "roles": [
            {"name": "anonymous", "permissions": permissions},
            {"name": "user", "permissions": permissions},
        ],
    });
    let realm = read_realm(item, &Surroundings::default()).unwrap();
    let router = Router::new();
    let roles = realm.roles.into_iter().map(|role| role.config);
    router
        .start_realm(&realm.name, realm.options, roles)
        .unwrap();
    router
}

fn auth() -> serde_json::Value {
    json!({
        "anonymous": {"type": "static", "role": "anonymous"},
        "ticket": {"type": "static", "principals": {"joe": {"ticket": "sesame", "role": "user"}}},
        "wampcra": {"type": "static", "users": {
            "plain": {"secret": "secret1", "role": "user"},
            "salted": {
                "secret": "secret2", "role": "user", "salt": "pepper", "iterations": 100, "keylen": 32
            },
        }},
    })
}

/// Starts a transport; gives where it is.
fn transport(router: &Arc<Router>, framing: &str, port: u16) -> (Listener, Target) {
    transport_with(router, framing, port, ("ubjson", json!("bjdata")))
}

/// Starts a transport with one more key.
pub(crate) fn transport_with(
    router: &Arc<Router>,
    framing: &str,
    port: u16,
    (key, value): (&str, serde_json::Value),
) -> (Listener, Target) {
    let mut item = json!({
        "type": framing,
        "endpoint": {"type": "tcp", "port": port, "interface": "127.0.0.1"},
        "auth": auth(),
    });
    item[key] = value;
    if framing == "websocket" {
        item["options"] = json!({"compression": {"deflate": {}}});
    }
    let transport = read_transport(item, &Surroundings::default()).unwrap();
    let listener = listen(&transport, router, None).unwrap();
    let Address::Tcp(address) = listener.local_address() else {
        unreachable!("the endpoint is tcp");
    };
    let scheme = if framing == "websocket" { "ws" } else { "rs" };
    let target = format!("{scheme}://{address}").parse().unwrap();
    (listener, target)
}

fn options(format: Format) -> Options {
    Options {
        formats: vec![format],
        ..Options::realm("realm1")
    }
}

async fn callee(session: &Session) {
    let add = async |call: Invocation| {
        let (a, b): (i64, i64) = call.args()?;
        Ok::<_, Failure>(Value::from(a + b))
    };
    let count = async |call: Invocation| {
        let (to,): (i64,) = call.args()?;
        for step in 1..to {
            call.progress(Value::from(step)).await?;
        }
        Ok::<_, Failure>(Value::from(to))
    };
    let wait = async |_: Invocation| std::future::pending::<Result<(), Failure>>().await;
    let echo = async |call: Invocation| Ok::<_, Failure>(call.content);
    let plain = RegisterOptions::default();
    session.register("com.add", plain, add).await.unwrap();
    session.register("com.count", plain, count).await.unwrap();
    session.register("com.wait", plain, wait).await.unwrap();
    session.register("com.echo", plain, echo).await.unwrap();
}

async fn caller(session: &Session) {
    assert_eq!(session.call::<i64>("com.add", &(2, 3)).await.unwrap(), 5);
    let error = session.call::<i64>("com.add", "x").await.unwrap_err();
    assert_eq!(error.uri(), Some("wamp.error.invalid_argument"));
    let error = session.call::<i64>("com.none", &()).await.unwrap_err();
    assert_eq!(error.uri(), Some("wamp.error.no_such_procedure"));

    let long = Value::Binary("long ".repeat(50_000).into_bytes());
    let arguments = Arguments::from(long.clone());
    let mut call = session
        .call_with("com.echo", arguments, CallOptions::default())
        .await
        .unwrap();
    assert_eq!(soon(call.result()).await.unwrap().values().unwrap(), [long]);

    let stepwise = CallOptions {
        receive_progress: true,
        ..CallOptions::default()
    };
    let arguments = Arguments::positional(&(100,)).unwrap();
    let mut call = session
        .call_with("com.count", arguments, stepwise)
        .await
        .unwrap();
    for step in 1..100 {
        let content = soon(call.progress()).await.unwrap();
        assert_eq!(content.single::<i64>().unwrap(), step);
    }
    assert!(soon(call.progress()).await.is_none());
    assert_eq!(
        soon(call.result()).await.unwrap().single::<i64>().unwrap(),
        100
    );

    for mode in [CancelMode::Skip, CancelMode::Kill, CancelMode::KillNoWait] {
        let mut call = session
            .call_with("com.wait", (), CallOptions::default())
            .await
            .unwrap();
        call.cancel(mode).await.unwrap();
        let error = soon(call.result()).await.unwrap_err();
        assert_eq!(error.uri(), Some("wamp.error.canceled"), "{mode:?}");
    }
    let brief = CallOptions {
        timeout: Some(Duration::from_millis(20)),
        ..CallOptions::default()
    };
    let mut call = session.call_with("com.wait", (), brief).await.unwrap();
    let error = soon(call.result()).await.unwrap_err();
    assert_eq!(error.uri(), Some("wamp.error.timeout"));
}

async fn events(publisher: &Session, subscriber: &Session) {
    let mut events = subscriber
        .subscribe("com.topic", SubscribeOptions::default())
        .await
        .unwrap();
    for number in 0..100 {
        publisher.publish("com.topic", &(number,)).await.unwrap();
    }
    let acknowledged = PublishOptions {
        acknowledge: true,
        ..PublishOptions::default()
    };
    let last = Arguments::positional(&(100,)).unwrap();
    let publication = publisher
        .publish_with("com.topic", last, acknowledged)
        .await
        .unwrap();
    for number in 0..=100 {
        let event = soon(events.next()).await.unwrap();
        assert_eq!(event.args::<(i64,)>().unwrap().0, number);
        assert_eq!(publication == Some(event.publication), number == 100);
    }
    events.unsubscribe().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_works_between_all_transports_and_serializers() {
    let router = router();
    let (_websocket, ws) = transport(&router, "websocket", 0);
    let (_rawsocket, rs) = transport(&router, "rawsocket", 0);
    for here in [&ws, &rs] {
        for format in Format::OFFERED {
            let callee_session = connect(here, options(format)).await.unwrap();
            callee(&callee_session).await;
            for there in [&ws, &rs] {
                for format in Format::OFFERED {
                    let mut options = options(format);
                    options.deflate = format == Format::Json;
                    let caller_session = connect(there, options).await.unwrap();
                    caller(&caller_session).await;
                    events(&caller_session, &callee_session).await;
                    soon(caller_session.leave()).await;
                }
            }
            soon(callee_session.leave()).await;
        }
    }
    assert_eq!(router.sessions(&"realm1".into()).unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f04_the_older_ubjson_is_served_where_the_transport_says_so() {
    let router = router();
    let older = || ("ubjson", json!("draft12"));
    let (_websocket, ws) = transport_with(&router, "websocket", 0, older());
    let (_rawsocket, rs) = transport_with(&router, "rawsocket", 0, older());
    let (_newer, newer) = transport(&router, "rawsocket", 0);
    for older in [&ws, &rs] {
        for (there, format) in [
            (older, Format::Ubjson),
            (older, Format::MsgPack),
            (&newer, Format::Bjdata),
        ] {
            let callee_session = connect(older, options(Format::Ubjson)).await.unwrap();
            callee(&callee_session).await;
            let caller_session = connect(there, options(format)).await.unwrap();
            caller(&caller_session).await;
            events(&caller_session, &callee_session).await;
            soon(caller_session.leave()).await;
            soon(callee_session.leave()).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f05_flatbuffers_reaches_every_other_serializer() {
    let router = router();
    let all = || {
        (
            "serializers",
            json!(["flatbuffers", "json", "cbor", "msgpack", "ubjson"]),
        )
    };
    let (_websocket, ws) = transport_with(&router, "websocket", 0, all());
    let (_rawsocket, rs) = transport_with(&router, "rawsocket", 0, all());
    let others = Format::OFFERED.into_iter().chain([Format::FlatBuffers]);
    let pairs =
        others.flat_map(|other| [(other, Format::FlatBuffers), (Format::FlatBuffers, other)]);
    for (here, (callee_format, caller_format)) in [&ws, &rs].into_iter().cycle().zip(pairs) {
        let callee_session = connect(here, options(callee_format)).await.unwrap();
        callee(&callee_session).await;
        let caller_session = connect(&rs, options(caller_format)).await.unwrap();
        caller(&caller_session).await;
        events(&caller_session, &callee_session).await;
        soon(caller_session.leave()).await;
        soon(callee_session.leave()).await;
    }
}

/// A ticket and an unsalted challenge fit into what the schema has; a salted challenge does not, and the client is told.
#[tokio::test]
async fn f05_a02_a03_flatbuffers_authenticates_as_far_as_the_schema_goes() {
    let router = router();
    let named = ("serializers", json!(["flatbuffers"]));
    let (_rawsocket, rs) = transport_with(&router, "rawsocket", 0, named);
    let wrong = Some("wamp.error.not_authorized");
    let told = Some("wamp.error.authentication_failed");
    for (authid, auth, refusal) in [
        ("joe", Auth::Ticket("sesame".into()), None),
        ("joe", Auth::Ticket("simsim".into()), wrong),
        ("plain", Auth::Wampcra("secret1".into()), None),
        ("plain", Auth::Wampcra("secret2".into()), wrong),
        ("salted", Auth::Wampcra("secret2".into()), told),
    ] {
        let options = Options {
            authid: Some(authid.to_owned()),
            auth: vec![auth],
            ..options(Format::FlatBuffers)
        };
        let session = connect(&rs, options).await;
        let Some(reason) = refusal else {
            let session = session.unwrap();
            let details = session.details().unwrap();
            assert_eq!(details.authid.as_deref(), Some(authid));
            assert_eq!(details.authrole.as_deref(), Some("user"));
            continue;
        };
        let error = session.expect_err(authid).to_string();
        assert!(error.contains(reason), "{authid}: {error}");
    }
}

#[tokio::test]
async fn every_way_to_authenticate_works() {
    let router = router();
    let (_websocket, ws) = transport(&router, "websocket", 0);
    let (_rawsocket, rs) = transport(&router, "rawsocket", 0);
    for target in [&ws, &rs] {
        for (authid, auth, good) in [
            ("joe", Auth::Ticket("sesame".into()), true),
            ("joe", Auth::Ticket("simsim".into()), false),
            ("eve", Auth::Ticket("sesame".into()), false),
            ("plain", Auth::Wampcra("secret1".into()), true),
            ("plain", Auth::Wampcra("secret2".into()), false),
            ("salted", Auth::Wampcra("secret2".into()), true),
            ("salted", Auth::Wampcra("secret1".into()), false),
        ] {
            let method = format!("{auth:?}");
            let options = Options {
                authid: Some(authid.to_owned()),
                auth: vec![auth],
                ..options(Format::Cbor)
            };
            let session = connect(target, options).await;
            assert_eq!(session.is_ok(), good, "{authid} {method}");
            if let Ok(session) = session {
                let details = session.details().unwrap();
                assert_eq!(details.authid.as_deref(), Some(authid));
                assert_eq!(details.authrole.as_deref(), Some("user"));
            }
        }
    }
}

#[tokio::test]
async fn a_callee_that_delivers_interrupts_can_answer_in_its_way() {
    let router = router();
    let (_rawsocket, rs) = transport(&router, "rawsocket", 0);
    let session = connect(&rs, options(Format::MsgPack)).await.unwrap();
    let deliver = RegisterOptions {
        interrupts: Interrupts::Deliver,
        ..RegisterOptions::default()
    };
    let handler = async |call: Invocation| {
        call.interrupted().await;
        Ok::<_, Failure>(Value::from("half done"))
    };
    session
        .register("com.work", deliver, handler)
        .await
        .unwrap();
    let mut call = session
        .call_with("com.work", (), CallOptions::default())
        .await
        .unwrap();
    call.cancel(CancelMode::Kill).await.unwrap();
    assert_eq!(
        soon(call.result())
            .await
            .unwrap()
            .single::<String>()
            .unwrap(),
        "half done"
    );
}

#[tokio::test]
async fn a_session_comes_back_when_the_router_does() {
    let first = router();
    let (_listener, target) = transport(&first, "rawsocket", 0);
    let crossbar_client::Address::Tcp { port, .. } = target.address else {
        unreachable!("the target is TCP");
    };
    let mut options = options(Format::MsgPack);
    options.reconnect = Some(Reconnect {
        first: Duration::from_millis(20),
        factor: 1,
        ..Reconnect::default()
    });
    let session = connect(&target, options).await.unwrap();
    callee(&session).await;
    let mut events = session
        .subscribe("com.topic", SubscribeOptions::default())
        .await
        .unwrap();
    first.drain(Duration::from_secs(5)).await;
    let second = router();
    let (_listener, target) = transport(&second, "rawsocket", port);
    let other = connect(&target, Options::realm("realm1")).await.unwrap();
    soon(async {
        while !matches!(other.call::<i64>("com.add", &(1, 1)).await, Ok(2)) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let acknowledged = PublishOptions {
        acknowledge: true,
        ..PublishOptions::default()
    };
    soon(async {
        loop {
            let published = other
                .publish_with("com.topic", (), acknowledged.clone())
                .await;
            published.unwrap();
            tokio::select! {
                biased;
                event = events.next() => break assert!(event.is_some()),
                () = tokio::task::yield_now() => {}
            }
        }
    })
    .await;
    second.drain(Duration::from_secs(5)).await;
    assert!(matches!(
        soon(other.closed()).await,
        CloseReason::Goodbye { .. }
    ));
    let error = other.call::<()>("com.add", &()).await.unwrap_err();
    assert!(matches!(error, RequestError::NotConnected));
}
