//! Proxies that say who their clients are, and keys whose principals have a realm.

use std::collections::BTreeMap;

use crossbar_config::{Endpoint, RawSocket, TransportKind, UnixEndpoint, WebSocket};
use crossbar_core::{Access, CryptosignPrincipal, MethodConfig};
use crossbar_wire::Text;
use crossbar_wire::auth::cryptosign::{PrivateKey, read_challenge};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::peer::{Either, soon};
use crate::server::{Server, rawsocket, realm, transport, universal, websocket};

fn key(seed: u8) -> PrivateKey {
    PrivateKey::from_seed(&[seed; 32])
}

fn principals(realm: Option<&'static str>) -> BTreeMap<Text, CryptosignPrincipal> {
    let principal = CryptosignPrincipal {
        authorized_keys: vec![key(1).public()],
        role: Text::from_static("anonymous"),
        realm: realm.map(Text::from_static),
    };
    BTreeMap::from([(Text::from_static("device"), principal)])
}

/// Starts a router of both transports with one method.
fn server(method: &MethodConfig) -> Server {
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

/// Says HELLO, and answers the challenge; gives what comes after that, or in its place.
async fn prove(
    client: &mut Either,
    realm: Option<&str>,
    method: &str,
    extra: &Value,
    key: &PrivateKey,
) -> Value {
    let details = json!({"roles": {"caller": {}}, "authmethods": [method], "authextra": extra});
    let challenge = client.ask(&json!([1, realm, details])).await;
    if challenge[0] != 4 {
        return challenge;
    }
    assert_eq!(challenge[1], method);
    let nonce = read_challenge(challenge[2]["challenge"].as_str().unwrap()).unwrap();
    client.ask(&json!([5, key.sign(&nonce, None), {}])).await
}

#[tokio::test]
async fn a05_a_key_tells_the_realm_of_a_client_that_names_none() {
    let server = server(&MethodConfig::Cryptosign(principals(Some("realm1"))));
    let extra = json!({"pubkey": key(1).public().to_string()});
    for asked in [None, Some("realm1"), Some("realm9")] {
        for mut client in Either::both(server.address).await {
            let welcome = prove(&mut client, asked, "cryptosign", &extra, &key(1)).await;
            assert_eq!(welcome[0], 2, "{welcome}");
            assert_eq!(welcome[2]["realm"], "realm1");
            assert_eq!(welcome[2]["authid"], "device");
        }
    }
    let server = self::server(&MethodConfig::Cryptosign(principals(None)));
    for mut client in Either::both(server.address).await {
        let abort = prove(&mut client, None, "cryptosign", &extra, &key(1)).await;
        assert_eq!(abort[0], 3, "{abort}");
        assert_eq!(abort[2], "wamp.error.no_such_realm");
    }
}

/// What a proxy says of its client `ann`.
fn told(role: &str) -> Value {
    json!({
        "pubkey": key(1).public().to_string(), "proxy_realm": "realm1", "proxy_authid": "ann", "proxy_authrole": role,
        "proxy_authmethod": "ticket", "proxy_authextra": {"team": 7},
    })
}

#[tokio::test]
async fn a_proxy_with_the_key_says_who_its_clients_are() {
    let server = server(&MethodConfig::CryptosignProxy(principals(None)));
    let method = "cryptosign-proxy";
    for mut client in Either::both(server.address).await {
        let welcome = prove(&mut client, None, method, &told("anonymous"), &key(1)).await;
        assert_eq!(welcome[0], 2, "{welcome}");
        let details = &welcome[2];
        assert_eq!(
            (&details["authid"], &details["authmethod"]),
            (&json!("ann"), &json!("ticket"))
        );
        assert_eq!(details["authextra"]["team"], 7);
    }
    for (role, signer, reason) in [
        ("anonymous", key(2), "wamp.error.not_authorized"),
        ("trusted", key(1), "wamp.error.no_such_role"),
    ] {
        for mut client in Either::both(server.address).await {
            let abort = prove(&mut client, None, method, &told(role), &signer).await;
            assert_eq!(
                (&abort[0], &abort[2]),
                (&json!(3), &json!(reason)),
                "{abort}"
            );
        }
    }
}

#[tokio::test]
async fn only_who_has_the_unix_socket_is_believed_without_a_key() {
    let mut raw = rawsocket();
    raw.access = Access::Methods(vec![MethodConfig::AnonymousProxy]);
    let method = "anonymous-proxy";
    let tcp = server(&MethodConfig::AnonymousProxy);
    for mut client in Either::both(tcp.address).await {
        let abort = prove(&mut client, None, method, &told("anonymous"), &key(1)).await;
        assert_eq!(abort[2], "wamp.error.not_authorized", "{abort}");
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("router.sock");
    let mut transport = transport(TransportKind::RawSocket(raw));
    transport.endpoint = Endpoint::Unix(UnixEndpoint {
        path: path.clone(),
        backlog: 50,
        proxy_protocol: false,
    });
    let router = realm();
    crossbar_net::listen(&transport, &router, None).unwrap();
    let mut stream = UnixStream::connect(&path).await.unwrap();
    let details =
        json!({"roles": {"caller": {}}, "authmethods": [method], "authextra": told("anonymous")});
    let hello = json!([1, null, details]).to_string();
    let length = u32::try_from(hello.len()).unwrap().to_be_bytes();
    let octets = [&[0x7f, 0xf1, 0, 0][..], &length, hello.as_bytes()].concat();
    stream.write_all(&octets).await.unwrap();
    let mut head = [0; 8];
    soon(stream.read_exact(&mut head)).await.unwrap();
    let length = u32::from_be_bytes([0, head[5], head[6], head[7]]);
    let mut welcome = vec![0; usize::try_from(length).unwrap()];
    soon(stream.read_exact(&mut welcome)).await.unwrap();
    let welcome: Value = serde_json::from_slice(&welcome).unwrap();
    assert_eq!(
        (&welcome[0], &welcome[2]["authid"]),
        (&json!(2), &json!("ann")),
        "{welcome}"
    );
}
