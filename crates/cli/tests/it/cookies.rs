//! Logins that outlive a killed worker and a node that is stopped.

#![expect(clippy::unwrap_used, reason = "a helper that fails, fails its test")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crossbar_wire::websocket::{
    Decoder, Incoming, Limits, MessageKind, Outgoing, Side, put_message,
};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::running::{Running, directory, send, wait_gone};

/// A browser's WebSocket.
struct Web {
    stream: TcpStream,
    decoder: Decoder,
    /// The cookie that the handshake has set.
    given: Option<String>,
}

impl Web {
    fn connect(port: &str, cookie: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
        let limit = Some(Duration::from_secs(20));
        stream.set_read_timeout(limit).unwrap();
        let cookie = cookie.map_or(String::new(), |it| format!("Cookie: cbtid={it}\r\n"));
        let request = format!(
            "GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Origin: http://127.0.0.1:{port}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: wamp.2.json\r\n{cookie}\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut octet = [0];
            stream.read_exact(&mut octet).unwrap();
            head.push(octet[0]);
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let value = head.split_once("cbtid=").map(|(_, rest)| rest);
        let given = value.and_then(|value| Some(value.split_once(';')?.0.to_owned()));
        let limits = Limits {
            max_frame: usize::MAX,
            max_message: usize::MAX,
        };
        Self {
            stream,
            decoder: Decoder::new(Side::Client, limits),
            given,
        }
    }

    fn ask(&mut self, message: &Value) -> Value {
        let mut frame = Vec::new();
        let how = Outgoing {
            mask: Some(&mut || [1, 2, 3, 4]),
            ..Outgoing::default()
        };
        let text = message.to_string();
        put_message(&mut frame, MessageKind::Text, text.as_bytes(), how);
        self.stream.write_all(&frame).unwrap();
        loop {
            match self.decoder.next_message().unwrap() {
                Some(Incoming::Message { octets, .. }) => {
                    return serde_json::from_slice(&octets).unwrap();
                }
                Some(other) => panic!("{other:?}"),
                None => {
                    let mut piece = [0; 4096];
                    let count = self.stream.read(&mut piece).unwrap();
                    assert!(count > 0, "the connection ended");
                    self.decoder.feed(&piece[..count]);
                }
            }
        }
    }

    fn hello(&mut self, methods: &Value) -> Value {
        let details = json!({"roles": {"caller": {}}, "authmethods": methods, "authid": "joe"});
        self.ask(&json!([1, "realm1", details]))
    }
}

/// Logs in by a ticket, and gives the cookie.
fn log_in(port: &str) -> String {
    let mut web = Web::connect(port, None);
    assert_eq!(web.hello(&json!(["cookie", "ticket"]))[1], "ticket");
    let welcome = web.ask(&json!([5, "secret", {}]));
    assert_eq!(welcome[2]["authprovider"], "static", "{welcome}");
    web.given.unwrap()
}

/// Gives what a client with this cookie and nothing else hears.
fn known_again(port: &str, cookie: &str) -> Value {
    Web::connect(port, Some(cookie)).hello(&json!(["cookie"]))
}

fn log_out(port: &str, cookie: &str) {
    let mut web = Web::connect(port, Some(cookie));
    assert_eq!(web.hello(&json!(["cookie"]))[0], 2);
    let goodbye = web.ask(&json!([6, {}, "wamp.close.logout"]));
    assert_eq!(goodbye[2], "wamp.close.goodbye_and_out");
}

fn config(store: &Value) -> Value {
    json!({
        "version": 2,
        "workers": [{
            "type": "router",
            "realms": [{"name": "realm1", "roles": [{"name": "user", "permissions": []}]}],
            "transports": [{
                "type": "websocket",
                "endpoint": {"type": "tcp", "port": 0, "interface": "127.0.0.1"},
                "cookie": {"store": store, "http_strict": true},
                "auth": {
                    "cookie": {},
                    "ticket": {"type": "static", "principals": {"joe": {"ticket": "secret", "role": "user"}}},
                },
            }],
        }],
    })
}

/// Gives the port that the node listens on last.
fn port(node: &Running) -> String {
    let line = node
        .log
        .iter()
        .rev()
        .find_map(|line| line.split_once("listening on 127.0.0.1:"));
    let (_, rest) = line.expect("the node tells where it listens");
    rest.chars().take_while(char::is_ascii_digit).collect()
}

fn outlive(store: &Value) {
    let directory = directory(&config(store));
    let mut node = Running::up(directory.path(), &[]);
    let kept = log_in(&port(&node));
    let gone = log_in(&port(&node));
    log_out(&port(&node), &gone);
    // At once after the answers: what a client was told of is on the disk.
    let [worker] = node.workers()[..] else {
        panic!("one worker");
    };
    send(worker, Signal::KILL);
    wait_gone(worker);
    node.wait_for("listening on 127.0.0.1:");
    assert_eq!(known_again(&port(&node), &kept)[2]["authid"], "joe");
    assert_eq!(known_again(&port(&node), &gone)[0], 3);
    node.signal(Signal::TERM);
    let (status, log) = node.end();
    assert!(status.success());
    for value in [&kept, &gone] {
        assert!(!log.iter().any(|line| line.contains(value.as_str())));
    }
    let node = Running::up(directory.path(), &[]);
    assert_eq!(
        known_again(&port(&node), &kept)[2]["authprovider"],
        "cookie"
    );
    assert_eq!(known_again(&port(&node), &gone)[0], 3);
}

#[test]
fn a11_a_file_of_cookies_outlives_a_killed_worker() {
    outlive(&json!({"type": "file", "filename": "cookies.dat"}));
}

#[test]
fn a11_a_database_of_cookies_outlives_a_killed_worker() {
    outlive(&json!({"type": "database", "path": "cookies"}));
}

#[test]
fn a11_a_store_that_cannot_be_opened_is_told_and_the_node_does_not_start() {
    let directory = directory(&config(&json!({"type": "file", "filename": "config.json"})));
    let (status, log) = Running::start(directory.path(), &[]).end();
    assert!(!status.success());
    let text = "it has something else than cookies in it";
    assert!(log.iter().any(|line| line.contains(text)), "{log:#?}");
}
