//! Authenticators of every method, asked by the real router over both transports, with TLS.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use crossbar_client::{
    Auth, ConnectError, Failure, Invocation, Options, PrivateKey, RegisterOptions, Session, Target,
    Tls, TlsCertificate, TlsFiles, Value, connect,
};
use crossbar_config::{Surroundings, read_transport};
use crossbar_net::{Address, Listener, Router, listen};
use crossbar_wire::auth::hex;
use crossbar_wire::auth::scram::{Dialect, Kdf, SaltedPassword, base64};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value as Json, json};

use crate::router::{router, transport_with};

const SALT: &[u8] = b"saltsalt12345678";
const PROCEDURE: &str = "com.example.authenticate";

fn key() -> PrivateKey {
    PrivateKey::from_seed(&[1; 32])
}

/// What the authenticator knows of `joe`, by method.
fn answer(method: &str) -> Json {
    let keys = |dialect: Dialect, kdf: Kdf| {
        let salted = SaltedPassword::new(dialect, kdf, "pencil", SALT).unwrap();
        let keys = salted.keys();
        json!({
            "role": "user", "kdf": dialect.kdf(kdf), "iterations": kdf.iterations(), "memory": 512, "salt": hex(SALT),
            "stored-key": hex(&keys.stored), "server-key": hex(&keys.server),
        })
    };
    let argon2 = Kdf::Argon2id {
        iterations: 2,
        memory: 512,
    };
    match method {
        "wampcra" => {
            json!({"role": "user", "secret": "pencil", "salt": "pepper", "iterations": 100, "keylen": 32})
        }
        "wamp-scram" => keys(Dialect::Specification, argon2),
        "scram" => keys(Dialect::Autobahn, Kdf::Pbkdf2 { iterations: 4096 }),
        "cryptosign" => json!({"role": "user", "pubkey": key().public().to_string()}),
        _ => json!({"authid": "joe", "role": "user", "extra": {"team": 7}}),
    }
}

/// Lets `joe` in by what he knows, everybody as `anonymous`, and everybody with a certificate.
async fn authenticate(call: Invocation) -> Result<Value, Failure> {
    let (realm, authid, details): (String, Option<String>, Value) = call.args()?;
    assert_eq!(realm, "realm1");
    let said = |key: &str| details.get(key).and_then(Value::as_str);
    let method = said("authmethod").unwrap_or_default();
    match (method, authid.as_deref()) {
        ("anonymous", _) => Ok(Value::from("user")),
        ("tls", _) => {
            let transport = details.get("transport").unwrap();
            let shown = transport.get("peer_cert").unwrap();
            let hash = |name: &str| shown.get(name).and_then(Value::as_str).unwrap().len();
            assert_eq!((hash("sha1"), hash("sha256")), (59, 95));
            Ok(Value::from(answer(method)))
        }
        ("ticket", Some("joe")) if said("ticket") != Some("pencil") => {
            Err(Failure::new("com.example.error.wrong", "no such ticket"))
        }
        (_, Some("joe")) => Ok(Value::from(answer(method))),
        _ => Err(Failure::new("com.example.error.nobody", "nobody knows you")),
    }
}

/// Certificates of a server and of a client, in files.
struct Files {
    directory: tempfile::TempDir,
}

impl Files {
    fn make() -> Self {
        let files = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        files.write("ca", "CERTIFICATE", issuer.der());
        for name in ["localhost", "client"] {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            let own = params.signed_by(&key, &issuer).unwrap();
            files.write(name, "CERTIFICATE", own.der());
            files.write(&format!("{name}.key"), "PRIVATE KEY", &key.serialize_der());
        }
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, label: &str, der: &[u8]) {
        let body = base64(der);
        let text = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
        std::fs::write(self.path(name), text).unwrap();
        std::fs::set_permissions(self.path(name), Permissions::from_mode(0o600)).unwrap();
    }

    fn client(&self) -> Tls {
        Tls::Files(Box::new(TlsFiles {
            hostname: None,
            authorities: vec![self.path("ca")],
            certificate: Some(TlsCertificate {
                certificates: vec![self.path("client")],
                key: self.path("client.key"),
            }),
        }))
    }
}

/// Starts a transport over TLS all of whose methods have the authenticator.
fn transport(router: &Arc<Router>, framing: &str, files: &Files) -> (Listener, Target) {
    let dynamic = json!({"type": "dynamic", "authenticator": PROCEDURE});
    let methods = [
        "anonymous",
        "ticket",
        "wampcra",
        "scram",
        "cryptosign",
        "tls",
    ];
    let auth: BTreeMap<&str, &Json> = methods.into_iter().map(|it| (it, &dynamic)).collect();
    let tls = json!({
        "key": files.path("localhost.key"), "certificate": files.path("localhost"),
        "ca_certificates": [files.path("ca")], "client_auth": "optional",
    });
    let item = json!({
        "type": framing, "auth": auth,
        "endpoint": {"type": "tcp", "port": 0, "interface": "127.0.0.1", "tls": tls},
    });
    let transport = read_transport(item, &Surroundings::default()).unwrap();
    let listener = listen(&transport, router, None).unwrap();
    let Address::Tcp(address) = listener.local_address() else {
        panic!("the endpoint is tcp");
    };
    let scheme = if framing == "websocket" { "wss" } else { "rss" };
    let target = format!("{scheme}://localhost:{}", address.port());
    let target = target.parse().unwrap();
    (listener, target)
}

/// Registers the authenticator over a transport of its own.
async fn authenticator(router: &Arc<Router>) -> (Listener, Session) {
    let anonymous = json!({"anonymous": {"type": "static", "role": "anonymous"}});
    let (listener, target) = transport_with(router, "rawsocket", 0, ("auth", anonymous));
    let session = connect(&target, Options::realm("realm1")).await.unwrap();
    let options = RegisterOptions::default();
    let registered = session.register(PROCEDURE, options, authenticate).await;
    registered.unwrap();
    (listener, session)
}

fn scram(password: &str, binding: bool) -> Auth {
    Auth::WampScram {
        password: password.into(),
        binding,
    }
}

fn cryptosign(seed: u8, binding: bool) -> Auth {
    Auth::Cryptosign {
        key: PrivateKey::from_seed(&[seed; 32]),
        router: None,
        binding,
    }
}

#[tokio::test]
async fn a12_authenticators_of_every_method_let_in_and_refuse() {
    let files = Files::make();
    let (wrong, nobody) = ("com.example.error.wrong", "com.example.error.nobody");
    let denied = "wamp.error.not_authorized";
    for framing in ["websocket", "rawsocket"] {
        let router = router();
        let (_at, _authenticator) = authenticator(&router).await;
        let (_listener, target) = transport(&router, framing, &files);
        for (authid, auth, refused) in [
            (None, Auth::Anonymous, None),
            (None, Auth::Tls, None),
            (Some("joe"), Auth::Tls, None),
            (Some("joe"), Auth::Ticket("pencil".into()), None),
            (Some("joe"), Auth::Ticket("pen".into()), Some(wrong)),
            (Some("ann"), Auth::Ticket("pencil".into()), Some(nobody)),
            (Some("joe"), Auth::Wampcra("pencil".into()), None),
            (Some("joe"), Auth::Wampcra("pen".into()), Some(denied)),
            (Some("ann"), Auth::Wampcra("pencil".into()), Some(nobody)),
            (Some("joe"), scram("pencil", true), None),
            (Some("joe"), scram("pen", false), Some(denied)),
            (Some("joe"), Auth::Scram("pencil".into()), None),
            (Some("joe"), Auth::Scram("pen".into()), Some(denied)),
            (Some("joe"), cryptosign(1, true), None),
            (Some("joe"), cryptosign(2, false), Some(denied)),
        ] {
            let what = format!("{framing} {authid:?} {auth:?}");
            let method = format!("{auth:?}").to_lowercase();
            let options = Options {
                authid: authid.map(str::to_owned),
                auth: vec![auth],
                tls: files.client(),
                ..Options::realm("realm1")
            };
            let session = connect(&target, options).await;
            match (session, refused) {
                (Ok(session), None) => {
                    let details = session.details().unwrap();
                    assert_eq!(details.authprovider.as_deref(), Some("dynamic"), "{what}");
                    assert_eq!(details.authrole.as_deref(), Some("user"), "{what}");
                    if method != "anonymous" {
                        assert_eq!(details.authid.as_deref(), Some("joe"), "{what}");
                    }
                }
                (Err(ConnectError::Aborted { reason, .. }), Some(refused)) => {
                    assert_eq!(reason.as_str(), refused, "{what}");
                }
                (other, _) => panic!("{what}: {other:?}"),
            }
        }
        // Each refusal counts, whatever its reason is.
        assert_eq!(router.statistics().authentications_failed, 7);
    }
}

#[tokio::test]
async fn a12_who_is_refused_for_want_of_an_authenticator_has_not_failed() {
    let files = Files::make();
    let router = router();
    let (_listener, target) = transport(&router, "rawsocket", &files);
    for auth in [Auth::Anonymous, Auth::Tls, Auth::Wampcra("x".into())] {
        let options = Options {
            authid: Some("joe".to_owned()),
            auth: vec![auth],
            tls: files.client(),
            ..Options::realm("realm1")
        };
        let Err(ConnectError::Aborted { reason, message }) = connect(&target, options).await else {
            panic!("nobody is there to ask");
        };
        assert_eq!(reason.as_str(), "wamp.error.authentication_failed");
        let message = message.unwrap();
        assert_eq!(message.as_str(), "the authenticator is not available");
    }
    assert_eq!(router.statistics().authentications_failed, 0);
}
