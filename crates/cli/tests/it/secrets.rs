//! What a node prints at its most talkative, while clients prove who they are.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crossbar_client::{
    Auth, Failure, Invocation, Options, PrivateKey, RegisterOptions, Session, Target, Value,
    connect,
};
use crossbar_wire::auth::scram::{Dialect, Kdf, SaltedPassword, base64};
use crossbar_wire::auth::{hex, wampcra};
use rustix::process::Signal;
use serde_json::json;

use crate::running::{Running, config, directory};

const TICKET: &str = "hush-ticket";
const SECRET: &str = "hush-wampcra";
const PASSWORD: &str = "hush-scram";
const SALT: &[u8] = b"saltsalt12345678";
const TOKEN_SECRET: &str = "hush-token hush-token hush-token";
const DYNAMIC: &str = "hush-dynamic";
const SEED: [u8; 32] = [0xa7; 32];

fn keys() -> [String; 2] {
    let kdf = Kdf::Pbkdf2 { iterations: 4096 };
    let salted = SaltedPassword::new(Dialect::Specification, kdf, PASSWORD, SALT);
    let keys = salted.expect("it is a password").keys();
    [hex(&keys.stored), hex(&keys.server)]
}

/// Gives a node with all static methods on one transport, tokens and an authenticator on others.
fn node() -> serde_json::Value {
    let [stored, server] = keys();
    let public = PrivateKey::from_seed(&SEED).public().to_string();
    let tcp = json!({"type": "tcp", "port": 0, "interface": "127.0.0.1"});
    let everything = json!({
        "anonymous": {"type": "static", "role": "anonymous"},
        "ticket": {"type": "static", "principals": {"joe": {"ticket": TICKET, "role": "anonymous"}}},
        "wampcra": {"type": "static", "users": {"joe": {
            "secret": SECRET, "role": "anonymous", "salt": "hush-salt", "iterations": 100, "keylen": 32,
        }}},
        "scram": {"type": "static", "principals": {"joe": {
            "kdf": "pbkdf2", "iterations": 4096, "salt": hex(SALT), "role": "anonymous", "stored-key": stored, "server-key": server,
        }}},
        "cryptosign": {"type": "static", "principals": {"joe": {"authorized_keys": [public], "role": "anonymous"}}},
    });
    let token = json!({"ticket": {"type": "jwt", "secret": TOKEN_SECRET, "role": "anonymous"}});
    let dynamic =
        json!({"ticket": {"type": "dynamic", "authenticator": "com.example.authenticate"}});
    let mut config = config();
    let transports = [everything, token, dynamic].map(|mut auth| {
        let options = json!({"access_log": true});
        auth["cookie"] = json!({});
        let cookie = json!({"store": {"type": "file", "filename": "cookies.dat"}});
        let ws = json!({"type": "websocket", "auth": auth, "cookie": cookie});
        json!({"type": "web", "endpoint": tcp, "options": options, "paths": {"/": {"type": "nodeinfo"}, "ws": ws}})
    });
    config["workers"][0]["transports"] = json!(transports);
    config
}

/// A token for `joe`.
fn token() -> String {
    let encode = |text: &str| url_safe(&base64(text.as_bytes()));
    let header = encode(r#"{"alg":"HS256"}"#);
    let claims = encode(r#"{"sub":"joe","exp":99999999999}"#);
    let signed = format!("{header}.{claims}");
    let signature = wampcra::sign(TOKEN_SECRET.as_bytes(), signed.as_bytes());
    format!("{signed}.{}", url_safe(&signature))
}

fn url_safe(base64: &str) -> String {
    let text = base64.replace('+', "-").replace('/', "_");
    text.trim_end_matches('=').to_owned()
}

async fn join(port: &str, auth: Auth) -> Option<Session> {
    let target: Target = format!("ws://127.0.0.1:{port}/ws").parse().expect("a URL");
    let options = Options {
        authid: Some("joe".to_owned()),
        auth: vec![auth],
        ..Options::realm("realm1")
    };
    connect(&target, options).await.ok()
}

async fn authenticate(call: Invocation) -> Result<Value, Failure> {
    let (_, _, details): (Value, Value, Value) = call.args()?;
    let ticket = details.get("ticket").and_then(Value::as_str);
    assert_eq!(ticket, Some(DYNAMIC));
    Ok(Value::from("anonymous"))
}

/// Proves who one is in every way, rightly and wrongly.
async fn log_in([all, tokens, dynamic]: [&str; 3]) {
    let scram = |password: &str| Auth::WampScram {
        password: password.into(),
        binding: false,
    };
    let key = |seed| Auth::Cryptosign {
        key: PrivateKey::from_seed(&seed),
        router: None,
        binding: false,
    };
    for (port, auth) in [
        (all, Auth::Ticket(TICKET.into())),
        (all, Auth::Wampcra(SECRET.into())),
        (all, scram(PASSWORD)),
        (all, key(SEED)),
        (tokens, Auth::Ticket(token().into())),
    ] {
        assert!(join(port, auth).await.is_some());
    }
    let authenticator = join(all, Auth::Anonymous).await.expect("all are let in");
    let options = RegisterOptions::default();
    let procedure = "com.example.authenticate";
    let registered = authenticator
        .register(procedure, options, authenticate)
        .await;
    registered.expect("all may register");
    assert!(join(dynamic, Auth::Ticket(DYNAMIC.into())).await.is_some());
    for (port, auth) in [
        (all, Auth::Ticket("hush-ticket-wrong".into())),
        (all, Auth::Wampcra("hush-wampcra-wrong".into())),
        (all, scram("hush-scram-wrong")),
        (all, key([0xa8; 32])),
        (tokens, Auth::Ticket("hush-token-wrong".into())),
    ] {
        assert!(join(port, auth).await.is_none());
    }
}

/// Logs in as a browser does, which gets a cookie; gives the cookie's value.
fn browse(port: &str) -> String {
    let connect = |cookie: &str| {
        let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).expect("the node listens");
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: wamp.2.json\r\n{cookie}\r\n"
        );
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut octet = [0];
            stream.read_exact(&mut octet).expect("it answers");
            head.push(octet[0]);
        }
        (stream, String::from_utf8(head).expect("it is text"))
    };
    let say = |stream: &mut TcpStream, text: &str| {
        let length = u8::try_from(text.len()).expect("it is short");
        assert!(length < 126);
        let frame = [&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat();
        stream.write_all(&frame).expect("it reads");
        let mut head = [0; 2];
        stream.read_exact(&mut head).expect("it answers");
        let length = match head[1] {
            126 => {
                let mut long = [0; 2];
                stream.read_exact(&mut long).expect("it answers");
                usize::from(u16::from_be_bytes(long))
            }
            short => usize::from(short),
        };
        let mut answer = vec![0; length];
        stream.read_exact(&mut answer).expect("it answers");
        String::from_utf8(answer).expect("it is text")
    };
    let (mut stream, head) = connect("");
    let (_, cookie) = head.split_once("cbtid=").expect("a cookie is set");
    let value: String = cookie.chars().take_while(|&c| c != ';').collect();
    let hello = |method| {
        format!(
            r#"[1,"realm1",{{"roles":{{"caller":{{}}}},"authmethods":["{method}"],"authid":"joe"}}]"#
        )
    };
    say(&mut stream, &hello("ticket"));
    let welcome = say(&mut stream, &format!(r#"[5,"{TICKET}",{{}}]"#));
    assert!(welcome.starts_with("[2,"), "{welcome}");
    let (mut stream, _) = connect(&format!("Cookie: cbtid={value}\r\n"));
    let welcome = say(&mut stream, &hello("cookie"));
    assert!(welcome.starts_with("[2,"), "{welcome}");
    value
}

/// Sends requests that are broken where a secret stands.
fn blunder(port: &str) {
    for request in [
        "GET /in\u{1}valid HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nCookie: hush-cookie\r\nAuthorization: Bearer hush-bearer\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nAuthorization hush-bearer\r\n\r\n",
    ] {
        let address = format!("127.0.0.1:{port}");
        let mut stream = TcpStream::connect(address).expect("the node listens");
        stream.write_all(request.as_bytes()).expect("it reads");
        let _ = stream.read_to_end(&mut Vec::new());
    }
}

#[test]
fn nothing_that_a_node_prints_has_a_secret() {
    let directory = directory(&node());
    let node = Running::up(directory.path(), &["--loglevel", "trace"]);
    let ports: Vec<String> = node
        .log
        .iter()
        .filter_map(|line| line.split_once("listening on 127.0.0.1:"))
        .map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect())
        .collect();
    let ports: Vec<&str> = ports.iter().map(String::as_str).collect();
    let ports = ports.try_into().expect("three transports listen");
    let runtime = tokio::runtime::Runtime::new().expect("the system gives what it takes");
    let limited = runtime.block_on(async {
        let all = log_in(ports);
        tokio::time::timeout(Duration::from_secs(30), all).await
    });
    limited.expect("in time");
    let cookie = browse(ports[0]);
    blunder(ports[0]);
    node.signal(Signal::TERM);
    let (status, log) = node.end();
    assert_eq!(status.code(), Some(0));
    let log = log.join("\n");
    // The node is talkative.
    assert!(
        log.contains("session opened") && log.contains("session refused"),
        "{log}"
    );
    let key = std::fs::read_to_string(directory.path().join("key.priv")).expect("it is there");
    let private = key
        .lines()
        .find_map(|line| line.strip_prefix("private-key-ed25519: "));
    let [stored, server] = keys();
    let token = token();
    for secret in [
        "hush",
        &cookie,
        &stored,
        &server,
        &token[token.len() - 20..],
        &hex(&SEED),
        private.expect("the node has a key"),
    ] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
