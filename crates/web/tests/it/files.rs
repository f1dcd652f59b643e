//! The `static` service.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crossbar_config::{StaticFiles, WebService};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

use crate::server::{Server, files};

/// `secret.txt` beside the served directory `web`.
fn site() -> TempDir {
    let directory = TempDir::new().unwrap();
    let write = |name: &str, content: &[u8]| {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    write("secret.txt", b"secret");
    write("web/index.html", b"<h1>root</h1>");
    write("web/plain.txt", b"0123456789");
    write("web/empty.txt", b"");
    write("web/app.js.gz", b"packed");
    write("web/a b&<c>.txt", b"odd");
    write("web/docs/index.htm", b"docs");
    write("web/list/b.txt", b"bb");
    write("web/list/a\"<x>.txt", b"a");
    write("web/list/.hidden", b"");
    write("web/list/sub/file", b"");
    directory
}

async fn serve(path: &str, directory: &Path, change: impl FnOnce(&mut StaticFiles)) -> Server {
    let mut config = files(&directory.join("web"));
    change(&mut config);
    Server::start([(path, WebService::Static(config))]).await
}

#[tokio::test]
async fn sends_files() {
    let site = site();
    let server = serve("/", site.path(), |_| {}).await;
    let answer = server.get("/plain.txt").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text(), "0123456789");
    assert_eq!(answer.header("content-length"), "10");
    assert_eq!(answer.header("content-type"), "text/plain");
    assert_eq!(answer.header("cache-control"), "max-age=43200, public");
    assert_eq!(answer.header("accept-ranges"), "bytes");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(answer.header("expires").ends_with(" GMT"));
    assert!(answer.header("last-modified").ends_with(" GMT"));
    assert!(answer.header("etag").ends_with("-a\""));

    let answer = server.get("/").await;
    assert_eq!((answer.status, answer.text()), (200, "<h1>root</h1>"));
    assert_eq!(answer.header("content-type"), "text/html");
    let answer = server.get("/docs/?query").await;
    assert_eq!((answer.status, answer.text()), (200, "docs"));
    let answer = server.get("/a%20b%26%3Cc%3E.txt").await;
    assert_eq!((answer.status, answer.text()), (200, "odd"));
    let answer = server.get("/empty.txt").await;
    assert_eq!((answer.status, answer.header("content-length")), (200, "0"));
    let answer = server.get("/app.js.gz").await;
    assert_eq!(answer.header("content-type"), "text/javascript");
    assert_eq!(answer.header("content-encoding"), "gzip");
}

#[tokio::test]
async fn sends_large_files_whole() {
    let site = site();
    let content: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    fs::write(site.path().join("web/large"), &content).unwrap();
    let server = serve("/", site.path(), |_| {}).await;
    let answer = server.get("/large").await;
    assert_eq!(answer.header("content-length"), "12000000");
    assert!(answer.body == content);
    let answer = server
        .ask("GET", "/large", "Range: bytes=1000000-5999999\r\n")
        .await;
    assert!(answer.body == content[1_000_000..6_000_000]);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_dropped() {
    let site = site();
    let large = fs::File::create(site.path().join("web/large")).unwrap();
    large.set_len(LARGE).unwrap();
    let server = serve("/", site.path(), |_| {}).await;
    let mut stream = server
        .request("GET /large HTTP/1.1\r\nHost: here\r\n\r\n")
        .await;
    stream.read_u8().await.unwrap();
    tokio::time::pause();
    tokio::time::sleep(Duration::from_secs(61)).await;
    tokio::time::resume();
    let mut count = 0;
    let mut octets = vec![0; 1 << 20];
    while let Ok(read @ 1..) = stream.read(&mut octets).await {
        count += u64::try_from(read).unwrap();
    }
    assert!(count < LARGE, "{count}");
}

/// More than the system buffers.
const LARGE: u64 = 200 << 20;

#[tokio::test]
async fn head_tells_what_get_would() {
    let site = site();
    let server = serve("/", site.path(), |_| {}).await;
    let head = server.ask("HEAD", "/plain.txt", "").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in ["content-length", "content-type", "etag", "cache-control"] {
        assert_eq!(
            head.header(name),
            server.get("/plain.txt").await.header(name)
        );
    }
}

#[tokio::test]
async fn conditional_requests() {
    let site = site();
    let server = serve("/", site.path(), |_| {}).await;
    let first = server.get("/plain.txt").await;
    let (tag, date) = (first.header("etag"), first.header("last-modified"));
    for (lines, status) in [
        (format!("If-None-Match: {tag}\r\n"), 304),
        (format!("If-Modified-Since: {date}\r\n"), 304),
        ("If-None-Match: \"other\"\r\n".to_owned(), 200),
        (
            "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n".to_owned(),
            200,
        ),
        ("If-Match: \"other\"\r\n".to_owned(), 412),
        (format!("Range: bytes=1-2\r\nIf-Range: {tag}\r\n"), 206),
        (
            "Range: bytes=1-2\r\nIf-Range: \"other\"\r\n".to_owned(),
            200,
        ),
    ] {
        let answer = server.ask("GET", "/plain.txt", &lines).await;
        assert_eq!(answer.status, status, "{lines}");
        assert_eq!(answer.header("etag"), tag, "{lines}");
        assert_eq!(answer.body.is_empty(), status == 304, "{lines}");
    }
    fs::write(site.path().join("web/plain.txt"), b"other").unwrap();
    let answer = server
        .ask("GET", "/plain.txt", &format!("If-None-Match: {tag}\r\n"))
        .await;
    assert_eq!((answer.status, answer.text()), (200, "other"));
}

#[tokio::test]
async fn ranges() {
    let site = site();
    let server = serve("/", site.path(), |_| {}).await;
    let answer = server
        .ask("GET", "/plain.txt", "Range: bytes=2-4\r\n")
        .await;
    assert_eq!((answer.status, answer.text()), (206, "234"));
    assert_eq!(answer.header("content-range"), "bytes 2-4/10");
    assert_eq!(answer.header("content-length"), "3");

    let answer = server
        .ask("GET", "/plain.txt", "Range: bytes=0-1,-2\r\n")
        .await;
    assert_eq!(answer.status, 206);
    let content_type = answer.header("content-type");
    let boundary = content_type
        .strip_prefix("multipart/byteranges; boundary=")
        .unwrap();
    let part = |range, content| {
        format!(
            "\r\n--{boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes {range}/10\r\n\r\n{content}"
        )
    };
    let expected = format!(
        "{}{}\r\n--{boundary}--\r\n",
        part("0-1", "01"),
        part("8-9", "89")
    );
    assert_eq!(answer.text(), expected);
    assert_eq!(answer.header("content-length"), expected.len().to_string());

    let answer = server
        .ask("GET", "/plain.txt", "Range: bytes=10-\r\n")
        .await;
    assert_eq!(answer.status, 416);
    assert_eq!(answer.header("content-range"), "bytes */10");
}

#[tokio::test]
async fn directories_get_a_slash() {
    let site = site();
    let server = serve("files", site.path(), |_| {}).await;
    for (path, location) in [
        ("/files", "/files/"),
        ("/files/docs", "/files/docs/"),
        ("/files/docs?a=b", "/files/docs/?a=b"),
    ] {
        let answer = server.get(path).await;
        assert_eq!((answer.status, answer.header("location")), (302, location));
    }
    assert_eq!(server.get("/files/").await.text(), "<h1>root</h1>");
    // not a redirection to another host
    assert_eq!(server.get("//files/docs").await.status, 404);
    assert_eq!(server.get("/files/plain.txt/").await.status, 404);
}

#[tokio::test]
async fn listings() {
    let site = site();
    let server = serve("/", site.path(), |_| {}).await;
    assert_eq!(server.get("/list/").await.status, 404);

    let server = serve("/", site.path(), |config| config.directory_listing = true).await;
    let answer = server.get("/list/").await;
    assert_eq!(answer.status, 200);
    let hrefs: Vec<_> = answer
        .text()
        .split("<a href=\"")
        .skip(1)
        .map(|rest| rest.split("</a>").next().unwrap())
        .collect();
    assert_eq!(
        hrefs,
        [
            "..\">..",
            "sub/\">sub/",
            "a%22%3Cx%3E.txt\">a&quot;&lt;x&gt;.txt",
            "b.txt\">b.txt"
        ]
    );
    assert_eq!(server.get("/list/a%22%3Cx%3E.txt").await.text(), "a");
    assert_eq!(
        server.get("/docs/").await.text(),
        "docs",
        "an index goes before"
    );
}

#[tokio::test]
async fn default_file_stands_for_what_is_missing() {
    let site = site();
    let server = serve("/", site.path(), |config| {
        config.default_file = Some("index.html".to_owned());
    })
    .await;
    for path in ["/no/such/page", "/nowhere", "/list/"] {
        let answer = server.get(path).await;
        assert_eq!(
            (answer.status, answer.text()),
            (200, "<h1>root</h1>"),
            "{path}"
        );
        assert_eq!(answer.header("content-type"), "text/html");
        assert_eq!(answer.header("cache-control"), "", "{path}");
    }
    assert_eq!(server.get("/../secret.txt").await.status, 404);
    assert_eq!(server.get("/plain.txt").await.text(), "0123456789");
}

#[tokio::test]
async fn nothing_leads_out() {
    let site = site();
    let web = site.path().join("web");
    std::os::unix::fs::symlink("../secret.txt", web.join("out.txt")).unwrap();
    std::os::unix::fs::symlink("..", web.join("up")).unwrap();
    std::os::unix::fs::symlink("plain.txt", web.join("in.txt")).unwrap();
    std::os::unix::fs::symlink("nowhere", web.join("dangling")).unwrap();
    let server = serve("/", site.path(), |config| config.directory_listing = true).await;
    let missing = server.get("/missing").await;
    assert_eq!(missing.status, 404);
    for path in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/docs/../../secret.txt",
        "/docs/..%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "/%252e%252e/secret.txt",
        "/..%252fsecret.txt",
        "/%252e%252e%252fsecret.txt",
        "/%c0%ae%c0%ae/secret.txt",
        "/%uff0e%uff0e/secret.txt",
        "/.%00./secret.txt",
        "/....//secret.txt",
        "/docs/..;/../secret.txt",
        "/docs\\..\\..\\secret.txt",
        "/out.txt",
        "/up/secret.txt",
        "/up/",
        "/up",
        "/dangling",
        "/plain.txt%00.html",
        "/plain.txt/x",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
    ] {
        let answer = server.get(path).await;
        assert_eq!(
            (answer.status, answer.text()),
            (404, missing.text()),
            "{path}"
        );
    }
    let long = format!("/{}", "x".repeat(5000));
    assert_eq!(server.get(&long).await.status, 404);
    assert_eq!(server.get("/in.txt").await.text(), "0123456789");
    fs::remove_file(web.join("index.html")).unwrap();
    let listing = server.get("/").await;
    assert!(listing.text().contains(">in.txt<"));
    assert!(!listing.text().contains("out.txt") && !listing.text().contains("up/"));
}

#[tokio::test]
async fn only_regular_files_are_opened() {
    let site = site();
    let socket = site.path().join("web/socket.txt");
    let _listener = std::os::unix::net::UnixListener::bind(socket).unwrap();
    let server = serve("/", site.path(), |_| {}).await;
    assert_eq!(server.get("/socket.txt").await.status, 404);
}

#[tokio::test]
async fn methods() {
    let site = site();
    let server = serve("/", site.path(), |_| {}).await;
    for method in ["POST", "PUT", "DELETE", "PROPFIND"] {
        let answer = server
            .ask(method, "/plain.txt", "Content-Length: 0\r\n")
            .await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
    }
    let preflight = "Origin: http://elsewhere\r\nAccess-Control-Request-Method: GET\r\n\
                     Access-Control-Request-Headers: x-mine\r\n";
    let answer = server.ask("OPTIONS", "/plain.txt", preflight).await;
    assert_eq!(answer.status, 204);
    for (name, value) in [
        ("allow", "GET, HEAD, OPTIONS"),
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
        ("access-control-allow-headers", "x-mine"),
        ("access-control-allow-credentials", ""),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
}

#[tokio::test]
async fn settings() {
    let site = site();
    let server = serve("/", site.path(), |config| {
        config.cache_timeout = None;
        config.allow_cross_origin = false;
        config.mime_types = [(".txt".to_owned(), "text/x-mine".to_owned())].into();
    })
    .await;
    let answer = server.get("/plain.txt").await;
    assert_eq!(answer.header("cache-control"), "");
    assert_eq!(answer.header("expires"), "");
    assert_eq!(answer.header("access-control-allow-origin"), "");
    assert_eq!(answer.header("content-type"), "text/x-mine");

    let server = serve("/", site.path(), |config| {
        config.cache_timeout = Some(Duration::MAX);
    })
    .await;
    assert_eq!(server.get("/plain.txt").await.status, 200);
}
