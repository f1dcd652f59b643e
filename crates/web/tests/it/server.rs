//! A tree behind a socket, and a client that speaks HTTP by the letter.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossbar_config::{
    StaticFiles, Surroundings, Transport, Web, WebOptions, WebService, read_transport,
};
use crossbar_net::{Address, Router, Site, listen};
use crossbar_web::{Context, Tree};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A tree that is served until the test's runtime ends.
pub(crate) struct Server {
    pub(crate) tree: Arc<Tree>,
    pub(crate) router: Arc<Router>,
    address: SocketAddr,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Server {
    pub(crate) async fn start(paths: impl IntoIterator<Item = (&str, WebService)>) -> Self {
        Self::with(paths, WebOptions::default(), Some(status())).await
    }

    pub(crate) async fn with(
        paths: impl IntoIterator<Item = (&str, WebService)>,
        options: WebOptions,
        status: Option<Value>,
    ) -> Self {
        Self::limited(paths, options, status, None)
    }

    /// Starts one where an address may have so many clients of long-poll.
    pub(crate) async fn per_address(
        paths: impl IntoIterator<Item = (&str, WebService)>,
        most: usize,
    ) -> Self {
        Self::limited(paths, WebOptions::default(), Some(status()), Some(most))
    }

    fn limited<'a>(
        paths: impl IntoIterator<Item = (&'a str, WebService)>,
        options: WebOptions,
        status: Option<Value>,
        per_address: Option<usize>,
    ) -> Self {
        let paths = paths
            .into_iter()
            .map(|(path, service)| (path.to_owned(), service))
            .collect();
        let router = Router::new();
        let context = Context {
            router: Arc::clone(&router),
            per_address,
            status: Arc::new(move || {
                let status = status.clone();
                Box::pin(async move { status })
            }),
        };
        let tree = Tree::new(&Web { paths, options }, context).unwrap();
        let site: Arc<dyn Site> = tree.clone();
        let listener = listen(&transport(), &router, Some(site)).unwrap();
        let Address::Tcp(address) = *listener.local_address() else {
            unreachable!("the endpoint is tcp")
        };
        Self {
            tree,
            router,
            address,
        }
    }

    /// Connects.
    pub(crate) async fn dial(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "").await
    }

    /// Sends a request with more header lines, each ended by CRLF.
    pub(crate) async fn ask(&self, method: &str, path: &str, lines: &str) -> Answer {
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n{lines}\r\n");
        Answer::read(&self.exchange(&request).await)
    }

    /// Sends a body with POST, with more header lines, each ended by CRLF.
    pub(crate) async fn post(&self, path: &str, body: &[u8], lines: &str) -> Answer {
        let length = body.len();
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Length: {length}\r\n{lines}\r\n"
        )
        .into_bytes();
        request.extend_from_slice(body);
        Answer::read(&self.exchange(request).await)
    }

    /// Sends octets and gives what comes back until the server closes the connection.
    pub(crate) async fn exchange(&self, request: impl AsRef<[u8]>) -> Vec<u8> {
        let exchange = async {
            let mut stream = self.request(request).await;
            let mut octets = Vec::new();
            stream.read_to_end(&mut octets).await.unwrap();
            octets
        };
        tokio::time::timeout(Duration::from_secs(30), exchange)
            .await
            .unwrap()
    }

    /// Sends octets on a new connection.
    pub(crate) async fn request(&self, request: impl AsRef<[u8]>) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_ref()).await.unwrap();
        stream
    }

    /// Asks for a WebSocket and gives the status line and the headers that come back.
    pub(crate) async fn upgrade(&self, path: &str, subprotocol: &str) -> String {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: {subprotocol}\r\n\r\n"
        );
        let exchange = async {
            let mut stream = self.request(&request).await;
            let mut octets = Vec::new();
            while !octets.ends_with(b"\r\n\r\n") {
                octets.push(stream.read_u8().await.unwrap());
            }
            String::from_utf8(octets).unwrap()
        };
        tokio::time::timeout(Duration::from_secs(30), exchange)
            .await
            .unwrap()
    }
}

impl Answer {
    fn read(octets: &[u8]) -> Self {
        let end = octets
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .unwrap();
        let head = std::str::from_utf8(&octets[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Self {
            status: status.parse().unwrap(),
            headers,
            body: octets[end + 4..].to_vec(),
        }
    }

    /// A header's value; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// A static service as the configuration has it by default.
pub(crate) fn files(directory: &Path) -> StaticFiles {
    StaticFiles {
        directory: directory.to_owned(),
        directory_listing: false,
        mime_types: BTreeMap::new(),
        cache_timeout: Some(Duration::from_secs(43200)),
        default_file: None,
        allow_cross_origin: true,
    }
}

/// What a node tells of itself.
pub(crate) fn status() -> Value {
    json!({
        "title": "crossbar <1.0>",
        "started": "2026-01-01T00:00:00.000Z",
        "controller_pid": 4711,
        "running_workers": 2,
        "workers_by_type": {"router": 2},
        "directory": "/secret/place",
        "pubkey": "c0ffee",
    })
}

/// A transport on a free port. What it says of paths is not used: the tree is the site.
fn transport() -> Transport {
    let item = json!({
        "id": "transport001",
        "type": "web",
        "endpoint": {"type": "tcp", "port": 0, "interface": "127.0.0.1"},
        "paths": {"/": {"type": "nodeinfo"}},
    });
    read_transport(item, &Surroundings::default()).unwrap()
}
