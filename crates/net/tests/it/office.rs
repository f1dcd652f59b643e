//! Certificates made for a test, and a client that goes by them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use crossbar_config::CertificateFiles;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::peer::{HELLO, dial, soon};

type Issuer = CertifiedIssuer<'static, KeyPair>;

/// A directory with certificates, and the authority that has issued them.
pub(crate) struct Office {
    directory: TempDir,
    authority: Issuer,
}

impl Office {
    pub(crate) fn open() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "authority");
        let key = KeyPair::generate().unwrap();
        let office = Self {
            directory: tempfile::tempdir().unwrap(),
            authority: CertifiedIssuer::self_signed(params, key).unwrap(),
        };
        office.write("ca.pem", &pem("CERTIFICATE", office.authority.der()));
        office
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file that only its owner may read.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        set_mode(&path, 0o600);
    }

    /// Issues a certificate for a name: `<file>.pem` with `<file>.key`.
    pub(crate) fn issue(&self, file: &str, name: &str) -> CertificateFiles {
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        self.issue_for(file, &params)
    }

    pub(crate) fn issue_for(&self, file: &str, params: &CertificateParams) -> CertificateFiles {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        let (own, key) = (
            pem("CERTIFICATE", certificate.der()),
            pem("PRIVATE KEY", &key.serialize_der()),
        );
        self.write(&format!("{file}.pem"), &own);
        self.write(&format!("{file}.key"), &key);
        self.files(file)
    }

    pub(crate) fn files(&self, file: &str) -> CertificateFiles {
        CertificateFiles {
            at: String::new(),
            key: self.path(&format!("{file}.key")),
            certificate: self.path(&format!("{file}.pem")),
            chain: Vec::new(),
            hostnames: Vec::new(),
        }
    }

    /// What a client needs to come in that trusts the authority.
    pub(crate) fn client(&self) -> Client {
        Client {
            authority: self.authority.der().clone(),
            certificate: None,
            versions: rustls::ALL_VERSIONS,
        }
    }
}

pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A client before it connects.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) authority: CertificateDer<'static>,
    pub(crate) certificate: Option<CertificateFiles>,
    pub(crate) versions: &'static [&'static SupportedProtocolVersion],
}

impl Client {
    pub(crate) fn config(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(self.versions)
            .unwrap()
            .with_root_certificates(roots);
        match &self.certificate {
            None => builder.with_no_client_auth(),
            Some(files) => {
                let own = CertificateDer::from_pem_file(&files.certificate).unwrap();
                let key = PrivateKeyDer::from_pem_file(&files.key).unwrap();
                builder.with_client_auth_cert(vec![own], key).unwrap()
            }
        }
    }

    /// Connects to a server that goes by a name.
    pub(crate) async fn connect(
        &self,
        address: SocketAddr,
        name: &str,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        connect(Arc::new(self.config()), address, name).await
    }

    /// Says whether there is a session.
    pub(crate) async fn joins(&self, address: SocketAddr) -> bool {
        match self.connect(address, "localhost").await {
            Ok(mut stream) => join(&mut stream).await.is_ok(),
            Err(_) => false,
        }
    }
}

pub(crate) async fn connect(
    config: Arc<ClientConfig>,
    address: SocketAddr,
    name: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = dial(address).await;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    soon(TlsConnector::from(config).connect(name, stream)).await
}

/// Shakes hands for RawSocket and opens a session.
pub(crate) async fn join(stream: &mut TlsStream<TcpStream>) -> std::io::Result<Value> {
    stream.write_all(&[0x7f, 0xf1, 0, 0]).await?;
    let mut reply = [0; 4];
    soon(stream.read_exact(&mut reply)).await?;
    say(stream, HELLO).await?;
    let welcome: Value = serde_json::from_str(&hear(stream).await?).unwrap();
    assert_eq!(welcome[0], 2, "{welcome}");
    Ok(welcome)
}

pub(crate) async fn say(stream: &mut TlsStream<TcpStream>, json: &str) -> std::io::Result<()> {
    let mut frame = u32::try_from(json.len()).unwrap().to_be_bytes().to_vec();
    frame.extend_from_slice(json.as_bytes());
    soon(stream.write_all(&frame)).await
}

pub(crate) async fn hear(stream: &mut TlsStream<TcpStream>) -> std::io::Result<String> {
    let length = soon(stream.read_u32()).await?;
    let mut body = vec![0; usize::try_from(length).unwrap()];
    soon(stream.read_exact(&mut body)).await?;
    Ok(String::from_utf8(body).unwrap())
}

/// Says whether the session still answers.
pub(crate) async fn answers(stream: &mut TlsStream<TcpStream>) -> bool {
    say(stream, r#"[32,1,{},"com.x"]"#).await.is_ok()
        && hear(stream)
            .await
            .is_ok_and(|answer| answer.starts_with("[33,1,"))
}

/// TLS 1.2 alone.
pub(crate) static V1_2: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];
/// TLS 1.3 alone.
pub(crate) static V1_3: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];
