//! Reads a key set from where it is.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use crossbar_client::{Tls, TlsFiles};
use crossbar_core::KeyPlace;
use crossbar_wire::jwt::{KeyError, KeySet};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// Why there is no key set.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Http(#[from] hyper::Error),
    #[error("{0}")]
    Keys(#[from] KeyError),
    #[error("the URL cannot be used")]
    Url,
    #[error("the answer has the status {0}")]
    Status(StatusCode),
    #[error("the answer breaks off or is longer than 1 MiB")]
    Body,
    #[error("no answer within 5 seconds")]
    Late,
}

/// Reads the keys of a place.
pub(super) async fn read(place: &KeyPlace) -> Result<KeySet, FetchError> {
    let found = tokio::time::timeout(LIMIT, read_whole(place)).await;
    found.unwrap_or(Err(FetchError::Late))
}

async fn read_whole(place: &KeyPlace) -> Result<KeySet, FetchError> {
    match place {
        KeyPlace::File(path) => {
            let path = path.clone();
            let read = tokio::task::spawn_blocking(move || read_file(&path)).await;
            let octets = read.map_err(std::io::Error::other)??;
            Ok(KeySet::from_json(&octets, true)?)
        }
        // Whoever serves a set to everybody has no secrets in it.
        KeyPlace::Url { url, authorities } => {
            let octets = fetch(url, authorities).await?;
            Ok(KeySet::from_json(&octets, false)?)
        }
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, FetchError> {
    let mut octets = Vec::new();
    let file = std::fs::File::open(path)?;
    let read = file.take(MAX_LENGTH + 1).read_to_end(&mut octets)?;
    if u64::try_from(read).is_ok_and(|read| read > MAX_LENGTH) {
        return Err(FetchError::Body);
    }
    Ok(octets)
}

/// Gets what a URL serves. Redirections are not followed.
async fn fetch(url: &str, authorities: &[PathBuf]) -> Result<Bytes, FetchError> {
    let url: Uri = url.parse().map_err(|_| FetchError::Url)?;
    let host = url.host().ok_or(FetchError::Url)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let tls = url.scheme_str() == Some("https");
    let port = url.port_u16().unwrap_or(if tls { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await?;
    if tls {
        let trust = Tls::Files(Box::new(TlsFiles {
            authorities: authorities.to_vec(),
            ..TlsFiles::default()
        }));
        let stream = crossbar_client::connect_tls(&trust, host, stream).await?;
        get(&url, stream).await
    } else {
        get(&url, stream).await
    }
}

async fn get<S>(url: &Uri, stream: S) -> Result<Bytes, FetchError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let authority = url.authority().ok_or(FetchError::Url)?.as_str();
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path)
        .header(header::HOST, authority)
        .header(header::ACCEPT, "application/jwk-set+json, application/json")
        .body(Empty::<Bytes>::new())
        .map_err(|_| FetchError::Url)?;
    let exchange = async {
        let answer = sender.send_request(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status(answer.status()));
        }
        let longest = usize::try_from(MAX_LENGTH).unwrap_or(usize::MAX);
        let body = Limited::new(answer.into_body(), longest).collect().await;
        Ok(body.map_err(|_| FetchError::Body)?.to_bytes())
    };
    let mut exchange = pin!(exchange);
    tokio::select! {
        biased;
        done = &mut exchange => done,
        _ = connection => exchange.await,
    }
}

/// How long a reading may take.
const LIMIT: Duration = Duration::from_secs(5);
/// The most octets of a key set.
const MAX_LENGTH: u64 = 1 << 20;
