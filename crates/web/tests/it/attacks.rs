//! Requests that mean harm.

use std::time::Duration;

use crossbar_config::{JsonDocument, WebService};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::Server;

async fn server() -> Server {
    let document = JsonDocument {
        value: json!("smuggled"),
        prettify: false,
        allow_cross_origin: true,
        discourage_caching: false,
    };
    Server::start([
        ("/", WebService::Welcome),
        ("in", WebService::Json(document)),
    ])
    .await
}

/// A second request, that is only to be seen by whoever takes the first for shorter than it is.
const SECOND: &str = "GET /in HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn smuggling_shapes_are_refused_and_end_the_connection() {
    let server = server().await;
    for head in [
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 5\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n X: folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: no name\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        "G\0T / HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let answer = server.exchange(format!("{head}{SECOND}")).await;
        let text = String::from_utf8_lossy(&answer);
        assert!(!text.contains("smuggled"), "{head:?}: {text}");
        assert!(
            text.starts_with("HTTP/1.1 4") || text.is_empty(),
            "{head:?}: {text}"
        );
    }
}

#[tokio::test]
async fn a_request_with_both_lengths_is_the_last_of_its_connection() {
    let server = server().await;
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let answer = server.exchange(format!("{head}{SECOND}")).await;
    let text = String::from_utf8_lossy(&answer);
    assert!(!text.contains("smuggled"), "{text}");
}

#[tokio::test]
async fn a_line_that_ends_in_lf_alone_hides_no_request() {
    let server = server().await;
    let length = SECOND.len();
    for head in [
        format!("GET / HTTP/1.1\r\nHost: a\r\nX: a\nContent-Length: {length}\r\n\r\n"),
        format!("GET / HTTP/1.1\nHost: a\nContent-Length: {length}\n\n"),
        format!("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\n"),
    ] {
        let answer = server.exchange(format!("{head}{SECOND}{CLOSING}")).await;
        let text = String::from_utf8_lossy(&answer);
        assert!(!text.contains("smuggled"), "{head:?}: {text}");
    }
}

/// The last request of a connection.
const CLOSING: &str = "GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn bodies_that_nobody_asked_for_are_not_waited_for() {
    let server = server().await;
    for (head, piece) in [
        ("Content-Length: 18446744073709551615", &b"x"[..]),
        ("Content-Length: 1000000", b"x"),
        ("Transfer-Encoding: chunked", b"1\r\nx\r\n"),
        ("Transfer-Encoding: chunked", b"7fffffffffffffff\r\nx"),
        ("Transfer-Encoding: chunked\r\nExpect: 100-continue", b"1;"),
    ] {
        let mut stream = server.dial().await;
        let request = format!("GET /in HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let (mut reader, mut writer) = stream.split();
        let drops = async {
            while writer.write_all(piece).await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let mut answer = Vec::new();
        let end = async {
            // The connection may be reset with what is not read.
            let _ = reader.read_to_end(&mut answer).await;
        };
        let done = tokio::time::timeout(Duration::from_secs(90), async {
            tokio::select! {
                () = drops => {}
                () = end => {}
            }
        });
        done.await.expect("the connection ends");
        let text = String::from_utf8_lossy(&answer);
        let fits =
            text.is_empty() || text.starts_with("HTTP/1.1 200 ") || text.starts_with("HTTP/1.1 4");
        assert!(fits, "{head}: {text}");
    }
}

#[tokio::test]
async fn heads_have_a_limit() {
    let server = server().await;
    let long = "x".repeat(70_000);
    let many = "X-Header: 1\r\n".repeat(200);
    for (request, status) in [
        (format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"), "4"),
        (
            format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"),
            "431",
        ),
        (format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"), "431"),
        (
            format!("GET / HTTP/1.1\r\nHost: a\r\nCookie: {long}\r\n\r\n"),
            "431",
        ),
    ] {
        let answer = server.exchange(&request).await;
        let text = String::from_utf8_lossy(&answer);
        assert!(
            text.starts_with(&format!("HTTP/1.1 {status}")),
            "{request:.40}: {text}"
        );
    }
}

#[tokio::test]
async fn nothing_of_a_request_gets_into_a_header() {
    let server = server().await;
    for path in [
        "/%0d%0aSet-Cookie:%20a=b",
        "/in%0d%0aX-Injected:%201",
        "/..%0d%0aX-Injected:%201",
        "//evil.example.com/..",
        "/\\evil.example.com",
        "http://evil.example.com/x",
    ] {
        for host in ["here", "evil.example.com", "evil.example.com:99\tx"] {
            let request =
                format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            let answer = server.exchange(&request).await;
            let text = String::from_utf8_lossy(&answer).to_lowercase();
            let head = text.split("\r\n\r\n").next().unwrap_or_default();
            for word in ["injected", "set-cookie", "evil", "location"] {
                assert!(!head.contains(word), "{path} {host}: {head}");
            }
        }
    }
}
