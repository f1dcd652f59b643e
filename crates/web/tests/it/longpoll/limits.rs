//! Clients that send more than they may, or take their time.

use crossbar_core::Rate;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use super::*;

fn paced(rate: Rate) -> LongPoll {
    let limits = Limits {
        rate,
        ..Limits::default()
    };
    LongPoll {
        limits: Arc::new(limits),
        ..config()
    }
}

#[tokio::test(start_paused = true)]
async fn t05_a_client_that_sends_too_fast_is_answered_later() {
    let server = serve(paced(Rate {
        messages: Some(1),
        ..Rate::default()
    }))
    .await;
    let fast = Client::join(&server).await;
    let other = Client::join(&server).await;
    let start = Instant::now();
    let sends: Vec<_> = (1..=5)
        .map(|request| {
            let fast = fast.clone();
            let publish = format!(r#"[16,{request},{{"acknowledge":true}},"com.example.a"]"#);
            tokio::spawn(async move { fast.say(&publish).await })
        })
        .collect();
    for _ in 1..=5 {
        assert_eq!(fast.hear().await[0], 17);
    }
    for send in sends {
        send.await.unwrap();
    }
    let passed = start.elapsed();
    assert!((4000..=6000).contains(&passed.as_millis()), "{passed:?}");
    other.say(r#"[32,1,{},"com.example.a"]"#).await;
    assert_eq!(other.hear().await[0], 33);
    assert!(server.router.statistics().paused >= 1);
}

#[tokio::test(start_paused = true)]
async fn t05_a_batch_is_taken_as_fast_as_its_messages_may_come() {
    let server = serve(paced(Rate {
        messages: Some(10),
        ..Rate::default()
    }))
    .await;
    let client = Client::open(&server, "wamp.2.json.batched").await;
    let mut batch = format!("{HELLO}\u{18}");
    assert_eq!(client.post("send", batch.as_bytes()).await.status, 204);
    assert_eq!(client.post("receive", b"").await.status, 200);
    batch.clear();
    for request in 1..=50 {
        batch += &format!(r#"[16,{request},{{}},"com.example.a"]"#);
        batch.push('\u{18}');
    }
    let start = Instant::now();
    assert_eq!(client.post("send", batch.as_bytes()).await.status, 204);
    let passed = start.elapsed();
    assert!((4000..=6000).contains(&passed.as_millis()), "{passed:?}");
}

#[tokio::test]
async fn t05_an_address_has_as_many_clients_as_connections() {
    let service = WebService::LongPoll(Box::new(config()));
    let server = Server::per_address([("lp", service)], 2).await;
    let wish = br#"{"protocols": ["wamp.2.json"]}"#;
    let mut last = Value::Null;
    for status in [200, 200, 503] {
        let answer = server.post("/lp/open", wish, "").await;
        assert_eq!(answer.status, status);
        if status == 200 {
            last = serde_json::from_slice(&answer.body).unwrap();
        }
    }
    let close = format!("/lp/{}/close", last["transport"].as_str().unwrap());
    assert_eq!(server.post(&close, b"", "").await.status, 204);
    assert_eq!(server.post("/lp/open", wish, "").await.status, 200);
}

#[tokio::test]
async fn t05_a_client_that_sends_too_fast_is_closed_if_configured() {
    let server = serve(paced(Rate {
        messages: Some(2),
        over: crossbar_core::OverRate::Close,
        ..Rate::default()
    }))
    .await;
    let fast = Client::join(&server).await;
    fast.say(r#"[16,1,{},"com.example.a"]"#).await;
    for request in 2..=20 {
        let publish = format!(r#"[16,{request},{{}},"com.example.a"]"#);
        if fast.post("send", publish.as_bytes()).await.status != 204 {
            break;
        }
    }
    let abort = fast.hear().await;
    assert_eq!(abort[2], "crossbar.error.limit_exceeded", "{abort}");
    sessions(&server, 0).await;
}

#[tokio::test(start_paused = true)]
async fn slowloris_does_not_hold_a_request() {
    let server = serve(LongPoll {
        session_timeout: None,
        ..config()
    })
    .await;
    let bystander = Client::join(&server).await;
    let body = format!(
        "POST /lp/{}/send HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n\r\n",
        bystander.id
    );
    for (start, most) in [("POST /lp/open HTTP/1.1\r\nX-Long: ", 25), (&*body, 80)] {
        let mut stream = server.dial().await;
        stream.write_all(start.as_bytes()).await.unwrap();
        let begun = Instant::now();
        let (mut reader, mut writer) = stream.split();
        let drops = async {
            while writer.write_all(b"a").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let mut piece = [0; 4096];
        let answer = tokio::time::timeout(Duration::from_secs(most), async {
            tokio::select! {
                () = drops => 0,
                count = reader.read(&mut piece) => count.unwrap_or_default(),
            }
        });
        answer.await.expect("the request ends");
        assert!(begun.elapsed() >= Duration::from_secs(9), "{start}");
    }
    bystander.say(r#"[32,1,{},"com.example.a"]"#).await;
    assert_eq!(bystander.hear().await[0], 33);
}

#[tokio::test(start_paused = true)]
async fn t05_a_flood_of_transports_without_a_session_is_forgotten() {
    let server = serve(LongPoll {
        session_timeout: Some(Duration::from_secs(5)),
        ..config()
    })
    .await;
    let bystander = Client::join(&server).await;
    for _ in 0..100 {
        Client::open(&server, "wamp.2.json").await;
    }
    let forgotten = async {
        while server.router.statistics().connections_open > 1 {
            bystander
                .say(r#"[16,1,{"acknowledge":true},"com.example.a"]"#)
                .await;
            assert_eq!(bystander.hear().await[0], 17);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    soon(forgotten).await;
    sessions(&server, 1).await;
}

#[tokio::test]
async fn t05_who_shows_nothing_keeps_nobody_out() {
    let server = serve(config()).await;
    let bystander = Client::join(&server).await;
    let first = Client::open(&server, "wamp.2.json").await;
    for _ in 0..1000 {
        Client::open(&server, "wamp.2.json").await;
    }
    assert_eq!(first.post("receive", b"").await.status, 404);
    bystander.say(r#"[32,1,{},"com.example.a"]"#).await;
    assert_eq!(bystander.hear().await[0], 33);
    Client::join(&server).await;
}

#[tokio::test(start_paused = true)]
async fn t05_who_guesses_secrets_and_does_not_wait_keeps_its_place() {
    const HELLO: &str =
        r#"[1,"realm1",{"roles":{"caller":{}},"authmethods":["ticket"],"authid":"alice"}]"#;
    let alice = TicketPrincipal {
        ticket: Some(Secret::new(Text::from_static("secret")).into()),
        role: Text::from_static("anonymous"),
    };
    let alice = BTreeMap::from([(Text::from_static("alice"), alice)]);
    let service = LongPoll {
        access: Access::Methods(vec![MethodConfig::Ticket(alice)]),
        ..config()
    };
    let service = WebService::LongPoll(Box::new(service));
    let server = Arc::new(Server::per_address([("lp", service)], 1).await);
    let started = (server.router).start_realm(&REALM, RealmOptions::default(), [role()]);
    started.unwrap();
    for _ in 0..11 {
        let client = Client::open(&server, "wamp.2.json").await;
        client.say(HELLO).await;
        assert_eq!(client.hear().await[0], 4);
        client.say(r#"[5,"wrong",{}]"#).await;
        assert_eq!(client.post("close", b"").await.status, 204);
    }
    let wish = br#"{"protocols": ["wamp.2.json"]}"#;
    assert_eq!(server.post("/lp/open", wish, "").await.status, 503);
    tokio::time::advance(Duration::from_millis(250)).await;
    assert_eq!(server.post("/lp/open", wish, "").await.status, 200);
}
