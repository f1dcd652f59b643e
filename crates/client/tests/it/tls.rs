//! TLS, with an authority made for these tests: its certificate, and one for `localhost` with its key.

use std::sync::Arc;

use crossbar_client::rustls::crypto::ring;
use crossbar_client::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use crossbar_client::rustls::{ClientConfig, RootCertStore, ServerConfig};
use crossbar_client::{ConnectError, Options, Tls, connect};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::script::{Router, json};

const AUTHORITY: &[u8] = include_bytes!("tls/authority.der");
const CERTIFICATE: &[u8] = include_bytes!("tls/localhost.der");
const KEY: &[u8] = include_bytes!("tls/localhost.key.der");

fn acceptor() -> TlsAcceptor {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(CERTIFICATE)],
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(KEY)),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

fn authority() -> CertificateDer<'static> {
    CertificateDer::from(AUTHORITY)
}

/// Connects to `host` with `tls`; says whether there was a session, which then made a call.
async fn reaches(host: &str, tls: Tls) -> Result<(), ConnectError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let target = format!("rss://{host}:{port}").parse().unwrap();
    let options = Options { tls, ..json() };
    let client = async {
        let session = connect(&target, options).await?;
        assert_eq!(session.call::<i64>("com.x", &()).await.unwrap(), 3);
        Ok(())
    };
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        if let Ok(stream) = acceptor().accept(stream).await {
            let mut router = Router::welcome(stream).await;
            router.expects(r#"[48,1,{},"com.x"]"#).await;
            router.says("[50,1,{},[3]]").await;
        }
    };
    tokio::join!(client, server).0
}

#[tokio::test]
async fn t07_a_known_authority_is_trusted() {
    reaches("localhost", Tls::Authorities(vec![authority()]))
        .await
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(authority()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    reaches("localhost", Tls::Config(Arc::new(config)))
        .await
        .unwrap();
}

#[tokio::test]
async fn t07_another_name_or_authority_is_not() {
    let error = reaches("127.0.0.1", Tls::Authorities(vec![authority()])).await;
    assert!(matches!(error, Err(ConnectError::Tls(_))));
    let nobody = RootCertStore::empty();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(nobody)
        .with_no_client_auth();
    let error = reaches("localhost", Tls::Config(Arc::new(config))).await;
    assert!(matches!(error, Err(ConnectError::Tls(_))));
}
