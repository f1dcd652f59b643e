//! Cookies on the wire: who is known again, and who is not.

mod kept;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crossbar_config::{Cookie, CookieStore, SameSite, TransportKind, WebSocket};
use crossbar_core::{Access, MethodConfig, Secret, TicketPrincipal};
use crossbar_net::Router;
use crossbar_wire::Text;
use serde_json::{Value, json};

use crate::peer::{Web, upgrade};
use crate::server::{REALM, Server, transport, websocket};

fn cookie(store: CookieStore) -> Cookie {
    Cookie {
        name: "cbtid".to_owned(),
        length: 24,
        max_age: Duration::from_secs(3600),
        store,
        secure: false,
        http_only: true,
        same_site: Some(SameSite::Lax),
    }
}

/// A service that joe and ann come into by their tickets, which are their names.
fn service(store: CookieStore) -> WebSocket {
    let principal = |name: &'static str| {
        let principal = TicketPrincipal {
            ticket: Some(Secret::new(Text::from_static(name)).into()),
            role: Text::from_static("anonymous"),
        };
        (Text::from_static(name), principal)
    };
    WebSocket {
        access: Access::Methods(vec![
            MethodConfig::Ticket(BTreeMap::from([principal("joe"), principal("ann")])),
            MethodConfig::Cookie,
            MethodConfig::Anonymous {
                role: Text::from_static("anonymous"),
                authid: None,
            },
        ]),
        cookie: Some(cookie(store)),
        ..websocket()
    }
}

fn kind(service: WebSocket) -> TransportKind {
    TransportKind::WebSocket(Box::new(service))
}

fn start(service: WebSocket) -> Server {
    Server::with(kind(service))
}

fn restart(router: Arc<Router>, service: WebSocket) -> Server {
    Server::on(router, &transport(kind(service)))
}

/// A browser: it has at most one cookie, the last it was given.
#[derive(Clone, Debug, Default)]
struct Browser {
    cookie: Option<String>,
}

impl Browser {
    fn with(cookie: &str) -> Self {
        Self {
            cookie: Some(cookie.to_owned()),
        }
    }

    /// Connects. Takes the cookie that is set, and gives whether one was.
    async fn connect(&mut self, address: SocketAddr) -> (Web, bool) {
        let web = Web::connect(address, "/", &self.headers("")).await;
        let given = given(&web.head);
        let is_given = given.is_some();
        self.cookie = given.or_else(|| self.cookie.take());
        (web, is_given)
    }

    fn headers(&self, more: &str) -> String {
        let cookie = self.cookie.as_ref();
        let cookie = cookie.map_or(String::new(), |it| format!("Cookie: cbtid={it}\r\n"));
        format!("Sec-WebSocket-Protocol: wamp.2.json\r\n{cookie}{more}")
    }

    /// Connects and logs in by a ticket.
    async fn log_in(&mut self, address: SocketAddr, authid: &str) -> Web {
        let (mut web, _) = self.connect(address).await;
        log_in(&mut web, authid).await;
        web
    }

    /// Connects, and says by which methods it would like to come in.
    async fn hello(&mut self, address: SocketAddr, methods: &Value) -> (Web, Value) {
        let (mut web, _) = self.connect(address).await;
        web.send(&hello(&json!({"authmethods": methods}))).await;
        let answer = web.receive().await;
        (web, answer)
    }

    /// Says who the cookie lets in.
    async fn known_as(&mut self, address: SocketAddr) -> Option<String> {
        let (_, answer) = self.hello(address, &json!(["cookie"])).await;
        if answer[0] == 3 {
            assert_eq!(answer[2], "wamp.error.no_auth_method", "{answer}");
            return None;
        }
        assert_eq!(answer[0], 2, "{answer}");
        assert_eq!(answer[2]["authprovider"], "cookie");
        answer[2]["authid"].as_str().map(str::to_owned)
    }
}

fn hello(details: &Value) -> String {
    let mut all = json!({"roles": {"caller": {}, "subscriber": {}}});
    all.as_object_mut()
        .unwrap()
        .extend(details.as_object().unwrap().clone());
    json!([1, "realm1", all]).to_string()
}

async fn log_in(web: &mut Web, authid: &str) {
    let details = json!({"authmethods": ["ticket"], "authid": authid});
    web.send(&hello(&details)).await;
    assert_eq!(web.receive().await[0], 4);
    web.send(&json!([5, authid, {}]).to_string()).await;
    let welcome = web.receive().await;
    assert_eq!(welcome[2]["authid"], authid, "{welcome}");
}

async fn leave(web: &mut Web, reason: &str) {
    web.send(&json!([6, {}, reason]).to_string()).await;
    let goodbye = web.receive().await;
    assert_eq!(goodbye[2], "wamp.close.goodbye_and_out", "{goodbye}");
}

/// Gives the value of the cookie that a response sets.
fn given(head: &str) -> Option<String> {
    let lines = head.lines();
    let mut set = lines.filter(|line| line.to_lowercase().starts_with("set-cookie:"));
    let line = set.next()?;
    assert_eq!(set.next(), None);
    let (value, attributes) = line.split_once("cbtid=")?.1.split_once("; ")?;
    assert_eq!(attributes, "Path=/; Max-Age=3600; HttpOnly; SameSite=Lax");
    assert_eq!(value.len(), 24);
    Some(value.to_owned())
}

#[tokio::test]
async fn a11_a_login_is_known_again_by_its_cookie() {
    let server = start(service(CookieStore::Memory));
    let mut browser = Browser::default();
    assert_eq!(browser.known_as(server.address).await, None);
    let mut web = browser.log_in(server.address, "joe").await;
    leave(&mut web, "wamp.close.close_realm").await;
    drop(web);
    let (mut again, is_given) = browser.connect(server.address).await;
    assert!(!is_given, "a cookie that is worth something stays");
    let details = json!({"authmethods": ["cookie", "ticket"]});
    again.send(&hello(&details)).await;
    let welcome = again.receive().await;
    let told = ["authid", "authrole", "authmethod", "authprovider"].map(|key| &welcome[2][key]);
    assert_eq!(told, ["joe", "anonymous", "ticket", "cookie"]);
    // It is one of several, and not the first.
    let many = format!(
        "other=1; cbtid=unknownvalue; cbtid={}",
        browser.cookie.clone().unwrap()
    );
    let headers = format!("Sec-WebSocket-Protocol: wamp.2.json\r\nCookie: {many}\r\n");
    let mut web = Web::connect(server.address, "/", &headers).await;
    web.send(&hello(&details)).await;
    assert_eq!(web.receive().await[2]["authid"], "joe");
}

#[tokio::test]
async fn a00_a11_the_clients_order_decides_and_a_cookie_must_be_offered() {
    let server = start(service(CookieStore::Memory));
    let mut browser = Browser::default();
    browser.log_in(server.address, "joe").await;
    let mut answer = async |methods: Value, authid: Value| {
        let (mut web, _) = browser.connect(server.address).await;
        let details = json!({"authmethods": methods, "authid": authid});
        web.send(&hello(&details)).await;
        web.receive().await
    };
    assert_eq!(
        answer(json!(["ticket", "cookie"]), json!("joe")).await[1],
        "ticket"
    );
    assert_eq!(
        answer(json!(["cookie", "ticket"]), json!("joe")).await[0],
        2
    );
    assert_eq!(answer(json!(["ticket"]), json!("joe")).await[1], "ticket");
    assert_eq!(
        answer(json!([]), json!(null)).await[2]["authmethod"],
        "anonymous"
    );
    // Who says that it is somebody else is not taken for whom the cookie is.
    assert_eq!(
        answer(json!(["cookie", "ticket"]), json!("ann")).await[1],
        "ticket"
    );
    assert_eq!(
        answer(json!(["cookie"]), json!("ann")).await[2],
        "wamp.error.no_auth_method"
    );
}

#[tokio::test]
async fn a11_a_cookie_is_for_its_realm_and_only_as_long_as_the_role_is_there() {
    let server = start(service(CookieStore::Memory));
    let mut browser = Browser::default();
    browser.log_in(server.address, "joe").await;
    for (realm, expected) in [("realm2", 3), ("realm1", 2)] {
        let (mut web, _) = browser.connect(server.address).await;
        let details = json!({"roles": {"caller": {}}, "authmethods": ["cookie"]});
        web.send(&json!([1, realm, details]).to_string()).await;
        assert_eq!(web.receive().await[0], expected, "{realm}");
    }
    // A client that names no realm gets the cookie's.
    let (mut web, _) = browser.connect(server.address).await;
    let details = json!({"roles": {"caller": {}}, "authmethods": ["cookie"]});
    web.send(&json!([1, null, details]).to_string()).await;
    assert_eq!(web.receive().await[2]["realm"], "realm1");
    assert!(server.router.remove_role(&REALM, "anonymous").unwrap());
    assert_eq!(browser.known_as(server.address).await, None);
}

#[tokio::test]
async fn a11_a_value_that_a_client_makes_up_is_not_taken() {
    let server = start(service(CookieStore::Memory));
    let made_up = "aaaaaaaaaaaaaaaaaaaaaaaa";
    let mut browser = Browser::with(made_up);
    browser.log_in(server.address, "joe").await;
    assert_ne!(browser.cookie.as_deref(), Some(made_up));
    assert_eq!(Browser::with(made_up).known_as(server.address).await, None);
    assert_eq!(
        browser.known_as(server.address).await.as_deref(),
        Some("joe")
    );
}

#[tokio::test]
async fn a11_nobody_logs_in_with_a_value_that_another_has_known_before() {
    let server = start(service(CookieStore::Memory));
    let mut attacker = Browser::default();
    let (_open, _) = attacker.connect(server.address).await;
    // The attacker's cookie is put into the browser of somebody who then logs in.
    let mut victim = attacker.clone();
    victim.log_in(server.address, "joe").await;
    assert_ne!(victim.cookie, attacker.cookie);
    assert_eq!(attacker.clone().known_as(server.address).await, None);
    assert_eq!(
        victim.known_as(server.address).await.as_deref(),
        Some("joe")
    );
    // The same with a cookie by which the attacker is logged in.
    attacker.log_in(server.address, "ann").await;
    let mut victim = attacker.clone();
    let mut web = victim.log_in(server.address, "joe").await;
    assert_eq!(attacker.known_as(server.address).await, None);
    leave(&mut web, "wamp.close.close_realm").await;
    drop(web);
    victim.log_in(server.address, "joe").await;
    assert_eq!(
        victim.known_as(server.address).await.as_deref(),
        Some("joe")
    );
}

#[tokio::test]
async fn a11_tabs_that_were_open_before_the_login_are_logged_in_too() {
    let server = start(service(CookieStore::Memory));
    let mut browser = Browser::default();
    let (mut first, _) = browser.connect(server.address).await;
    let (_second, is_given) = browser.connect(server.address).await;
    assert!(is_given);
    log_in(&mut first, "joe").await;
    assert_eq!(
        browser.known_as(server.address).await.as_deref(),
        Some("joe")
    );
    leave(&mut first, "wamp.close.logout").await;
    assert_eq!(browser.known_as(server.address).await, None);
}

#[tokio::test]
async fn a11_logging_out_ends_all_sessions_of_the_login() {
    let server = start(service(CookieStore::Memory));
    let mut browser = Browser::default();
    let mut first = browser.log_in(server.address, "joe").await;
    let value = browser.cookie.clone().unwrap();
    let (mut second, welcome) = browser.hello(server.address, &json!(["cookie"])).await;
    assert_eq!(welcome[0], 2);
    let (mut third, _) = browser.hello(server.address, &json!(["anonymous"])).await;
    let mut other = Browser::default().log_in(server.address, "joe").await;
    leave(&mut second, "wamp.close.logout").await;
    let goodbye = first.receive().await;
    assert_eq!(
        goodbye,
        json!([6, {"message": "the login was ended by another session"}, "wamp.close.logout"])
    );
    first.send(r#"[6,{},"wamp.close.goodbye_and_out"]"#).await;
    // Those that have not come in by it go on.
    for web in [&mut third, &mut other] {
        leave(web, "wamp.close.close_realm").await;
    }
    assert_eq!(Browser::with(&value).known_as(server.address).await, None);
    // On the connections that are there, it does not come back to life either.
    for web in [&mut first, &mut second] {
        log_in(web, "joe").await;
    }
    assert_eq!(Browser::with(&value).known_as(server.address).await, None);
    browser.log_in(server.address, "joe").await;
    assert_eq!(
        browser.known_as(server.address).await.as_deref(),
        Some("joe")
    );
}

#[tokio::test]
async fn a11_goodbye_with_another_reason_leaves_the_login() {
    let server = start(service(CookieStore::Memory));
    let mut browser = Browser::default();
    let mut web = browser.log_in(server.address, "joe").await;
    leave(&mut web, "wamp.close.system_shutdown").await;
    assert_eq!(
        browser.known_as(server.address).await.as_deref(),
        Some("joe")
    );
    // Another client of the same connection takes the cookie over, which was given out on it.
    log_in(&mut web, "ann").await;
    assert_eq!(
        browser.known_as(server.address).await.as_deref(),
        Some("ann")
    );
}

#[tokio::test]
async fn a11_pages_of_other_hosts_have_no_cookie() {
    let mut named = service(CookieStore::Memory);
    named.options.allowed_origins = ["*", "https://app.example.com"].map(str::to_owned).to_vec();
    let server = start(named);
    let mut browser = Browser::default();
    browser.log_in(server.address, "joe").await;
    let own = format!("http://{}", server.address);
    let other_port = format!("http://{}:1", server.address.ip());
    for (origin, counts) in [
        (own.as_str(), true),
        (&other_port, true),
        ("https://app.example.com", true),
        ("https://app.example.com.evil.net", false),
        ("https://evil.net", false),
        ("http://localhost", false),
        ("null", false),
        ("file://", false),
        ("", false),
    ] {
        let headers = browser.headers(&format!("Origin: {origin}\r\n"));
        let mut web = Web::connect(server.address, "/", &headers).await;
        web.send(&hello(&json!({"authmethods": ["cookie"]}))).await;
        assert_eq!(
            web.receive().await[0],
            if counts { 2 } else { 3 },
            "{origin}"
        );
        let fresh = Browser::default().headers(&format!("Origin: {origin}\r\n"));
        let web = Web::connect(server.address, "/", &fresh).await;
        assert_eq!(given(&web.head).is_some(), counts, "{origin}");
    }
}

#[tokio::test]
async fn a11_others_see_an_alias_only() {
    let server = start(service(CookieStore::Memory));
    let mut browser = Browser::default();
    let (_first, welcome) = browser.hello(server.address, &json!(["anonymous"])).await;
    let value = browser.cookie.clone().unwrap();
    let (mut web, again) = browser.hello(server.address, &json!(["anonymous"])).await;
    let alias = &welcome[2]["authid"];
    assert_eq!(
        &again[2]["authid"], alias,
        "a visitor is the same one again"
    );
    let get = json!([48, 1, {}, "wamp.session.get", [again[1]]]);
    web.send(&get.to_string()).await;
    let details = web.receive().await[3][0].clone();
    assert_eq!(&details["transport"]["http_cbtid"], alias);
    let text = details.to_string();
    assert!(!text.contains(&value) && !text.contains(browser.cookie.as_deref().unwrap()));
    let (_, stranger) = Browser::default()
        .hello(server.address, &json!(["anonymous"]))
        .await;
    assert_ne!(&stranger[2]["authid"], alias);
}

#[tokio::test]
async fn a11_a_request_that_is_refused_gets_no_cookie() {
    let server = start(service(CookieStore::Memory));
    let (_, head) = upgrade(server.address, "/", "Sec-WebSocket-Protocol: none\r\n").await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    assert_eq!(given(&head), None);
}
