//! Pages that connect in their readers' browsers.

use crossbar_config::{ClientCertificates, Endpoint, ServerTls, TlsVersions};
use crossbar_core::{Access, MethodConfig, TlsPrincipal};
use crossbar_wire::Text;
use crossbar_wire::auth::certificate::Fingerprint;
use crossbar_wire::websocket::{MessageKind, Outgoing, put_message};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::office::Office;
use crate::peer::soon;
use crate::server::{Server, rawsocket, realm, tcp, transport, universal, websocket};

#[tokio::test]
async fn a10_only_pages_that_are_named_log_in_by_their_readers_certificates() {
    let office = Office::open();
    let own = office.issue("own", "client");
    let der = CertificateDer::from_pem_file(&own.certificate).unwrap();
    let principal = TlsPrincipal {
        fingerprints: vec![Fingerprint::sha256_of(&der)],
        role: Text::from_static("anonymous"),
    };
    let mut service = websocket();
    let principals = [(Text::from_static("gateway"), principal)].into();
    service.access = Access::Methods(vec![MethodConfig::Tls(principals)]);
    service.options.allowed_origins = vec!["*".to_owned(), "https://app.example.com".to_owned()];
    let mut endpoint = tcp(0);
    endpoint.tls = Some(Box::new(ServerTls {
        certificates: vec![office.issue("server", "localhost")],
        clients: ClientCertificates::Required(vec![office.path("ca.pem")]),
        versions: TlsVersions::ALL,
        ciphers: Vec::new(),
    }));
    let mut transport = transport(universal(rawsocket(), service));
    transport.endpoint = Endpoint::Tcp(endpoint);
    let server = Server::on(realm(), &transport);
    let mut client = office.client();
    client.certificate = Some(own);
    let host = format!("localhost:{}", server.address.port());
    for (origin, admitted) in [
        (String::new(), true),
        ("Origin: https://app.example.com\r\n".to_owned(), true),
        (format!("Origin: https://{host}\r\n"), true),
        (format!("Origin: http://{host}\r\n"), false),
        ("Origin: https://evil.example\r\n".to_owned(), false),
        ("Origin: null\r\n".to_owned(), false),
    ] {
        let mut stream = client.connect(server.address, "localhost").await.unwrap();
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: wamp.2.json\r\n{origin}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon(stream.read_u8()).await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{origin}");
        let mut frame = Vec::new();
        let how = Outgoing {
            mask: Some(&mut || [1, 2, 3, 4]),
            ..Outgoing::default()
        };
        let hello = br#"[1,"realm1",{"roles":{"caller":{}},"authmethods":["tls"]}]"#;
        put_message(&mut frame, MessageKind::Text, hello, how);
        stream.write_all(&frame).await.unwrap();
        let mut answer = [0; 8];
        soon(stream.read_exact(&mut answer)).await.unwrap();
        let text = String::from_utf8_lossy(&answer);
        assert_eq!(text.contains("[2,"), admitted, "{origin:?}: {text}");
        assert_eq!(text.contains("[3,"), !admitted, "{origin:?}: {text}");
    }
}
