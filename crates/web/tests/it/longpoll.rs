//! WAMP over requests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crossbar_config::{LongPoll, QueueLimits, WebService};
use crossbar_core::{
    Access, Authorization, Limits, MethodConfig, RealmOptions, RoleConfig, Secret, TicketPrincipal,
};
use crossbar_wire::{Batch, Format, Message, Separator, Text, put_batched};
use serde_json::{Value, json};

use crate::server::{Answer, Server};

mod limits;

const REALM: Text = Text::from_static("realm1");
const HELLO: &str =
    r#"[1,"realm1",{"roles":{"caller":{},"callee":{},"publisher":{},"subscriber":{}}}]"#;

/// The service as the configuration has it by default.
fn config() -> LongPoll {
    LongPoll {
        formats: Format::OFFERED.to_vec(),
        access: Access::Open,
        limits: Arc::default(),
        allowed_origins: vec!["*".to_owned()],
        allow_null_origin: true,
        request_timeout: Some(Duration::from_secs(10)),
        session_timeout: Some(Duration::from_secs(30)),
        queue: QueueLimits::default(),
        debug_transport_id: None,
    }
}

/// A service on the path `lp`, and a realm behind it.
async fn serve(config: LongPoll) -> Arc<Server> {
    let server = Server::start([("lp", WebService::LongPoll(Box::new(config)))]).await;
    let started = server
        .router
        .start_realm(&REALM, RealmOptions::default(), [role()]);
    started.unwrap();
    Arc::new(server)
}

/// The role that may do everything.
fn role() -> RoleConfig {
    RoleConfig {
        name: Text::from_static("anonymous"),
        authorization: Authorization::Always(true),
        trustlevel: None,
        limits: Limits::default(),
        max_sessions: None,
    }
}

/// Waits until as many sessions are open.
async fn sessions(server: &Server, count: usize) {
    let reached = async {
        while server.router.sessions(&REALM).unwrap() != count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reached)
        .await
        .unwrap();
}

/// A client that speaks the protocol by the letter.
#[derive(Clone)]
struct Client {
    server: Arc<Server>,
    id: String,
}

impl Client {
    async fn open(server: &Arc<Server>, protocol: &str) -> Self {
        let wish = json!({"protocols": [protocol]}).to_string();
        let answer = server.post("/lp/open", wish.as_bytes(), "").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let opened: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(opened["protocol"], protocol);
        Self {
            server: Arc::clone(server),
            id: opened["transport"].as_str().unwrap().to_owned(),
        }
    }

    async fn join(server: &Arc<Server>) -> Self {
        let client = Self::open(server, "wamp.2.json").await;
        client.say(HELLO).await;
        assert_eq!(client.hear().await[0], 2);
        client
    }

    async fn post(&self, action: &str, body: &[u8]) -> Answer {
        let path = format!("/lp/{}/{action}", self.id);
        self.server.post(&path, body, "").await
    }

    /// Sends a message of JSON, which must be taken.
    async fn say(&self, message: &str) {
        let answer = self.post("send", message.as_bytes()).await;
        assert_eq!((answer.status, answer.text()), (204, ""));
    }

    /// Gives the next message of JSON.
    async fn hear(&self) -> Value {
        let answer = self.post("receive", b"").await;
        assert_eq!(answer.status, 200);
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    /// Begins to wait for messages, and gives the answer's future once the server knows.
    async fn wait(&self) -> tokio::task::JoinHandle<Answer> {
        let this = self.clone();
        let waiting = tokio::spawn(async move { this.post("receive", b"").await });
        let path = format!("/lp/{}", self.id);
        let known = async {
            while !self
                .server
                .get(&path)
                .await
                .text()
                .contains(r#""waiting":true"#)
            {}
        };
        soon(known).await;
        waiting
    }
}

async fn soon<T>(wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .unwrap()
}

#[tokio::test]
async fn t05_a_session_from_hello_to_goodbye() {
    let server = serve(config()).await;
    let client = Client::open(&server, "wamp.2.json").await;
    assert_eq!(client.id.len(), 32);
    client.say(HELLO).await;
    let welcome = client.post("receive", b"").await;
    assert_eq!(welcome.header("content-type"), "application/json");
    assert!(welcome.header("cache-control").starts_with("no-store"));
    let welcome: Value = serde_json::from_slice(&welcome.body).unwrap();
    let about = server.get(&format!("/lp/{}", client.id)).await;
    assert_eq!(
        serde_json::from_slice::<Value>(&about.body).unwrap(),
        json!({"transport": client.id, "session": welcome[1], "waiting": false})
    );
    client.say(r#"[48,1,{},"com.nothing"]"#).await;
    assert_eq!(client.hear().await[4], "wamp.error.no_such_procedure");
    client.say(r#"[6,{},"wamp.close.normal"]"#).await;
    assert_eq!(client.hear().await[0], 6);
    sessions(&server, 0).await;
    // Another session may follow.
    client.say(HELLO).await;
    assert_eq!(client.hear().await[0], 2);
    let closed = client.post("close", b"").await;
    assert_eq!((closed.status, closed.text()), (204, ""));
    sessions(&server, 0).await;
    for action in ["send", "receive", "close"] {
        assert_eq!(client.post(action, b"").await.status, 404, "{action}");
    }
}

#[tokio::test]
async fn t05_m01_sessions_tell_what_they_come_over() {
    let server = serve(config()).await;
    let client = Client::open(&server, "wamp.2.json").await;
    client.say(HELLO).await;
    let session = &client.hear().await[1];
    client
        .say(&format!(r#"[48,1,{{}},"wamp.session.get",[{session}]]"#))
        .await;
    let result = client.hear().await;
    let transport = &result[3][0]["transport"];
    assert_eq!(transport["channel_framing"], "longpoll", "{result}");
    assert_eq!(transport["channel_type"], "tcp");
    let peer = transport["peer"].as_str().unwrap();
    assert!(peer.starts_with("tcp4:127.0.0.1:"), "{peer}");
}

#[tokio::test]
async fn t05_the_first_known_protocol_is_chosen() {
    let server = serve(config()).await;
    for (protocols, chosen) in [
        (
            json!(["wamp.9", "wamp.2.cbor.batched", "wamp.2.json"]),
            "wamp.2.cbor.batched",
        ),
        (json!([7, "wamp.2.msgpack"]), "wamp.2.msgpack"),
    ] {
        let wish = json!({"protocols": protocols}).to_string();
        let answer = server.post("/lp/open?x=1", wish.as_bytes(), "").await;
        let opened: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(opened["protocol"], chosen);
        assert_eq!(
            answer.header("content-type"),
            "application/json; charset=utf-8"
        );
    }
    for (body, told) in [
        ("", "JSON object"),
        ("nonsense", "JSON object"),
        ("[]", "JSON object"),
        ("{}", "protocols"),
        (r#"{"protocols":"wamp.2.json"}"#, "protocols"),
        (r#"{"protocols":[]}"#, "wamp.2.json.batched, wamp.2.json"),
        (r#"{"protocols":["wamp.1"]}"#, "wamp.2.cbor"),
    ] {
        let answer = server.post("/lp/open", body.as_bytes(), "").await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.text().contains(told), "{}", answer.text());
    }
}

#[tokio::test]
async fn t05_without_batches_each_answer_is_one_message() {
    let server = serve(config()).await;
    let client = Client::join(&server).await;
    for id in 1..=3 {
        client
            .say(&format!(r#"[48,{id},{{}},"com.nothing"]"#))
            .await;
    }
    for id in 1..=3 {
        assert_eq!(client.hear().await[2], id);
    }
}

#[tokio::test]
async fn t05_batches_hold_all_that_waits() {
    let server = serve(config()).await;
    for (format, name, media_type, separator) in [
        (
            Format::Json,
            "wamp.2.json.batched",
            "application/json",
            Separator::Record,
        ),
        (
            Format::Json,
            "wamp.2.json.batched",
            "application/json",
            Separator::Cancel,
        ),
        (
            Format::MsgPack,
            "wamp.2.msgpack.batched",
            "application/x-msgpack",
            Separator::Record,
        ),
        (
            Format::Cbor,
            "wamp.2.cbor.batched",
            "application/cbor",
            Separator::Record,
        ),
        (
            Format::Bjdata,
            "wamp.2.ubjson.batched",
            "application/ubjson",
            Separator::Record,
        ),
    ] {
        let client = Client::open(&server, name).await;
        let mut batch = Vec::new();
        for message in [HELLO, r#"[48,1,{},"com.a"]"#, r#"[48,2,{},"com.b"]"#] {
            let message = Bytes::copy_from_slice(message.as_bytes());
            let mut body = Vec::new();
            let message = Message::decode(Format::Json, &message).unwrap();
            message.encode(format, &mut body).unwrap();
            put_batched(format, separator, &body, &mut batch);
        }
        assert_eq!(client.post("send", &batch).await.status, 204);
        let answer = client.post("receive", b"").await;
        assert_eq!(answer.header("content-type"), media_type);
        let batch = Batch::new(format, Bytes::from(answer.body)).unwrap();
        assert_eq!(
            batch.separator(),
            (format == Format::Json).then_some(separator)
        );
        let codes: Vec<u16> = batch
            .map(|message| Message::decode(format, &message).unwrap().code())
            .collect();
        assert_eq!(codes, [2, 8, 8], "{name}");
    }
}

#[tokio::test]
async fn t05_events_reach_a_client_that_waits() {
    let server = serve(config()).await;
    let (subscriber, publisher) = (Client::join(&server).await, Client::join(&server).await);
    subscriber.say(r#"[32,1,{},"com.topic"]"#).await;
    assert_eq!(subscriber.hear().await[0], 33);
    let waiting = subscriber.wait().await;
    let long = "x".repeat(30_000);
    publisher
        .say(&format!(r#"[16,1,{{}},"com.topic",["{long}"]]"#))
        .await;
    publisher.say(r#"[16,2,{},"com.topic",[2]]"#).await;
    let event: Value = serde_json::from_slice(&soon(waiting).await.unwrap().body).unwrap();
    assert_eq!((&event[0], &event[4][0]), (&json!(36), &json!(long)));
    assert_eq!(subscriber.hear().await[4][0], 2);
}

#[tokio::test]
async fn t05_a_request_that_waits_too_long_gets_nothing() {
    let server = serve(LongPoll {
        request_timeout: Some(Duration::from_millis(20)),
        ..config()
    })
    .await;
    let client = Client::join(&server).await;
    for _ in 0..2 {
        let answer = client.post("receive", b"").await;
        assert_eq!((answer.status, answer.text()), (200, ""));
    }
    client.say(r#"[48,1,{},"com.nothing"]"#).await;
    assert_eq!(client.hear().await[0], 8);
}

#[tokio::test]
async fn t05_only_the_newest_request_waits() {
    let server = serve(config()).await;
    let client = Client::join(&server).await;
    let older = client.wait().await;
    let again = client.clone();
    let newer = tokio::spawn(async move { again.post("receive", b"").await });
    let older = soon(older).await.unwrap();
    assert_eq!((older.status, older.text()), (200, ""));
    client.say(r#"[48,1,{},"com.nothing"]"#).await;
    assert!(soon(newer).await.unwrap().text().starts_with("[8,48,1,"));
}

#[tokio::test]
async fn t05_close_answers_the_request_that_waits() {
    let server = serve(config()).await;
    let client = Client::join(&server).await;
    let waiting = client.wait().await;
    assert_eq!(client.post("close", b"").await.status, 204);
    let waiting = soon(waiting).await.unwrap();
    assert_eq!((waiting.status, waiting.text()), (200, ""));
    sessions(&server, 0).await;
}

#[tokio::test]
async fn t05_silent_clients_are_gone_but_not_those_that_wait() {
    let server = serve(LongPoll {
        request_timeout: None,
        session_timeout: Some(Duration::from_millis(50)),
        ..config()
    })
    .await;
    let patient = Client::join(&server).await;
    patient.say(r#"[32,1,{},"com.topic"]"#).await;
    assert_eq!(patient.hear().await[0], 33);
    let waiting = patient.wait().await;
    for _ in 0..3 {
        let silent = Client::join(&server).await;
        sessions(&server, 1).await;
        assert_eq!(silent.post("receive", b"").await.status, 404);
    }
    let publisher = Client::join(&server).await;
    publisher.say(r#"[16,1,{},"com.topic"]"#).await;
    assert!(soon(waiting).await.unwrap().text().starts_with("[36,"));
}

#[tokio::test]
async fn t05_clients_that_never_say_hello_are_forgotten() {
    let server = serve(LongPoll {
        session_timeout: Some(Duration::from_millis(50)),
        ..config()
    })
    .await;
    let mut last = None;
    for _ in 0..50 {
        last = Some(Client::open(&server, "wamp.2.json").await);
    }
    // To wait is not enough without a session.
    let answer = last.unwrap().post("receive", b"").await;
    assert!(answer.text().is_empty());
    let forgotten = async {
        while server.router.statistics().connections_open != 0 {
            tokio::task::yield_now().await;
        }
    };
    soon(forgotten).await;
}

#[tokio::test]
async fn t05_a_violation_ends_the_session() {
    let server = serve(config()).await;
    for (protocol, hello, bad) in [
        ("wamp.2.json", HELLO.to_owned(), &b"nonsense"[..]),
        ("wamp.2.json", HELLO.to_owned(), b""),
        (
            "wamp.2.json",
            HELLO.to_owned(),
            br#"[48,1,{},"com.a"]\0[48,2,{},"com.a"]"#,
        ),
        ("wamp.2.json.batched", format!("{HELLO}\x1e"), b"[48,"),
        ("wamp.2.json.batched", format!("{HELLO}\x1e"), b""),
    ] {
        let client = Client::open(&server, protocol).await;
        assert_eq!(client.post("send", hello.as_bytes()).await.status, 204);
        client.post("receive", b"").await;
        let answer = client.post("send", bad).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        sessions(&server, 0).await;
        let abort = client.post("receive", b"").await;
        assert!(abort.text().starts_with("[3,"), "{}", abort.text());
        assert_eq!(client.post("receive", b"").await.status, 404);
        assert_eq!(client.post("send", HELLO.as_bytes()).await.status, 404);
        // A client that was told still closes.
        assert_eq!(client.post("close", b"").await.status, 204);
    }
}

#[tokio::test]
async fn t05_who_is_not_let_in_is_told_and_closes() {
    let alice = TicketPrincipal {
        ticket: Some(Secret::new(Text::from_static("secret")).into()),
        role: Text::from_static("anonymous"),
    };
    let server = serve(LongPoll {
        access: Access::Methods(vec![MethodConfig::Ticket(BTreeMap::from([(
            Text::from_static("alice"),
            alice,
        )]))]),
        ..config()
    })
    .await;
    for (ticket, answer) in [("secret", 2), ("wrong", 3)] {
        let client = Client::open(&server, "wamp.2.json").await;
        client
            .say(
                r#"[1,"realm1",{"roles":{"caller":{}},"authmethods":["ticket"],"authid":"alice"}]"#,
            )
            .await;
        assert_eq!(client.hear().await[0], 4);
        let waiting = client.wait().await;
        client.say(&format!(r#"[5,"{ticket}",{{}}]"#)).await;
        let got: Value = serde_json::from_slice(&soon(waiting).await.unwrap().body).unwrap();
        assert_eq!(got[0], answer, "{ticket}");
        assert_eq!(client.post("close", b"").await.status, 204);
    }
}

#[tokio::test]
async fn t05_what_is_not_there_is_told_to_pages_of_other_origins() {
    let server = serve(config()).await;
    let origin = "Origin: https://app.example.com\r\n";
    for path in ["/lp/none/send", "/lp/none/receive", "/lp/none/close"] {
        let answer = server.post(path, b"", origin).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "https://app.example.com"
        );
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
    }
    let client = Client::open(&server, "wamp.2.json").await;
    assert_eq!(client.post("other", b"").await.status, 404);
    assert_eq!(client.post("send/more", b"").await.status, 404);
    for path in ["/lp/open", &format!("/lp/{}/send", client.id)] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 405);
        assert_eq!(answer.header("allow"), "GET, POST, OPTIONS");
        let asked = "Origin: null\r\nAccess-Control-Request-Method: POST\r\n\
                     Access-Control-Request-Headers: content-type\r\n";
        let answer = server.ask("OPTIONS", path, asked).await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), "null");
        assert_eq!(
            answer.header("access-control-allow-headers"),
            "content-type"
        );
        assert!(
            answer
                .header("access-control-allow-methods")
                .contains("POST")
        );
    }
    let notice = server.get("/lp").await;
    assert_eq!(notice.status, 200);
    assert!(notice.text().contains("Long-poll service"));
    assert_eq!(server.post("/lp", b"", "").await.status, 405);
}

#[tokio::test]
async fn t05_pages_of_origins_that_are_not_allowed_are_refused() {
    let server = serve(LongPoll {
        allowed_origins: vec!["https://*.example.com".to_owned()],
        allow_null_origin: false,
        ..config()
    })
    .await;
    let wish = br#"{"protocols": ["wamp.2.json"]}"#;
    for (origin, status) in [
        ("Origin: https://app.example.com\r\n", 200),
        ("", 200),
        ("Origin: https://evil.example\r\n", 403),
        ("Origin: null\r\n", 403),
    ] {
        let answer = server.post("/lp/open", wish, origin).await;
        assert_eq!(answer.status, status, "{origin}");
        let shared = answer.header("access-control-allow-origin");
        assert_eq!(shared.is_empty(), status == 403, "{origin}");
        let asked = format!("{origin}Access-Control-Request-Method: POST\r\n");
        let answer = server.ask("OPTIONS", "/lp/open", &asked).await;
        assert_eq!(answer.status == 403, status == 403, "{origin}");
    }
}

#[tokio::test]
async fn t05_a_long_body_is_refused_before_it_is_read() {
    let server = serve(config()).await;
    let client = Client::join(&server).await;
    for (path, length) in [
        (format!("/lp/{}/send", client.id), (16 << 20) + 1),
        ("/lp/open".to_owned(), 65_537),
    ] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        let answer = server.exchange(head).await;
        assert!(answer.starts_with(b"HTTP/1.1 413 "));
    }
    let chunks = format!(
        "POST /lp/open HTTP/1.1\r\nHost: here\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
         10001\r\n{}\r\n0\r\n\r\n",
        "x".repeat(65_537)
    );
    assert!(server.exchange(chunks).await.starts_with(b"HTTP/1.1 413 "));
    client.say(r#"[48,1,{},"com.nothing"]"#).await;
    assert_eq!(client.hear().await[0], 8);
    let stranger = Client::open(&server, "wamp.2.json").await;
    let long = "x".repeat(65_537);
    let answer = stranger.post("send", long.as_bytes()).await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn t05_a_client_that_does_not_ask_is_closed_over_its_limit() {
    let server = serve(LongPoll {
        queue: QueueLimits {
            octets: 4096,
            ..QueueLimits::default()
        },
        ..config()
    })
    .await;
    let (slow, publisher) = (Client::join(&server).await, Client::join(&server).await);
    slow.say(r#"[32,1,{},"com.topic"]"#).await;
    assert_eq!(slow.hear().await[0], 33);
    for id in 1..=8 {
        let text = "x".repeat(1000);
        publisher
            .say(&format!(r#"[16,{id},{{}},"com.topic",["{text}"]]"#))
            .await;
    }
    sessions(&server, 1).await;
    assert_eq!(slow.post("receive", b"").await.status, 404);
    assert_eq!(server.router.statistics().sessions_overflowed, 1);
}

#[tokio::test]
async fn t05_what_was_given_no_longer_counts() {
    let server = serve(LongPoll {
        queue: QueueLimits {
            octets: 4096,
            ..QueueLimits::default()
        },
        ..config()
    })
    .await;
    let (reader, publisher) = (Client::join(&server).await, Client::join(&server).await);
    reader.say(r#"[32,1,{},"com.topic"]"#).await;
    assert_eq!(reader.hear().await[0], 33);
    for round in 0..8 {
        for id in [2 * round + 1, 2 * round + 2] {
            let text = "x".repeat(1000);
            publisher
                .say(&format!(r#"[16,{id},{{}},"com.topic",["{text}"]]"#))
                .await;
        }
        for _ in 0..2 {
            assert_eq!(reader.hear().await[0], 36);
        }
    }
}

#[tokio::test]
async fn t05_transports_of_a_stopped_realm_are_told() {
    let server = serve(config()).await;
    let client = Client::join(&server).await;
    let waiting = client.wait().await;
    let router = Arc::clone(&server.router);
    let stopped = tokio::spawn(async move {
        let grace = Duration::from_millis(20);
        router.stop_realm(&REALM, grace).await.unwrap();
    });
    assert!(soon(waiting).await.unwrap().text().starts_with("[6,"));
    soon(stopped).await.unwrap();
    // The client has not answered GOODBYE in time.
    assert_eq!(client.post("receive", b"").await.status, 404);
}

#[tokio::test]
async fn t05_sessions_end_with_their_service_and_their_router() {
    let server = serve(config()).await;
    let client = Client::join(&server).await;
    let waiting = client.wait().await;
    server.tree.stop("lp").unwrap();
    assert_eq!(soon(waiting).await.unwrap().text(), "");
    sessions(&server, 0).await;
    assert_eq!(client.post("receive", b"").await.status, 404);

    let server = serve(config()).await;
    let client = Client::join(&server).await;
    let waiting = client.wait().await;
    let drained = Arc::clone(&server.router);
    let drained = tokio::spawn(async move { drained.drain(Duration::from_millis(20)).await });
    assert!(soon(waiting).await.unwrap().text().starts_with("[6,"));
    soon(drained).await.unwrap();
}

#[tokio::test]
async fn t05_with_a_fixed_id_the_last_client_has_it() {
    let server = serve(LongPoll {
        session_timeout: None,
        debug_transport_id: Some("testing".to_owned()),
        ..config()
    })
    .await;
    let first = Client::join(&server).await;
    assert_eq!(first.id, "testing");
    let waiting = first.wait().await;
    let second = Client::join(&server).await;
    assert_eq!(soon(waiting).await.unwrap().text(), "");
    sessions(&server, 1).await;
    second.say(r#"[48,1,{},"com.nothing"]"#).await;
    assert_eq!(second.hear().await[0], 8);
}
