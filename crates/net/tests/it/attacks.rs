//! Sessions that want what is another's.

use std::collections::BTreeMap;

use crossbar_config::{Deflate, TransportKind, WebSocketOptions};
use crossbar_core::{
    Access, Authorization, Limits, MethodConfig, RealmOptions, RoleConfig, Secret, WampCraPrincipal,
};
use crossbar_wire::Text;
use crossbar_wire::auth::wampcra;
use crossbar_wire::websocket::{Deflate as Agreed, MessageKind, Outgoing, Side, put_message};
use serde_json::Value;
use tokio::io::AsyncWriteExt;

use crate::peer::{HELLO, Raw, soon, to_end, upgrade};
use crate::server::{Server, rawsocket, universal, websocket};

/// Calls a callee's procedure; gives the callee's id of the invocation.
async fn invoked(caller: &mut Raw, callee: &mut Raw, options: &str) -> (Value, Value) {
    assert_eq!(callee.ask(r#"[64,1,{},"com.example.add"]"#).await[0], 65);
    caller
        .send(&format!(r#"[48,1,{options},"com.example.add"]"#))
        .await;
    let invocation = callee.receive().await;
    assert_eq!(invocation[0], 68, "{invocation}");
    (invocation[1].clone(), invocation[3].clone())
}

#[tokio::test]
async fn nobody_answers_anothers_invocation() {
    let server = Server::start();
    for answer in [
        |id: &Value| format!(r#"[70,{id},{{}},["forged"]]"#),
        |id: &Value| format!(r#"[8,68,{id},{{}},"com.example.forged"]"#),
    ] {
        let mut alice = Raw::join(server.address).await;
        let mut bob = Raw::join(server.address).await;
        let mut eve = Raw::join(server.address).await;
        let (id, _) = invoked(&mut alice, &mut bob, "{}").await;
        eve.send(&answer(&id)).await;
        bob.send(&format!(r#"[70,{id},{{}},["true"]]"#)).await;
        let result = alice.receive().await;
        assert_eq!((&result[0], &result[3][0]), (&50.into(), &"true".into()));
        bob.leave().await;
    }
}

#[tokio::test]
async fn nobody_says_for_whom_it_calls_or_publishes() {
    let server = Server::start();
    let mut alice = Raw::connect(server.address).await;
    let forged = r#""authid":"admin","authrole":"trusted","authmethod":"ticket","authprovider":"x","session":1,"transport":{"peer":"x"}"#;
    let welcome = alice
        .ask(&HELLO.replacen(r#""roles""#, &format!(r#"{forged},"roles""#), 1))
        .await;
    assert_eq!(welcome[2]["authrole"], "anonymous");
    assert_ne!(welcome[2]["authid"], "admin");
    let session = welcome[1].clone();
    assert_ne!(session, 1);

    let mut bob = Raw::join(server.address).await;
    let options = r#"{"caller":1,"caller_authid":"admin","caller_authrole":"trusted","trustlevel":9,
        "forward_for":[{"session":1,"authid":"admin","authrole":"trusted"}],"disclose_me":true}"#;
    let (_, details) = invoked(&mut alice, &mut bob, options).await;
    assert_eq!(details["caller"], session);
    assert_eq!(details["caller_authrole"], "anonymous");
    assert!(!details.to_string().contains("admin"), "{details}");

    assert_eq!(bob.ask(r#"[32,2,{},"com.example.topic"]"#).await[0], 33);
    let options = options.replace("caller", "publisher");
    alice
        .send(&format!(r#"[16,2,{options},"com.example.topic"]"#))
        .await;
    let event = bob.receive().await;
    assert_eq!(event[3]["publisher"], session);
    assert!(!event.to_string().contains("admin"), "{event}");
}

/// A server whose clients sign challenges.
fn signing() -> Server {
    let secret = Some(Secret::new(Text::from_static("secret")));
    let principal = WampCraPrincipal::new(secret, Text::from_static("anonymous"), None);
    let users = BTreeMap::from([(Text::from_static("joe"), principal)]);
    let mut raw = rawsocket();
    raw.access = Access::Methods(vec![MethodConfig::WampCra(users)]);
    Server::with(TransportKind::RawSocket(raw))
}

/// Says HELLO as joe, and gives the answer to the challenge that comes.
async fn challenged(raw: &mut Raw) -> String {
    let hello = HELLO.replacen(
        r#""roles""#,
        r#""authmethods":["wampcra"],"authid":"joe","roles""#,
        1,
    );
    let challenge = raw.ask(&hello).await;
    assert_eq!(challenge[0], 4, "{challenge}");
    let text = challenge[2]["challenge"].as_str().unwrap();
    let signature = wampcra::sign(b"secret", text.as_bytes());
    format!(r#"[5,"{signature}",{{}}]"#)
}

#[tokio::test]
async fn an_answer_to_a_challenge_counts_once_and_on_its_connection() {
    let server = signing();
    let mut joe = Raw::connect(server.address).await;
    let answer = challenged(&mut joe).await;
    let mut eve = Raw::connect(server.address).await;
    challenged(&mut eve).await;
    eve.send(&answer).await;
    assert_eq!(eve.aborted().await.0, "wamp.error.not_authorized");
    assert_eq!(joe.ask(&answer).await[0], 2);
    // Once more on the same connection, within the session and after it.
    joe.send(&answer).await;
    assert_eq!(joe.aborted().await.0, "wamp.error.protocol_violation");
    let mut joe = Raw::connect(server.address).await;
    let answer = challenged(&mut joe).await;
    assert_eq!(joe.ask(&answer).await[0], 2);
    assert_eq!(joe.ask(r#"[6,{},"wamp.close.close_realm"]"#).await[0], 6);
    challenged(&mut joe).await;
    joe.send(&answer).await;
    assert_eq!(joe.aborted().await.0, "wamp.error.not_authorized");
}

/// A server with two realms, and a session in each.
async fn two_realms() -> (Server, Raw, Value, Raw) {
    let server = Server::start();
    let role = RoleConfig {
        name: Text::from_static("anonymous"),
        authorization: Authorization::Always(true),
        trustlevel: None,
        limits: Limits::default(),
        max_sessions: None,
    };
    let other = Text::from_static("realm2");
    (server.router)
        .start_realm(&other, RealmOptions::default(), [role])
        .unwrap();
    let mut alice = Raw::connect(server.address).await;
    let session = alice.ask(HELLO).await[1].clone();
    let mut eve = Raw::connect(server.address).await;
    assert_eq!(eve.ask(&HELLO.replace("realm1", "realm2")).await[0], 2);
    (server, alice, session, eve)
}

#[tokio::test]
async fn nothing_leaks_into_another_realm() {
    let (_server, mut alice, session, mut eve) = two_realms().await;
    let subscribed = alice.ask(r#"[32,1,{},"com.example.topic"]"#).await[2].clone();
    let registered = alice.ask(r#"[64,2,{},"com.example.add"]"#).await[2].clone();
    let retain = r#"[16,3,{"retain":true,"exclude_me":false,"acknowledge":true},"com.example.kept",["secret"]]"#;
    assert_eq!(alice.ask(retain).await[0], 17);

    for (request, (procedure, argument)) in (1..).zip([
        ("com.example.add", "1".to_owned()),
        ("wamp.session.get", session.to_string()),
        ("wamp.session.kill", session.to_string()),
        ("wamp.subscription.get", subscribed.to_string()),
        ("wamp.subscription.list_subscribers", subscribed.to_string()),
        ("wamp.subscription.get_events", subscribed.to_string()),
        ("wamp.registration.get", registered.to_string()),
        ("wamp.registration.list_callees", registered.to_string()),
        (
            "wamp.registration.remove_callee",
            format!("{registered},{session}"),
        ),
        (
            "wamp.subscription.remove_subscriber",
            format!("{subscribed},{session}"),
        ),
    ]) {
        let answer = eve
            .ask(&format!(
                r#"[48,{request},{{}},"{procedure}",[{argument}]]"#
            ))
            .await;
        assert_eq!(answer[0], 8, "{procedure}: {answer}");
    }
    let list = eve.ask(r#"[48,20,{},"wamp.session.list"]"#).await;
    assert!(
        !list[3].to_string().contains(&session.to_string()),
        "{list}"
    );
    let kill = eve.ask(r#"[48,21,{},"wamp.session.kill_all"]"#).await;
    assert_eq!((&kill[0], &kill[3][0]), (&50.into(), &0.into()), "{kill}");
    let wide = eve
        .ask(r#"[32,22,{"match":"prefix","get_retained":true},"com"]"#)
        .await;
    assert_eq!(wide[0], 33);
    let publish = r#"[16,23,{"acknowledge":true},"com.example.topic",["forged"]]"#;
    assert_eq!(eve.ask(publish).await[0], 17);
    // What comes next on either side is what each asked for: no event came over.
    let kept = alice
        .ask(r#"[16,4,{"acknowledge":true},"com.example.other"]"#)
        .await;
    assert_eq!(kept[0], 17);
    assert_eq!(
        eve.ask(r#"[16,24,{"acknowledge":true},"org.example"]"#)
            .await[0],
        17
    );
}

#[tokio::test]
async fn testaments_stay_in_their_realm() {
    let (server, mut alice, _, mut eve) = two_realms().await;
    assert_eq!(alice.ask(r#"[32,1,{},"com.example.topic"]"#).await[0], 33);
    let left = r#"[48,9,{},"wamp.session.add_testament",["com.example.topic",["alice's"],{}]]"#;
    assert_eq!(alice.ask(left).await[0], 50);
    let flush = r#"[48,18,{},"wamp.session.flush_testaments"]"#;
    let flushed = eve.ask(flush).await;
    assert_eq!((&flushed[0], &flushed[3][0]), (&50.into(), &0.into()));
    let mut mallory = Raw::connect(server.address).await;
    assert_eq!(mallory.ask(&HELLO.replace("realm1", "realm2")).await[0], 2);
    let left = left.replace("alice's", "forged");
    assert_eq!(mallory.ask(&left).await[0], 50);
    assert_eq!(eve.ask(r#"[32,19,{},"com.example.topic"]"#).await[0], 33);
    mallory.leave().await;
    let event = eve.receive().await;
    assert_eq!(event[4][0], "forged", "{event}");
    // What comes next to the other realm is what was asked for.
    let published = r#"[16,10,{"acknowledge":true},"com.example.other"]"#;
    assert_eq!(alice.ask(published).await[0], 17);
}

#[tokio::test]
async fn a_compressed_bomb_is_cut_off_at_the_longest_message() {
    let mut service = websocket();
    service.options = WebSocketOptions {
        deflate: Some(Deflate::default()),
        max_message_size: Some(1 << 20),
        ..WebSocketOptions::default()
    };
    let server = Server::with(universal(rawsocket(), service));
    let offer =
        "Sec-WebSocket-Protocol: wamp.2.json\r\nSec-WebSocket-Extensions: permessage-deflate\r\n";
    let (mut stream, _) = upgrade(server.address, "/ws", offer).await;
    let agreed = Agreed::agreed("permessage-deflate").unwrap();
    let mut compressor = agreed.compressor(Side::Client);
    let mut frame = Vec::new();
    let how = Outgoing {
        compressor: Some(&mut compressor),
        mask: Some(&mut || [1, 2, 3, 4]),
        fragment: None,
    };
    put_message(&mut frame, MessageKind::Text, &vec![b' '; 32 << 20], how);
    assert!(frame.len() < 1 << 16, "{} octets are sent", frame.len());
    soon(stream.write_all(&frame)).await.unwrap();
    let answer = to_end(&mut stream).await;
    let code = 1009_u16.to_be_bytes();
    assert!(answer.windows(2).any(|octets| octets == code), "{answer:?}");
    server.sessions(0).await;
}
