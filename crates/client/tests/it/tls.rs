//! TLS, with an authority made for these tests: its certificate, and one for `localhost` with its key.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use crossbar_client::rustls::crypto::ring;
use crossbar_client::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use crossbar_client::rustls::server::WebPkiClientVerifier;
use crossbar_client::rustls::{ClientConfig, RootCertStore, ServerConfig};
use crossbar_client::{ConnectError, Options, Tls, TlsCertificate, TlsFiles, connect};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
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
    reaches_by(acceptor(), host, tls).await
}

async fn reaches_by(acceptor: TlsAcceptor, host: &str, tls: Tls) -> Result<(), ConnectError> {
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
        if let Ok(stream) = acceptor.accept(stream).await {
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

/// A server that takes only clients with a certificate of this authority.
fn asking(authority: CertificateDer<'static>) -> TlsAcceptor {
    let mut roots = RootCertStore::empty();
    roots.add(authority).unwrap();
    let provider = Arc::new(ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(
            vec![CertificateDer::from(CERTIFICATE)],
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(KEY)),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

fn pem(label: &str, der: &[u8]) -> String {
    let body = BASE64_STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

#[tokio::test]
async fn t07_what_files_hold_is_trusted_and_shown() {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["client".to_owned()]).unwrap();
    let own = params.signed_by(&key, &issuer).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, label: &str, der: &[u8]| {
        let path = directory.path().join(name);
        std::fs::write(&path, pem(label, der)).unwrap();
        path
    };
    let certificate = TlsCertificate {
        certificates: vec![file("own.pem", "CERTIFICATE", own.der())],
        key: file("own.key", "PRIVATE KEY", &key.serialize_der()),
    };
    let trusting = TlsFiles {
        hostname: Some("localhost".to_owned()),
        authorities: vec![file("ca.pem", "CERTIFICATE", AUTHORITY)],
        certificate: None,
    };
    let showing = TlsFiles {
        certificate: Some(certificate),
        ..trusting.clone()
    };
    let broken = TlsFiles {
        authorities: vec![showing.certificate.as_ref().unwrap().key.clone()],
        ..showing.clone()
    };
    let files = |files: &TlsFiles| Tls::Files(Box::new(files.clone()));
    let asking = asking(issuer.der().clone());
    // The address is no name of the certificate: `hostname` says which one it must have.
    let shown = reaches_by(asking.clone(), "127.0.0.1", files(&showing)).await;
    shown.unwrap();
    assert!(
        reaches_by(asking.clone(), "127.0.0.1", files(&trusting))
            .await
            .is_err()
    );
    let Err(ConnectError::Tls(error)) = reaches_by(asking, "127.0.0.1", files(&broken)).await
    else {
        panic!("a key is no authority");
    };
    assert!(
        error
            .to_string()
            .ends_with("own.key: it has no certificate in PEM"),
        "{error}"
    );
}
