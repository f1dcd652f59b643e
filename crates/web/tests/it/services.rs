//! The services that are not files.

use crossbar_config::{JsonDocument, Surroundings, WebOptions, WebService};
use crossbar_web::ServiceError;
use serde_json::json;

use crate::server::Server;

fn document() -> JsonDocument {
    JsonDocument {
        value: json!({"a": [1, null, "ä"]}),
        prettify: false,
        allow_cross_origin: true,
        discourage_caching: false,
    }
}

#[tokio::test]
async fn json_document() {
    let plain = JsonDocument {
        prettify: true,
        allow_cross_origin: false,
        discourage_caching: true,
        ..document()
    };
    let server = Server::start([
        ("config", WebService::Json(document())),
        ("plain", WebService::Json(plain)),
    ])
    .await;
    let answer = server.ask("GET", "/config", "Origin: null\r\n").await;
    assert_eq!(
        (answer.status, answer.text()),
        (200, r#"{"a":[1,null,"ä"]}"#)
    );
    assert_eq!(
        answer.header("content-type"),
        "application/json; charset=utf-8"
    );
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("cache-control"), "");
    assert_eq!(server.get("/config/below").await.status, 404);
    let answer = server.ask("HEAD", "/config", "").await;
    assert_eq!((answer.status, answer.text()), (200, ""));
    assert_eq!(answer.header("content-length"), "19");
    assert_eq!(
        server
            .ask("POST", "/config", "Content-Length: 0\r\n")
            .await
            .status,
        405
    );

    let answer = server.get("/plain").await;
    assert!(answer.text().contains("\n"));
    assert_eq!(answer.header("access-control-allow-origin"), "");
    assert!(answer.header("cache-control").starts_with("no-store"));
}

#[tokio::test]
async fn redirect() {
    let service = WebService::Redirect("https://example.com/x?y".to_owned());
    let server = Server::start([("old", service)]).await;
    for path in ["/old", "/old/", "/old/and/below?query"] {
        let answer = server.get(path).await;
        assert_eq!((answer.status, answer.text()), (302, ""));
        assert_eq!(answer.header("location"), "https://example.com/x?y");
    }
    assert_eq!(
        server
            .ask("POST", "/old", "Content-Length: 0\r\n")
            .await
            .status,
        405
    );
    let location = server
        .tree
        .start("bad", &WebService::Redirect("a\r\nb".to_owned()));
    assert!(matches!(location, Err(ServiceError::Location { .. })));
}

#[tokio::test]
async fn nodeinfo() {
    let server = Server::start([("info", WebService::NodeInfo)]).await;
    let answer = server.get("/info").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), "no-store");
    for shown in ["4711", "c0ffee", "2026-01-01T00:00:00.000Z"] {
        assert!(answer.text().contains(shown), "{shown}");
    }
    assert!(!answer.text().contains("/secret/place"));
    assert!(!answer.text().contains("1.0"));

    let silent = Server::with(
        [("info", WebService::NodeInfo)],
        WebOptions::default(),
        None,
    )
    .await;
    assert_eq!(silent.get("/info").await.status, 503);
}

#[tokio::test]
async fn welcome_page() {
    let server = Server::start([("/", WebService::Welcome)]).await;
    let answer = server.get("/").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let policy = answer.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'sha256-"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    for id in ["status", "call", "call-result", "publish", "event-log"] {
        assert!(answer.text().contains(&format!("id=\"{id}\"")), "{id}");
    }
    assert_eq!(server.get("/other").await.status, 404);
}

#[tokio::test]
async fn websocket() {
    let service = r#"{"type": "websocket", "serializers": ["json"]}"#;
    let service = serde_json::from_str(service).unwrap();
    let service = crossbar_config::read_web_service(service, &Surroundings::default()).unwrap();
    let inner = WebService::Path([("wamp".to_owned(), service)].into());
    let server = Server::start([("a", inner)]).await;
    let head = server.upgrade("/a/wamp", "wamp.2.json").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    // the answer to the key, from RFC 6455, "Opening Handshake"
    assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
    let head = server.upgrade("/a/wamp", "wamp.2.msgpack").await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    assert!(
        server
            .upgrade("/a", "wamp.2.json")
            .await
            .starts_with("HTTP/1.1 404 ")
    );
    assert_eq!(server.get("/a/wamp").await.status, 200, "the status page");
}
