//! Which service a path leads to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbar_config::{JsonDocument, Surroundings, WebOptions, WebService, read_web_service};
use crossbar_web::ServiceError;
use serde_json::json;

use crate::server::{Server, status};

fn named(name: &str) -> WebService {
    WebService::Json(JsonDocument {
        value: json!(name),
        prettify: false,
        allow_cross_origin: false,
        discourage_caching: false,
    })
}

fn branch<const N: usize>(paths: [(&str, WebService); N]) -> WebService {
    WebService::Path(
        paths
            .map(|(path, service)| (path.to_owned(), service))
            .into(),
    )
}

#[tokio::test]
async fn the_longest_path_wins() {
    let inner = branch([("/", named("inner")), ("c", named("c"))]);
    let server = Server::start([
        ("/", WebService::Redirect("/elsewhere".to_owned())),
        ("a", branch([("b", inner), ("d", named("d"))])),
        ("x y", named("x y")),
    ])
    .await;
    for (path, text) in [
        ("/a/b", "\"inner\""),
        ("/a/b/", "\"inner\""),
        ("/a/b/c", "\"c\""),
        ("/a/d", "\"d\""),
        ("/%61/d", "\"d\""),
        ("/x%20y", "\"x y\""),
    ] {
        let answer = server.get(path).await;
        assert_eq!((answer.status, answer.text()), (200, text), "{path}");
    }
    for path in ["/a", "/a/", "/a/none", "/a/b/none", "/a/d/e"] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
    for path in ["/", "/b", "/elsewhere/below"] {
        assert_eq!(server.get(path).await.status, 302, "{path}");
    }
}

#[tokio::test]
async fn nothing_on_the_root() {
    let server = Server::start([("a", named("a"))]).await;
    let answer = server.get("/").await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.header("server"), "Crossbar");
    assert_eq!(server.ask("OPTIONS", "*", "").await.status, 404);
    assert_eq!(server.get("http://here/a").await.text(), "\"a\"");
}

#[tokio::test]
async fn services_come_and_go() {
    let server = Server::start([("a", named("a"))]).await;
    assert_eq!(server.get("/b").await.status, 404);
    server.tree.start("b", &named("b")).unwrap();
    server.tree.start("/", &named("root")).unwrap();
    assert_eq!(server.get("/b").await.text(), "\"b\"");
    assert_eq!(server.get("/").await.text(), "\"root\"");
    assert_eq!(server.tree.paths(), ["/", "a", "b"]);
    let taken = server.tree.start("a", &named("other"));
    assert!(matches!(taken, Err(ServiceError::AlreadyRunning { path }) if path == "a"));
    server.tree.stop("a").unwrap();
    server.tree.stop("/").unwrap();
    assert_eq!(server.get("/a").await.status, 404);
    assert_eq!(server.get("/").await.status, 404);
    let again = server.tree.stop("a").unwrap_err();
    assert_eq!(again.to_string(), "no Web service runs on path \"a\"");
}

#[tokio::test]
async fn hsts_on_all_answers() {
    let options = WebOptions {
        hsts: Some(Duration::from_secs(60)),
        access_log: true,
        ..WebOptions::default()
    };
    let server = Server::with([("a", named("a"))], options, Some(status())).await;
    for path in ["/a", "/none"] {
        let answer = server.get(path).await;
        assert_eq!(
            answer.header("strict-transport-security"),
            "max-age=60",
            "{path}"
        );
    }
    let server = Server::start([("a", named("a"))]).await;
    assert_eq!(
        server.get("/a").await.header("strict-transport-security"),
        ""
    );
}

#[tokio::test]
async fn idle_connections_are_closed() {
    let options = WebOptions {
        client_timeout: Some(Duration::from_millis(50)),
        ..WebOptions::default()
    };
    let server = Server::with([("a", named("a"))], options, Some(status())).await;
    let octets = server
        .exchange("GET /a HTTP/1.1\r\nHost: here\r\n\r\n")
        .await;
    assert!(octets.ends_with(b"\r\n\r\n\"a\""));
    assert_eq!(server.exchange("").await, b"");
    let slow = server
        .exchange("GET /a HTTP/1.1\r\nHost: here\r\nX-Slow: ")
        .await;
    assert!(!slow.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn heads_are_limited() {
    let server = Server::start([("a", named("a"))]).await;
    let head = format!("X-Long: {}\r\n", "x".repeat(66_000));
    assert_eq!(server.ask("GET", "/a", &head).await.status, 431);
    let many = "X: y\r\n".repeat(1000);
    assert_eq!(server.ask("GET", "/a", &many).await.status, 431);
    assert_eq!(server.get("/a").await.status, 200);
}

#[tokio::test]
async fn access_log() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let options = WebOptions {
        access_log: true,
        ..WebOptions::default()
    };
    let server = Server::with([("a", named("a"))], options, Some(status())).await;
    let agent = "User-Agent: \"x\" \u{e4}\r\n";
    assert_eq!(server.ask("GET", "/a?b", agent).await.status, 200);
    assert_eq!(server.ask("POST", "/c", "").await.status, 404);
    let longpoll = serde_json::from_str(r#"{"type": "longpoll"}"#).unwrap();
    let longpoll = read_web_service(longpoll, &Surroundings::default()).unwrap();
    server.tree.start("lp", &longpoll).unwrap();
    for path in ["/lp/open", "/lp/%61secret/send", "/lp/asecret"] {
        server.post(path, b"", "").await;
    }
    let text = lines.text();
    let lines: Vec<_> = text
        .lines()
        .filter(|line| line.contains("access"))
        .collect();
    assert_eq!(lines.len(), 5, "{text}");
    for part in [
        "client=\"127.0.0.1\"",
        "request=GET /a?b HTTP/1.1",
        "status=200",
        "length=3",
        r#"referer="-""#,
        r#"agent="\"x\" \xc3\xa4""#,
    ] {
        assert!(lines[0].contains(part), "{part} in {}", lines[0]);
    }
    assert!(
        lines[1].contains("request=POST /c HTTP/1.1 status=404"),
        "{}",
        lines[1]
    );
    for (line, target) in lines[2..].iter().zip(["/lp/open", "/lp/*/send", "/lp/*"]) {
        let part = format!("request=POST {target} HTTP/1.1 ");
        assert!(line.contains(&part), "{line}");
    }
    assert!(!text.contains("secret"), "{text}");
}

/// Takes what is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Lines {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn own_headers_are_on_all_answers_and_take_the_place_of_the_nodes() {
    let headers = [("Server", "mine"), ("x-frame-options", "SAMEORIGIN")];
    let options = WebOptions {
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..WebOptions::default()
    };
    let server = Server::with([("a", named("a"))], options, Some(status())).await;
    for path in ["/a", "/none"] {
        let answer = server.get(path).await;
        assert_eq!(answer.header("server"), "mine", "{path}");
        assert_eq!(answer.header("x-frame-options"), "SAMEORIGIN", "{path}");
    }
}

#[tokio::test]
async fn pages_of_the_node_stand_in_no_frame_and_name_no_version() {
    let services = [("info", WebService::NodeInfo), ("/", WebService::Welcome)];
    let server = Server::start(services).await;
    for path in ["/info", "/", "/none/at/all", "/..", "/%00"] {
        let answer = server.get(path).await;
        assert_eq!(answer.header("server"), "Crossbar", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(!answer.text().contains(env!("CARGO_PKG_VERSION")), "{path}");
    }
}
