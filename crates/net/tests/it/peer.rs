//! The other end of a connection: sends what it is told, octet for octet, and gives what comes.

use std::net::SocketAddr;
use std::time::Duration;

use crossbar_wire::websocket::{Decoder, Incoming, Limits, MessageKind, Outgoing, Side};
use crossbar_wire::websocket::{Opcode, put_control, put_message};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// HELLO of a client with all roles.
pub(crate) const HELLO: &str =
    r#"[1,"realm1",{"roles":{"caller":{},"callee":{},"publisher":{},"subscriber":{}}}]"#;

/// Waits, but not for ever.
pub(crate) async fn soon<T>(wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .expect("what is waited for comes within 20 seconds")
}

/// Connects.
pub(crate) async fn dial(address: SocketAddr) -> TcpStream {
    let stream = soon(TcpStream::connect(address)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Sends octets and gives all that comes until the other side ends the stream, however it does.
pub(crate) async fn exchange(stream: &mut TcpStream, octets: &[u8]) -> Vec<u8> {
    soon(stream.write_all(octets)).await.unwrap();
    to_end(stream).await
}

/// Gives all that comes until the other side ends the stream, however it does.
pub(crate) async fn to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(count @ 1..) = soon(stream.read(&mut piece)).await {
        answer.extend_from_slice(&piece[..count]);
    }
    answer
}

/// A RawSocket client; it speaks JSON unless it shakes hands otherwise.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
}

impl Raw {
    /// Connects and shakes hands.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::connect_with(address, 1).await
    }

    /// Connects and shakes hands for the serializer of this number.
    pub(crate) async fn connect_with(address: SocketAddr, serializer: u8) -> Self {
        let mut stream = dial(address).await;
        let handshake = [0x7f, 0xf0 | serializer, 0, 0];
        stream.write_all(&handshake).await.unwrap();
        let mut reply = [0; 4];
        soon(stream.read_exact(&mut reply)).await.unwrap();
        assert_eq!(reply, handshake);
        Self { stream }
    }

    /// Connects and opens a session.
    pub(crate) async fn join(address: SocketAddr) -> Self {
        let mut raw = Self::connect(address).await;
        raw.send(HELLO).await;
        assert_eq!(raw.receive().await[0], 2);
        raw
    }

    /// Sends a message.
    pub(crate) async fn send(&mut self, json: &str) {
        self.send_frame(0, json.as_bytes()).await;
    }

    /// Sends a frame of some type.
    pub(crate) async fn send_frame(&mut self, kind: u8, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap();
        let mut frame = (u32::from(kind) << 24 | length).to_be_bytes().to_vec();
        frame.extend_from_slice(payload);
        soon(self.stream.write_all(&frame)).await.unwrap();
    }

    /// Gives the next frame's type and payload.
    pub(crate) async fn receive_frame(&mut self) -> (u8, Vec<u8>) {
        let mut header = [0; 4];
        soon(self.stream.read_exact(&mut header)).await.unwrap();
        let [kind, high, middle, low] = header;
        let length = u32::from_be_bytes([0, high, middle, low]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        soon(self.stream.read_exact(&mut payload)).await.unwrap();
        (kind, payload)
    }

    /// Gives the next message.
    pub(crate) async fn receive(&mut self) -> Value {
        let (kind, payload) = self.receive_frame().await;
        assert_eq!(kind, 0);
        serde_json::from_slice(&payload).unwrap()
    }

    /// Sends a message and gives the answer.
    pub(crate) async fn ask(&mut self, json: &str) -> Value {
        self.send(json).await;
        self.receive().await
    }

    /// Gives the ABORT that comes next and after which the stream ends.
    pub(crate) async fn aborted(&mut self) -> (String, String) {
        let abort = self.receive().await;
        assert_eq!(abort[0], 3, "{abort}");
        assert_eq!(to_end(&mut self.stream).await, b"");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&abort[2]), text(&abort[1]["message"]))
    }

    /// Says GOODBYE and hangs up.
    pub(crate) async fn leave(mut self) {
        let goodbye = self.ask(r#"[6,{},"wamp.close.close_realm"]"#).await;
        assert_eq!(goodbye[0], 6);
    }
}

/// A WebSocket client.
pub(crate) struct Web {
    pub(crate) stream: TcpStream,
    decoder: Decoder,
    /// The head of the server's answer.
    pub(crate) head: String,
}

impl Web {
    /// Connects to a path and shakes hands, with more header lines.
    pub(crate) async fn connect(address: SocketAddr, path: &str, more: &str) -> Self {
        let (mut stream, head) = upgrade(address, path, more).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        stream.flush().await.unwrap();
        let limits = Limits {
            max_frame: usize::MAX,
            max_message: usize::MAX,
        };
        Self {
            stream,
            decoder: Decoder::new(Side::Client, limits),
            head,
        }
    }

    /// Connects to the path `ws` with `wamp.2.json`, and opens a session.
    pub(crate) async fn join(address: SocketAddr) -> Self {
        let mut web =
            Self::connect(address, "/ws", "Sec-WebSocket-Protocol: wamp.2.json\r\n").await;
        web.send(HELLO).await;
        assert_eq!(web.receive().await[0], 2);
        web
    }

    /// Sends a message.
    pub(crate) async fn send(&mut self, json: &str) {
        self.send_kind(MessageKind::Text, json.as_bytes()).await;
    }

    /// Sends a message of some kind.
    pub(crate) async fn send_kind(&mut self, kind: MessageKind, octets: &[u8]) {
        let mut frame = Vec::new();
        let how = Outgoing {
            mask: Some(&mut || [1, 2, 3, 4]),
            ..Outgoing::default()
        };
        put_message(&mut frame, kind, octets, how);
        soon(self.stream.write_all(&frame)).await.unwrap();
    }

    /// Sends a control frame.
    pub(crate) async fn send_control(&mut self, opcode: Opcode, payload: &[u8]) {
        let mut frame = Vec::new();
        put_control(&mut frame, opcode, payload, Some([9, 8, 7, 6]));
        soon(self.stream.write_all(&frame)).await.unwrap();
    }

    /// Gives whatever comes next; none at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Incoming> {
        loop {
            if let Some(incoming) = self.decoder.next_message().unwrap() {
                return Some(incoming);
            }
            let mut piece = [0; 4096];
            let count = soon(self.stream.read(&mut piece)).await.ok()?;
            if count == 0 {
                return None;
            }
            self.decoder.feed(&piece[..count]);
        }
    }

    /// Gives the next message.
    pub(crate) async fn receive(&mut self) -> Value {
        let Some(Incoming::Message { octets, .. }) = self.next().await else {
            panic!("a message must come");
        };
        serde_json::from_slice(&octets).unwrap()
    }

    /// Gives the code and the reason of the close frame that comes next.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        let Some(Incoming::Close(Some(frame))) = self.next().await else {
            panic!("a close frame with a code must come");
        };
        (frame.code.value(), frame.reason.to_string())
    }
}

/// Asks for an upgrade; gives the stream and the head of the answer.
pub(crate) async fn upgrade(address: SocketAddr, path: &str, more: &str) -> (TcpStream, String) {
    let mut stream = dial(address).await;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    );
    soon(stream.write_all(request.as_bytes())).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon(stream.read_u8()).await.unwrap());
    }
    (stream, String::from_utf8(head).unwrap())
}

/// A client of either transport; it speaks JSON.
pub(crate) enum Either {
    Raw(Raw),
    Web(Box<Web>),
}

impl Either {
    /// Connects over both transports of a server that speaks both.
    pub(crate) async fn both(address: SocketAddr) -> [Self; 2] {
        let json = "Sec-WebSocket-Protocol: wamp.2.json\r\n";
        let web = Web::connect(address, "/ws", json).await;
        [
            Self::Raw(Raw::connect(address).await),
            Self::Web(Box::new(web)),
        ]
    }

    /// Sends a message.
    pub(crate) async fn send(&mut self, json: &Value) {
        match self {
            Self::Raw(raw) => raw.send(&json.to_string()).await,
            Self::Web(web) => web.send(&json.to_string()).await,
        }
    }

    /// Gives the next message.
    pub(crate) async fn receive(&mut self) -> Value {
        match self {
            Self::Raw(raw) => raw.receive().await,
            Self::Web(web) => web.receive().await,
        }
    }

    /// Sends a message and gives the answer.
    pub(crate) async fn ask(&mut self, json: &Value) -> Value {
        self.send(json).await;
        self.receive().await
    }

    /// Gives the ABORT that comes next and after which the transport closes.
    pub(crate) async fn aborted(&mut self) -> (String, String) {
        match self {
            Self::Raw(raw) => raw.aborted().await,
            Self::Web(web) => {
                let abort = web.receive().await;
                assert_eq!(abort[0], 3, "{abort}");
                web.closed().await;
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                (text(&abort[2]), text(&abort[1]["message"]))
            }
        }
    }
}
