//! Logins that outlive the router.

use std::path::Path;

use crossbar_config::{CookieDatabase, CookieStore};
use crossbar_net::listen;
use serde_json::{Value, json};

use super::{Browser, kind, leave, restart, service};
use crate::server::{Server, realm, transport};

fn file(folder: &Path) -> CookieStore {
    CookieStore::File {
        path: folder.join("cookies.dat"),
        purge: false,
    }
}

fn database(folder: &Path) -> CookieStore {
    CookieStore::Database(CookieDatabase {
        path: folder.join("cookies"),
        purge: false,
        max_size: 1 << 20,
        read_only: false,
        sync: true,
    })
}

async fn stop(server: Server) {
    let grace = std::time::Duration::from_secs(20);
    server.router.drain(grace).await;
}

fn up(store: &CookieStore) -> Server {
    restart(realm(), service(store.clone()))
}

/// Logs in and out over three lives of a router.
async fn outlives(store: CookieStore) {
    let (mut joe, mut ann) = (Browser::default(), Browser::default());
    let server = up(&store);
    joe.log_in(server.address, "joe").await;
    let mut web = ann.log_in(server.address, "ann").await;
    leave(&mut web, "wamp.close.logout").await;
    drop(web);
    stop(server).await;
    let server = up(&store);
    assert_eq!(ann.clone().known_as(server.address).await, None);
    assert_eq!(joe.known_as(server.address).await.as_deref(), Some("joe"));
    let (mut web, _) = joe.hello(server.address, &json!(["cookie"])).await;
    leave(&mut web, "wamp.close.logout").await;
    drop(web);
    stop(server).await;
    let server = up(&store);
    assert_eq!(joe.known_as(server.address).await, None);
    stop(server).await;
}

#[tokio::test]
async fn a11_a_file_outlives_the_router() {
    let folder = tempfile::tempdir().unwrap();
    outlives(file(folder.path())).await;
    let text = std::fs::read_to_string(folder.path().join("cookies.dat")).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<_> = lines
        .iter()
        .map(|it| {
            (
                it["status"].as_str().unwrap(),
                it["authid"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("modified", "joe"),
        ("modified", "ann"),
        ("deleted", "ann"),
        ("deleted", "joe"),
    ];
    assert_eq!(told, expected);
    for key in [
        "cbtid",
        "status",
        "created",
        "modified",
        "deleted",
        "max_age",
        "authid",
        "authrole",
        "authmethod",
        "authrealm",
        "authextra",
    ] {
        assert!(lines.iter().all(|line| line.get(key).is_some()), "{key}");
    }
}

#[tokio::test]
async fn a11_a_database_outlives_the_router_and_has_no_values() {
    let folder = tempfile::tempdir().unwrap();
    let store = database(folder.path());
    outlives(store.clone()).await;
    let server = up(&store);
    let mut browser = Browser::default();
    browser.log_in(server.address, "joe").await;
    stop(server).await;
    let octets = std::fs::read(folder.path().join("cookies/cookies.redb")).unwrap();
    let has = |text: &str| octets.windows(text.len()).any(|it| it == text.as_bytes());
    assert!(has("\"joe\"") && !has(&browser.cookie.unwrap()));
}

#[tokio::test]
async fn a11_transports_that_name_a_file_share_it_and_routers_do_not() {
    for store in [file, database] {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let server = up(&store);
        let second = restart(server.router.clone(), service(store.clone()));
        let mut browser = Browser::default();
        browser.log_in(server.address, "joe").await;
        assert_eq!(
            browser.known_as(second.address).await.as_deref(),
            Some("joe")
        );
        let refused = listen(&transport(kind(service(store))), &realm(), None);
        let mut error: &dyn std::error::Error = &refused.err().unwrap();
        assert!(error.to_string().ends_with("cannot be opened"), "{error}");
        while let Some(source) = error.source() {
            error = source;
        }
        assert_eq!(error.to_string(), "another process uses it");
    }
}

#[tokio::test]
async fn a11_files_of_crossbar_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let (none, joe) = (json!(null), json!("joe"));
    let deleted = json!("2099-01-02T00:00:00.000Z");
    let lines = [
        line("w7Tj+/W8CsXmYJIMt3xuYeYq", "created", &none, &none),
        line("w7Tj+/W8CsXmYJIMt3xuYeYq", "modified", &joe, &none),
        line("deleted0000000", "modified", &joe, &none),
        line("deleted0000000", "deleted", &joe, &deleted),
        line("nobody00000000", "created", &none, &none),
        line("unknown0000000", "created", &json!("bob"), &none),
        line("expired0000000", "created", &joe, &none).replace("2099", "1999"),
        "no JSON".to_owned(),
        line("torn0000000000", "created", &joe, &none),
    ];
    let text = lines.join("\n");
    let path = folder.path().join("cookies.dat");
    std::fs::write(&path, &text[..text.len() - 5]).unwrap();
    let server = up(&file(folder.path()));
    for value in [
        "deleted0000000",
        "nobody00000000",
        "unknown0000000",
        "expired0000000",
        "torn0000000000",
    ] {
        let mut browser = Browser::with(value);
        assert_eq!(browser.known_as(server.address).await, None, "{value}");
    }
    let mut browser = Browser::with("w7Tj+/W8CsXmYJIMt3xuYeYq");
    let (web, welcome) = browser.hello(server.address, &json!(["cookie"])).await;
    drop(web);
    assert_eq!(
        (&welcome[2]["authid"], &welcome[2]["authextra"]),
        (&joe, &json!({"x": 1}))
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    stop(server).await;
}

/// Makes a line as Crossbar.io writes it.
fn line(cbtid: &str, status: &str, authid: &Value, deleted: &Value) -> String {
    json!({
        "cbtid": cbtid, "status": status, "created": "2099-01-01T00:00:00.000Z", "modified": null, "deleted": deleted,
        "max_age": 604_800, "authid": authid, "authrole": "anonymous", "authmethod": "ticket", "authrealm": "realm1",
        "authextra": {"x": 1},
    })
    .to_string()
}
