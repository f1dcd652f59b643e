//! Clients that send more than they may, or take their time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crossbar_config::{RawSocket, TransportKind, WebSocket, WebSocketOptions};
use crossbar_core::{
    Access, Authorization, Limits, MethodConfig, OverRate, Rate, RealmOptions, RoleConfig, Secret,
    StoredTicket, TicketPrincipal,
};
use crossbar_wire::Text;
use crossbar_wire::auth::password::PasswordHash;
use crossbar_wire::websocket::Incoming;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::peer::{HELLO, Raw, Web, dial, soon, to_end};
use crate::server::{REALM, Server, rawsocket, realm, transport, universal, websocket};

const JSON: &str = "Sec-WebSocket-Protocol: wamp.2.json\r\n";
const SUBSCRIBE: &str = r#"[32,1,{},"com.example.a"]"#;

/// A server of all protocols whose clients have these limits.
fn limited(limits: Limits) -> Server {
    Server::with(universal(
        RawSocket {
            limits: Arc::new(limits),
            ..rawsocket()
        },
        WebSocket {
            limits: Arc::new(limits),
            ..websocket()
        },
    ))
}

fn paced(rate: Rate) -> Limits {
    Limits {
        rate,
        ..Limits::default()
    }
}

/// Frames of RawSocket with messages that are answered.
fn publications(count: usize) -> Vec<u8> {
    let mut octets = Vec::new();
    for request in 1..=count {
        let message = format!(r#"[16,{request},{{"acknowledge":true}},"com.example.b"]"#);
        octets.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
        octets.extend_from_slice(message.as_bytes());
    }
    octets
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_too_fast_is_read_as_fast_as_it_may() {
    let server = limited(paced(Rate {
        messages: Some(100),
        burst: Some(2),
        ..Rate::default()
    }));
    let mut other = Raw::join(server.address).await;
    let mut fast = Raw::join(server.address).await;
    fast.stream.write_all(&publications(500)).await.unwrap();
    let start = Instant::now();
    for request in 1..=500 {
        assert_eq!(fast.receive().await[1], request);
        if request == 300 {
            assert_eq!(other.ask(SUBSCRIBE).await[0], 33, "others are not held up");
        }
    }
    let passed = start.elapsed();
    assert!(
        (2900..=3600).contains(&passed.as_millis()),
        "{passed:?} for 300 messages beyond the burst of 200"
    );
    assert!(server.router.statistics().paused >= 1);
    assert_eq!(server.router.statistics().expelled, 0);
    drop((other, fast));
    server.sessions(0).await;
}

#[tokio::test(start_paused = true)]
async fn octets_are_limited_as_messages_are() {
    let server = limited(paced(Rate {
        octets: Some(1000),
        ..Rate::default()
    }));
    let mut web = Web::join(server.address).await;
    let text = "x".repeat(5000);
    web.send(&format!(
        r#"[16,1,{{"acknowledge":true}},"com.example.b",["{text}"]]"#
    ))
    .await;
    assert_eq!(web.receive().await[0], 17, "a long message passes");
    let start = Instant::now();
    web.send(r#"[32,2,{},"com.example.a"]"#).await;
    assert_eq!(web.receive().await[0], 33);
    let passed = start.elapsed();
    assert!((3900..=4500).contains(&passed.as_millis()), "{passed:?}");
}

#[tokio::test]
async fn a_client_that_sends_too_fast_is_closed_if_configured() {
    let server = limited(paced(Rate {
        messages: Some(10),
        over: OverRate::Close,
        ..Rate::default()
    }));
    let mut other = Raw::join(server.address).await;
    let mut fast = Raw::join(server.address).await;
    fast.stream.write_all(&publications(100)).await.unwrap();
    let mut answers = 0;
    let last = loop {
        let message = fast.receive().await;
        if message[0] != 17 {
            break message;
        }
        answers += 1;
    };
    assert!((9..50).contains(&answers), "{answers}");
    assert_eq!(last[2], "crossbar.error.limit_exceeded");
    assert_eq!(to_end(&mut fast.stream).await, b"");
    let mut web = Web::join(server.address).await;
    for request in 1..=60 {
        web.send(&format!(r#"[16,{request},{{}},"com.example.b"]"#))
            .await;
    }
    assert_eq!(web.receive().await[2], "crossbar.error.limit_exceeded");
    assert!(matches!(web.next().await, Some(Incoming::Close(_))));
    server.sessions(1).await;
    assert_eq!(server.router.statistics().expelled, 2);
    assert_eq!(other.ask(SUBSCRIBE).await[0], 33);
}

/// Lets the role `anonymous` have this.
#[tokio::test(start_paused = true)]
async fn pings_are_paid_for_like_messages() {
    let server = limited(paced(Rate {
        messages: Some(100),
        ..Rate::default()
    }));
    let mut raw = Raw::join(server.address).await;
    let start = Instant::now();
    for _ in 0..500 {
        raw.send_frame(1, b"hi").await;
    }
    for _ in 0..500 {
        assert_eq!(raw.receive_frame().await, (2, b"hi".to_vec()));
    }
    let passed = start.elapsed();
    assert!((3900..=4600).contains(&passed.as_millis()), "{passed:?}");
}

fn set_role(server: &Server, limits: Limits, max_sessions: Option<usize>) {
    let role = RoleConfig {
        name: Text::from_static("anonymous"),
        authorization: Authorization::Always(true),
        trustlevel: None,
        limits,
        max_sessions,
    };
    server.router.set_role(&REALM, role).unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_stricter_of_transport_and_role_holds() {
    let server = limited(paced(Rate {
        messages: Some(1000),
        burst: Some(10),
        ..Rate::default()
    }));
    let role = Rate {
        messages: Some(10),
        burst: Some(1),
        ..Rate::default()
    };
    let limits = Limits {
        subscriptions: Some(1),
        ..paced(role)
    };
    set_role(&server, limits, None);
    let mut raw = Raw::join(server.address).await;
    raw.stream.write_all(&publications(20)).await.unwrap();
    let start = Instant::now();
    for _ in 1..=20 {
        assert_eq!(raw.receive().await[0], 17);
    }
    let passed = start.elapsed();
    assert!((900..=1300).contains(&passed.as_millis()), "{passed:?}");
    assert_eq!(raw.ask(SUBSCRIBE).await[0], 33);
    let refused = raw.ask(r#"[32,2,{},"com.example.c"]"#).await;
    assert_eq!(refused[4], "crossbar.error.limit_exceeded");
    assert_eq!(server.router.statistics().limited, 1);
}

#[tokio::test]
async fn p06_a_message_that_is_too_long_for_its_sender_is_refused() {
    let server = limited(Limits {
        message_size: Some(200),
        ..Limits::default()
    });
    let text = "x".repeat(200);
    let publish = format!(r#"[16,1,{{"acknowledge":true}},"com.example.b",["{text}"]]"#);
    let mut raw = Raw::join(server.address).await;
    let refused = raw.ask(&publish).await;
    assert_eq!(refused[4], "wamp.error.payload_size_exceeded");
    let mut web = Web::join(server.address).await;
    web.send(&publish).await;
    assert_eq!(web.receive().await[4], "wamp.error.payload_size_exceeded");
    web.send(SUBSCRIBE).await;
    assert_eq!(web.receive().await[0], 33);
    assert_eq!(server.router.statistics().limited, 2);
}

#[tokio::test]
async fn a_session_too_many_is_refused() {
    let server = Server::start();
    set_role(&server, Limits::default(), Some(2));
    let first = Raw::join(server.address).await;
    let second = Web::join(server.address).await;
    let mut third = Raw::connect(server.address).await;
    third.send(HELLO).await;
    assert_eq!(third.aborted().await.0, "crossbar.error.limit_exceeded");
    first.leave().await;
    let _fourth = Raw::join(server.address).await;
    assert_eq!(server.router.statistics().limited, 1);
    drop(second);
}

#[tokio::test]
async fn a_connection_too_many_of_one_address_is_closed() {
    let mut crowded = transport(TransportKind::RawSocket(rawsocket()));
    crowded.max_connections_per_address = Some(2);
    let router = Server::with_options(
        TransportKind::RawSocket(rawsocket()),
        RealmOptions::default(),
    )
    .router;
    let server = Server::on(router, &crowded);
    let first = Raw::join(server.address).await;
    let mut second = Raw::join(server.address).await;
    let mut third = dial(server.address).await;
    assert_eq!(to_end(&mut third).await, b"");
    assert_eq!(server.router.statistics().connections_refused, 1);
    assert_eq!(second.ask(SUBSCRIBE).await[0], 33);
    drop(first);
    server.sessions(1).await;
    let again = async {
        loop {
            let mut raw = Raw {
                stream: dial(server.address).await,
            };
            let sent = raw.stream.write_all(&[0x7f, 0xf1, 0, 0]).await;
            let mut reply = [0; 4];
            let read = tokio::io::AsyncReadExt::read_exact(&mut raw.stream, &mut reply).await;
            if sent.is_ok() && read.is_ok() {
                return raw;
            }
        }
    };
    assert_eq!(soon(again).await.ask(HELLO).await[0], 2);
}

/// A server that asks for a ticket.
fn asking() -> Server {
    asking_for(Secret::new(Text::from_static("secret")).into())
}

fn asking_for(ticket: StoredTicket) -> Server {
    let joe = TicketPrincipal {
        ticket: Some(ticket),
        role: Text::from_static("anonymous"),
    };
    let joe = BTreeMap::from([(Text::from_static("joe"), joe)]);
    let access = Access::Methods(vec![MethodConfig::Ticket(joe)]);
    Server::with(universal(
        RawSocket {
            access: access.clone(),
            ..rawsocket()
        },
        WebSocket {
            access,
            ..websocket()
        },
    ))
}

const HELLO_JOE: &str =
    r#"[1,"realm1",{"roles":{"caller":{}},"authmethods":["ticket"],"authid":"joe"}]"#;

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_the_challenge_is_told_and_hung_up_on() {
    let server = asking();
    let mut raw = Raw::connect(server.address).await;
    assert_eq!(raw.ask(HELLO_JOE).await[0], 4);
    let start = Instant::now();
    let (reason, text) = raw.aborted().await;
    assert_eq!(reason, "wamp.error.timeout");
    assert_eq!(text, "no session was open in time");
    assert!(start.elapsed() >= Duration::from_secs(9));
    let mut web = Web::connect(server.address, "/ws", JSON).await;
    web.send(HELLO_JOE).await;
    assert_eq!(web.receive().await[0], 4);
    assert_eq!(web.receive().await[2], "wamp.error.timeout");
    assert_eq!(web.closed().await.0, 1008);
    assert_eq!(server.router.statistics().sessions_late, 2);
}

/// Sends octets one by one, one a second, and gives how long the other side took that.
async fn drip(mut stream: TcpStream, octets: &[u8]) -> Duration {
    let start = Instant::now();
    let (mut reader, mut writer) = stream.split();
    let drops = async {
        for octet in octets.iter().cycle() {
            if writer.write_all(&[*octet]).await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let end = async {
        let mut piece = [0; 4096];
        while let Ok(1..) = tokio::io::AsyncReadExt::read(&mut reader, &mut piece).await {}
    };
    tokio::select! {
        () = drops => {}
        () = end => {}
    }
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn slowloris_does_not_hold_a_connection_of_any_protocol() {
    let server = Server::start();
    let mut bystander = Raw::join(server.address).await;
    let header =
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    for octets in [&header[..], &[0x7f; 1], &[0x7f, 0xf1, 0]] {
        let stream = dial(server.address).await;
        let took = drip(stream, octets).await;
        assert!(took < Duration::from_secs(25), "{took:?} for {octets:?}");
    }
    let raw = Raw::connect(server.address).await;
    let frame = [&[0, 0, 0, 100][..], HELLO.as_bytes()].concat();
    let took = drip(raw.stream, &frame).await;
    assert!(
        took < Duration::from_secs(25),
        "{took:?} for a RawSocket frame"
    );
    let web = Web::connect(server.address, "/ws", JSON).await;
    let frame = [&[0x81, 0xe0, 1, 2, 3, 4][..], HELLO.as_bytes()].concat();
    let took = drip(web.stream, &frame).await;
    assert!(
        took < Duration::from_secs(25),
        "{took:?} for a WebSocket frame"
    );
    server.sessions(1).await;
    assert_eq!(bystander.ask(SUBSCRIBE).await[0], 33);
    drop(bystander);
    server.sessions(0).await;
    until_closed(&server).await;
}

/// Waits until no connection is open.
async fn until_closed(server: &Server) {
    let closed = async {
        while server.router.statistics().connections_open > 0 {
            tokio::task::yield_now().await;
        }
    };
    soon(closed).await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_handshakes_leaves_those_alone_that_are_there() {
    let mut small = transport(universal(rawsocket(), websocket()));
    small.max_connections = 50;
    let router = Server::start().router;
    let server = Server::on(router, &small);
    let mut bystander = Web::join(server.address).await;
    let mut idle = Vec::new();
    for count in 0..200 {
        let mut stream = dial(server.address).await;
        if count % 2 == 0 {
            let _ = stream.write_all(&[0x7f]).await;
        }
        idle.push(stream);
    }
    bystander.send(SUBSCRIBE).await;
    assert_eq!(bystander.receive().await[0], 33);
    for mut stream in idle {
        assert_eq!(to_end(&mut stream).await, b"");
    }
    let counted = server.router.statistics();
    assert_eq!(counted.connections_refused, 151);
    assert_eq!(counted.handshakes_failed, 49);
    let _again = Raw::join(server.address).await;
    server.sessions(2).await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_hellos_leaves_nothing_behind() {
    let server = asking();
    for count in 0..200 {
        let mut raw = Raw::connect(server.address).await;
        let hello = match count % 3 {
            0 => HELLO_JOE.replace("realm1", "realm2"),
            1 => HELLO_JOE.replace("joe", "eve"),
            _ => HELLO_JOE.to_owned(),
        };
        let answer = raw.ask(&hello).await;
        assert!(answer[0] == 3 || answer[0] == 4, "{answer}");
        if answer[0] == 4 {
            raw.send(HELLO_JOE).await;
            assert_eq!(raw.aborted().await.0, "wamp.error.protocol_violation");
        }
    }
    server.sessions(0).await;
    until_closed(&server).await;
    let mut joe = Raw::connect(server.address).await;
    assert_eq!(joe.ask(HELLO_JOE).await[0], 4);
    assert_eq!(joe.ask(r#"[5,"secret",{}]"#).await[0], 2);
    assert!(server.router.statistics().violations >= 66);
}

#[tokio::test(start_paused = true)]
async fn a_paused_peer_is_not_taken_for_dead() {
    let ping = crossbar_config::AutoPing {
        interval: Duration::from_secs(2),
        timeout: Some(Duration::from_secs(2)),
        size: 12,
        restart_on_any_traffic: false,
    };
    let server = Server::with(TransportKind::WebSocket(Box::new(WebSocket {
        limits: Arc::new(paced(Rate {
            messages: Some(1),
            ..Rate::default()
        })),
        options: WebSocketOptions {
            auto_ping: Some(ping),
            ..WebSocketOptions::default()
        },
        ..websocket()
    })));
    let mut web = Web::connect(server.address, "/", JSON).await;
    web.send(HELLO).await;
    for request in 1..=15 {
        web.send(&format!(
            r#"[16,{request},{{"acknowledge":true}},"com.example.b"]"#
        ))
        .await;
    }
    assert_eq!(web.receive().await[0], 2);
    for request in 1..=15 {
        loop {
            match web.next().await {
                Some(Incoming::Message { octets, .. }) => {
                    let message: serde_json::Value = serde_json::from_slice(&octets).unwrap();
                    assert_eq!(message[1], request);
                    break;
                }
                Some(Incoming::Ping(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn before_a_session_is_open_messages_are_short() {
    let server = limited(Limits::default());
    let hello = |length: usize| {
        let extra = "x".repeat(length);
        format!(r#"[1,"realm1",{{"roles":{{"caller":{{}}}},"authextra":{{"x":"{extra}"}}}}]"#)
    };
    let mut raw = Raw::connect(server.address).await;
    raw.send(&hello(66_000)).await;
    let (reason, _) = raw.aborted().await;
    assert_eq!(reason, "wamp.error.protocol_violation");
    let mut web = Web::connect(server.address, "/ws", JSON).await;
    web.send(&hello(66_000)).await;
    assert_eq!(web.receive().await[0], 3);
    assert_eq!(web.closed().await.0, 1009);
    for protocol in ["wamp.2.json", "wamp.2.json.batched"] {
        let head = format!("Sec-WebSocket-Protocol: {protocol}\r\n");
        let mut web = Web::connect(server.address, "/ws", &head).await;
        let end = if protocol.ends_with("batched") {
            "\u{18}"
        } else {
            ""
        };
        web.send(&format!("{}{end}", hello(60_000))).await;
        let Some(Incoming::Message { octets, .. }) = web.next().await else {
            panic!("no WELCOME came");
        };
        assert!(octets.starts_with(b"[2,"), "{protocol}");
        let long = "x".repeat(1 << 20);
        web.send(&format!(
            r#"[16,1,{{"acknowledge":true}},"com.example.b",["{long}"]]{end}"#
        ))
        .await;
        let Some(Incoming::Message { octets, .. }) = web.next().await else {
            panic!("no PUBLISHED came");
        };
        assert!(octets.starts_with(b"[17,1,"), "{protocol}");
    }
    let mut raw = Raw::join(server.address).await;
    let long = "x".repeat(1 << 20);
    let publish = format!(r#"[16,1,{{"acknowledge":true}},"com.example.b",["{long}"]]"#);
    assert_eq!(raw.ask(&publish).await[0], 17);
    assert_eq!(raw.ask(r#"[6,{},"wamp.close.normal"]"#).await[0], 6);
    raw.send(&publish).await;
    let (reason, _) = raw.aborted().await;
    assert_eq!(reason, "wamp.error.protocol_violation");
}

#[tokio::test(start_paused = true)]
async fn a02_who_guesses_secrets_is_answered_late_and_nobody_else() {
    async fn try_ticket(server: &Server, ticket: &str) -> (serde_json::Value, Duration) {
        let mut raw = Raw::connect(server.address).await;
        assert_eq!(raw.ask(HELLO_JOE).await[0], 4);
        let start = Instant::now();
        let answer = raw.ask(&format!(r#"[5,"{ticket}",{{}}]"#)).await;
        (answer, start.elapsed())
    }
    let server = asking();
    for _ in 0..10 {
        let (answer, took) = try_ticket(&server, "wrong").await;
        assert_eq!(answer[0], 3);
        assert!(took < Duration::from_millis(100), "{took:?}");
    }
    for count in 1..=3 {
        let (answer, took) = try_ticket(&server, "wrong").await;
        assert_eq!(answer[0], 3);
        assert_ne!(answer[2], "wamp.error.timeout");
        let delay = Duration::from_millis(200) * count;
        assert!((delay..delay * 2).contains(&took), "{took:?}");
    }
    let (answer, took) = try_ticket(&server, "secret").await;
    assert_eq!(answer[0], 2);
    assert!(took < Duration::from_millis(100), "{took:?}");
    assert_eq!(server.router.statistics().authentications_failed, 13);
}

#[tokio::test(start_paused = true)]
async fn a02_who_guesses_a_hashed_ticket_is_answered_late_but_answered() {
    const HASH: &str =
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQxMjM0$Yqkgm3Pno2+ryfTz9+J9axICoEQFoVubKJiwtPRn87o";
    let hash = PasswordHash::read(HASH).unwrap().unwrap();
    let server = asking_for(StoredTicket::Hash(hash));
    for _ in 0..12 {
        let mut raw = Raw::connect(server.address).await;
        assert_eq!(raw.ask(HELLO_JOE).await[0], 4);
        let answer = raw.ask(r#"[5,"wrong",{}]"#).await;
        assert_eq!(answer[2], "wamp.error.not_authorized");
    }
}

#[tokio::test(start_paused = true)]
async fn a02_who_guesses_and_does_not_wait_keeps_its_place() {
    let joe = TicketPrincipal {
        ticket: Some(Secret::new(Text::from_static("secret")).into()),
        role: Text::from_static("anonymous"),
    };
    let joe = BTreeMap::from([(Text::from_static("joe"), joe)]);
    let mut transport = transport(TransportKind::RawSocket(RawSocket {
        access: Access::Methods(vec![MethodConfig::Ticket(joe)]),
        ..rawsocket()
    }));
    transport.max_connections_per_address = Some(1);
    let server = Server::on(realm(), &transport);
    for count in 1..=11 {
        let mut raw = Raw::connect(server.address).await;
        assert_eq!(raw.ask(HELLO_JOE).await[0], 4);
        raw.send(r#"[5,"wrong",{}]"#).await;
        let counted = async {
            while server.router.statistics().authentications_failed < count {
                tokio::task::yield_now().await;
            }
        };
        soon(counted).await;
        drop(raw);
        if count < 11 {
            until_closed(&server).await;
        }
    }
    assert_eq!(to_end(&mut dial(server.address).await).await, b"");
    assert_eq!(server.router.statistics().connections_refused, 1);
    tokio::time::advance(Duration::from_millis(250)).await;
    until_closed(&server).await;
    let mut raw = Raw::connect(server.address).await;
    assert_eq!(raw.ask(HELLO_JOE).await[0], 4);
    assert_eq!(raw.ask(r#"[5,"secret",{}]"#).await[0], 2);
}

#[tokio::test]
async fn what_a_client_says_comes_back_cut() {
    let server = asking();
    let long = "x".repeat(10_000);
    for hello in [
        format!(r#"[1,"{long}",{{"roles":{{"caller":{{}}}},"authmethods":["ticket"]}}]"#),
        format!(r#"[1,"{long} ",{{"roles":{{"caller":{{}}}},"authmethods":["ticket"]}}]"#),
        format!(r#"[1,"realm1",{{"roles":{{"caller":{{}}}},"authmethods":["{long}"]}}]"#),
    ] {
        let mut raw = Raw::connect(server.address).await;
        raw.send(&hello).await;
        let (_, text) = raw.aborted().await;
        assert!(text.len() < 400, "{text}");
    }
}
