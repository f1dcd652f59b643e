//! JSON Web Tokens: what lets clients in, and what attackers try. The keys are served over TLS.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE;
use crossbar_config::{RawSocket, WebSocket};
use crossbar_core::{Access, Jwt, JwtKeys, JwtRole, KeyPlace, KeySource, MethodConfig};
use crossbar_wire::Text;
use crossbar_wire::jwt::{Algorithm, KeySet};
use parking_lot::Mutex;
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::office::Office;
use crate::peer::{Either, soon};
use crate::server::{Server, rawsocket, universal, websocket};

/// Whoever issues tokens.
struct Issuer {
    key: Ed25519KeyPair,
}

impl Issuer {
    fn new(seed: u8) -> Self {
        let key = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        Self { key }
    }

    /// Its public key in a set.
    fn jwk(&self, kid: &str) -> Value {
        let x = URL_SAFE.encode(self.key.public_key());
        json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x})
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE.encode(signature))
    }

    /// Signs with the key of this id.
    fn token(&self, kid: &str, claims: &Value) -> String {
        self.sign(&json!({"alg": "EdDSA", "kid": kid}), claims)
    }
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let (header, claims) = (header.to_string(), claims.to_string());
    format!("{}.{}", URL_SAFE.encode(header), URL_SAFE.encode(claims))
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap().as_secs()
}

/// Claims that let their bearer in, with these in their place.
fn claims(others: &Value) -> Value {
    let mut claims = json!({"iss": "https://id.test/", "aud": "wamp", "sub": "joe", "role": "anonymous", "exp": now() + 600});
    for (name, value) in others.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn jwt(keys: JwtKeys) -> Jwt {
    Jwt {
        keys,
        algorithms: Algorithm::ALL.to_vec(),
        issuers: vec![Text::from_static("https://id.test/")],
        audiences: vec![Text::from_static("wamp")],
        leeway: Duration::ZERO,
        needs_expiry: true,
        authid: Text::from_static("sub"),
        role: JwtRole {
            claim: Some(Text::from_static("role")),
            ..JwtRole::default()
        },
        realm: None,
        extra: vec![Text::from_static("email")],
    }
}

/// Starts a router of both transports where tokens let in.
fn server(jwt: Jwt) -> Server {
    let method = MethodConfig::Jwt(Arc::new(jwt));
    let access = || Access::Methods(vec![method.clone()]);
    Server::with(universal(
        RawSocket {
            access: access(),
            ..rawsocket()
        },
        WebSocket {
            access: access(),
            ..websocket()
        },
    ))
}

/// Starts a router that has one key.
fn with_key(issuer: &Issuer, kid: &str) -> Server {
    let set = json!({"keys": [issuer.jwk(kid)]}).to_string();
    let keys = KeySet::from_json(set.as_bytes(), false).unwrap();
    server(jwt(JwtKeys::Fixed(keys)))
}

fn place(url: &str, office: &Office) -> JwtKeys {
    JwtKeys::Source(Arc::new(KeySource {
        place: KeyPlace::Url {
            url: url.into(),
            authorities: vec![office.path("ca.pem")],
        },
        refresh: Duration::from_secs(3600),
    }))
}

/// Shows a token over both transports, and gives the clients before they are answered.
async fn show(server: &Server, token: &str) -> [Either; 2] {
    let mut clients = Either::both(server.address).await;
    for client in &mut clients {
        let details = json!({"roles": {"caller": {}}, "authmethods": ["ticket"]});
        let challenge = client.ask(&json!([1, "realm1", details])).await;
        assert_eq!(challenge, json!([4, "ticket", {}]));
        client.send(&json!([5, token, {}])).await;
    }
    clients
}

async fn admits(server: &Server, token: &str) -> [Either; 2] {
    let mut clients = show(server, token).await;
    for client in &mut clients {
        let welcome = client.receive().await;
        assert_eq!(welcome[0], 2, "{welcome}");
        assert_eq!(welcome[2]["authid"], "joe");
        assert_eq!(welcome[2]["authprovider"], "jwt");
    }
    clients
}

async fn refuses(server: &Server, token: &str, reason: &str, message: &str) {
    for mut client in show(server, token).await {
        let told = client.aborted().await;
        assert_eq!(told, (reason.to_owned(), message.to_owned()), "{token}");
    }
}

/// A server of key sets.
struct Keys {
    set: Arc<Mutex<Option<Value>>>,
    port: u16,
}

impl Keys {
    /// Serves a set over TLS, under the name `localhost`.
    async fn serve(office: &Office, set: Value) -> Self {
        let files = office.issue("id", "localhost");
        let own = CertificateDer::from_pem_file(&files.certificate).unwrap();
        let key = PrivateKeyDer::from_pem_file(&files.key).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let keys = Self {
            set: Arc::new(Mutex::new(Some(set))),
            port,
        };
        let (set, acceptor) = (Arc::clone(&keys.set), TlsAcceptor::from(Arc::new(config)));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // Who does not trust the certificate hangs up.
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let _ = stream.read(&mut [0; 2048]).await;
                let Some(set) = set.lock().as_ref().map(Value::to_string) else {
                    continue;
                };
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{set}",
                    set.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        keys
    }

    fn url(&self, host: &str) -> String {
        format!("https://{host}:{}/jwks", self.port)
    }
}

#[tokio::test]
async fn a02_a_token_lets_its_bearer_in() {
    let issuer = Issuer::new(1);
    let server = with_key(&issuer, "k1");
    let token = issuer.token("k1", &claims(&json!({"email": "joe@example.com"})));
    for mut client in show(&server, &token).await {
        let welcome = client.receive().await;
        assert_eq!(welcome[0], 2, "{welcome}");
        let details = &welcome[2];
        assert_eq!(details["authid"], "joe");
        assert_eq!(details["authrole"], "anonymous");
        assert_eq!(details["authmethod"], "ticket");
        assert_eq!(details["authextra"], json!({"email": "joe@example.com"}));
    }
}

#[tokio::test]
async fn a02_forged_tokens_are_refused_on_the_wire() {
    let issuer = Issuer::new(1);
    let good = claims(&json!({}));
    let public = issuer.key.public_key().as_ref();
    let confused = unsigned(&json!({"alg": "HS256", "kid": "k1"}), &good);
    let mac = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, public),
        confused.as_bytes(),
    );
    let confused = format!("{confused}.{}", URL_SAFE.encode(mac));
    let token = issuer.token("k1", &good);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let admin = claims(&json!({"sub": "admin"}));
    let grafted = unsigned(&json!({"alg": "EdDSA", "kid": "k1"}), &admin);
    let bare = unsigned(&json!({"alg": "none", "kid": "k1"}), &good);
    let (unknown_key, unknown_algorithm) = (
        "no key for this token is known",
        "the token's algorithm is not known",
    );
    let wrong = "the token's signature is wrong";
    let other = Issuer::new(2);
    for (token, message) in [
        (confused, unknown_key),
        (format!("{bare}."), unknown_algorithm),
        (format!("{bare}.{signature}"), unknown_algorithm),
        (other.token("k1", &good), wrong),
        (other.token("k2", &good), unknown_key),
        (format!("{grafted}.{signature}"), wrong),
        (format!("{signed}."), wrong),
        ("secret!!!".to_owned(), "the token is malformed"),
    ] {
        let server = with_key(&issuer, "k1");
        refuses(&server, &token, "wamp.error.not_authorized", message).await;
    }
}

#[tokio::test]
async fn a02_tokens_for_others_or_other_times_are_refused_on_the_wire() {
    let issuer = Issuer::new(1);
    for (others, message) in [
        (json!({"exp": now() - 1}), "the token has expired"),
        (json!({"exp": null}), "the token has a time that is none"),
        (json!({"nbf": now() + 60}), "the token is not valid yet"),
        (json!({"iat": now() + 60}), "the token is not valid yet"),
        (
            json!({"iss": "https://evil.test/"}),
            "the token is of another issuer",
        ),
        (json!({"iss": null}), "the token is of another issuer"),
        (
            json!({"aud": ["other"]}),
            "the token is for another audience",
        ),
        (json!({"sub": ""}), "the token names no authid"),
    ] {
        let server = with_key(&issuer, "k1");
        let token = issuer.token("k1", &claims(&others));
        refuses(&server, &token, "wamp.error.not_authorized", message).await;
    }
    let server = with_key(&issuer, "k1");
    let token = issuer.token("k1", &claims(&json!({"role": "trusted"})));
    let message = "the role \"trusted\" is not for clients";
    refuses(&server, &token, "wamp.error.no_such_role", message).await;
}

#[tokio::test]
async fn a02_a_session_ends_with_its_token_on_the_wire() {
    let issuer = Issuer::new(1);
    let server = with_key(&issuer, "k1");
    let token = issuer.token("k1", &claims(&json!({"exp": now() + 2})));
    for mut client in admits(&server, &token).await {
        let goodbye = client.receive().await;
        assert_eq!(goodbye[0], 6, "{goodbye}");
        assert_eq!(goodbye[2], "wamp.close.expired");
    }
    refuses(
        &server,
        &token,
        "wamp.error.not_authorized",
        "the token has expired",
    )
    .await;
}

#[tokio::test]
async fn a02_keys_come_over_tls_and_are_replaced() {
    let office = Office::open();
    let (first, second) = (Issuer::new(1), Issuer::new(2));
    let keys = Keys::serve(&office, json!({"keys": [first.jwk("k1")]})).await;
    let server = server(jwt(place(&keys.url("localhost"), &office)));
    let good = claims(&json!({}));
    admits(&server, &first.token("k1", &good)).await;
    *keys.set.lock() = Some(json!({"keys": [second.jwk("k2")]}));
    let unknown = "no key for this token is known";
    // Keys are not asked for again at once.
    let token = second.token("k2", &good);
    refuses(&server, &token, "wamp.error.not_authorized", unknown).await;
    later(30).await;
    admits(&server, &token).await;
    let withdrawn = first.token("k1", &good);
    refuses(&server, &withdrawn, "wamp.error.not_authorized", unknown).await;
    // The server of the keys is down: what was read stays in use.
    *keys.set.lock() = None;
    later(3600 * 24).await;
    admits(&server, &token).await;
    refuses(&server, &withdrawn, "wamp.error.not_authorized", unknown).await;
}

#[tokio::test]
async fn a02_keys_of_a_server_that_is_not_trusted_let_nobody_in() {
    let (office, other) = (Office::open(), Office::open());
    let issuer = Issuer::new(1);
    let keys = Keys::serve(&office, json!({"keys": [issuer.jwk("k1")]})).await;
    let token = issuer.token("k1", &claims(&json!({})));
    for (host, trusted) in [("localhost", &other), ("127.0.0.1", &office)] {
        let server = server(jwt(place(&keys.url(host), trusted)));
        let message = "the keys for tokens are not available";
        refuses(&server, &token, "wamp.error.authentication_failed", message).await;
    }
    *keys.set.lock() = None;
    let server = server(jwt(place(&keys.url("localhost"), &office)));
    let message = "the keys for tokens are not available";
    refuses(&server, &token, "wamp.error.authentication_failed", message).await;
}

/// Lets time pass.
async fn later(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
    soon(tokio::task::yield_now()).await;
}
