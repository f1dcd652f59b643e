//! The meta API, as far as it is the shell's.

use std::time::Duration;

use crossbar_core::{RealmOptions, StatisticsRule};
use serde_json::{Value, json};

use crate::peer::{Raw, Web};
use crate::server::{Server, rawsocket, universal, websocket};

#[tokio::test]
async fn m04_m06_a_connection_that_drops_is_named_in_every_event() {
    let server = Server::start();
    let mut watcher = Raw::join(server.address).await;
    let watch = r#"[32,1,{"match":"prefix"},"wamp."]"#;
    assert_eq!(watcher.ask(watch).await[0], 33);
    let mut victim = Raw::connect(server.address).await;
    let welcome = victim.ask(crate::peer::HELLO).await;
    let (id, authid) = (&welcome[1], &welcome[2]["authid"]);
    assert_eq!(victim.ask(r#"[32,1,{},"com.example.topic"]"#).await[0], 33);
    assert_eq!(victim.ask(r#"[64,2,{},"com.example.sum"]"#).await[0], 65);
    for _ in 0..5 {
        watcher.receive().await; // on_join, then on_create and on_subscribe, on_create and on_register
    }
    drop(victim);
    for topic in [
        "wamp.subscription.on_unsubscribe",
        "wamp.subscription.on_delete",
        "wamp.registration.on_unregister",
        "wamp.registration.on_delete",
        "wamp.session.on_leave",
    ] {
        let event = watcher.receive().await;
        assert_eq!((&event[3]["topic"], &event[4][0]), (&json!(topic), id));
        if topic == "wamp.session.on_leave" {
            assert_eq!(event[4], json!([id, authid, "anonymous"]));
        }
    }
    watcher.leave().await;
}

#[tokio::test]
async fn m02_a_session_says_what_it_comes_over_and_no_header() {
    let server = Server::start();
    let headers = "Sec-WebSocket-Protocol: wamp.2.json\r\nCookie: secret=1\r\n";
    let mut web = Web::connect(server.address, "/ws", headers).await;
    web.send(crate::peer::HELLO).await;
    let id = web.receive().await[1].clone();
    let port = web.stream.local_addr().unwrap().port();
    let mut raw = Raw::join(server.address).await;
    let details = raw
        .ask(&format!(r#"[48,1,{{}},"wamp.session.get",[{id}]]"#))
        .await[3][0]
        .clone();
    let transport = json!({
        "channel_type": "tcp",
        "channel_framing": "websocket",
        "channel_serializer": "json",
        "is_server": true,
        "is_secure": false,
        "peer": format!("tcp4:127.0.0.1:{port}"),
    });
    assert_eq!(details["transport"], transport);
    assert_eq!(details["authmethod"], "anonymous");
    assert!(!details.to_string().contains("secret"));
}

#[tokio::test]
async fn m03_a_killed_session_is_told_and_its_transport_goes_on() {
    let server = Server::start();
    let mut victim = Raw::connect(server.address).await;
    let id = victim.ask(crate::peer::HELLO).await[1].clone();
    let mut killer = Raw::join(server.address).await;
    let kill = format!(r#"[48,1,{{}},"wamp.session.kill",[{id}],{{"message":"go"}}]"#);
    assert_eq!(killer.ask(&kill).await[0], 50);
    assert_eq!(
        victim.receive().await,
        json!([6, {"message": "go"}, "wamp.close.killed"])
    );
    victim.send(r#"[6,{},"wamp.close.goodbye_and_out"]"#).await;
    assert_eq!(victim.ask(crate::peer::HELLO).await[0], 2);
    server.sessions(2).await;
}

fn metered(rule: StatisticsRule) -> Server {
    let options = RealmOptions {
        statistics: Some(rule),
        ..RealmOptions::default()
    };
    Server::with_options(universal(rawsocket(), websocket()), options)
}

/// A rule that tells nothing by itself but the end.
const AT_THE_END: StatisticsRule = StatisticsRule {
    rated_message_size: 16,
    after_rated_messages: None,
    after_duration: Some(Duration::from_secs(3600)),
    on_join: false,
    on_leave: true,
};

async fn statistics_of(watcher: &mut Raw, session: &Value) -> Value {
    loop {
        let event = watcher.receive().await;
        if event[0] == 36 && event[4][0]["session"] == *session {
            return event[4].clone();
        }
    }
}

#[tokio::test]
async fn the_traffic_of_a_session_is_told_at_its_end() {
    let server = metered(AT_THE_END);
    let mut watcher = Raw::join(server.address).await;
    let watch = r#"[32,1,{},"wamp.session.on_stats"]"#;
    assert_eq!(watcher.ask(watch).await[0], 33);
    let mut client = Raw::connect(server.address).await;
    let welcome = client.ask(crate::peer::HELLO).await;
    let call = r#"[48,1,{},"wamp.session.count"]"#;
    let result = client.ask(call).await.to_string();
    drop(client);
    let told = statistics_of(&mut watcher, &welcome[1]).await;
    let who = json!({
        "realm": "realm1",
        "session": welcome[1],
        "authid": welcome[2]["authid"],
        "authrole": "anonymous",
    });
    assert_eq!(told[0], who);
    let rated = call.len().div_ceil(16);
    let received = json!({"bytes": call.len(), "messages": 1, "rated_messages": rated});
    let stats = &told[1];
    assert_eq!(stats["received"], received);
    assert_eq!(stats["sent"]["messages"], 2); // WELCOME and RESULT
    assert!(stats["sent"]["bytes"].as_u64().unwrap() > u64::try_from(result.len()).unwrap());
    assert_eq!(stats["messages"], 3);
    assert_eq!(
        (&stats["cycle"], &stats["serializer"]),
        (&json!(1), &json!("json"))
    );
    assert_eq!(
        (&stats["first"], &stats["last"]),
        (&json!(true), &json!(true))
    );
    assert!(stats["timestamp"].as_u64().unwrap() > 1_700_000_000_000_000_000);
    assert!(stats["duration"].is_u64());
}

#[tokio::test]
async fn the_traffic_of_a_session_is_told_after_so_many_messages() {
    let server = metered(StatisticsRule {
        rated_message_size: 1 << 20,
        after_rated_messages: Some(4),
        after_duration: None,
        on_join: true,
        on_leave: true,
    });
    let mut watcher = Raw::join(server.address).await;
    let watch = r#"[32,1,{},"wamp.session.on_stats"]"#;
    assert_eq!(watcher.ask(watch).await[0], 33);
    let mut client = Raw::connect(server.address).await;
    let id = client.ask(crate::peer::HELLO).await[1].clone();
    let joined = statistics_of(&mut watcher, &id).await[1].clone();
    assert_eq!(
        (&joined["cycle"], &joined["first"]),
        (&json!(1), &json!(true))
    );
    for request in 1..=2 {
        let call = format!(r#"[48,{request},{{}},"wamp.session.count"]"#);
        assert_eq!(client.ask(&call).await[0], 50);
    }
    let second = statistics_of(&mut watcher, &id).await[1].clone();
    assert_eq!(
        (&second["cycle"], &second["first"], &second["last"]),
        (&json!(2), &json!(false), &json!(false))
    );
    assert!(second["rated_messages"].as_u64().unwrap() >= 4);
    client.leave().await;
    let last = statistics_of(&mut watcher, &id).await[1].clone();
    assert_eq!((&last["cycle"], &last["last"]), (&json!(3), &json!(true)));
}
