//! JSON Web Key Sets from files and URLs, read again from time to time.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crossbar_core::{KeyPlace, KeyRequest};
use crossbar_wire::jwt::{KeyError, KeySet};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tracing::{info, warn};

/// The key sets that tokens are verified with.
#[derive(Debug, Default)]
pub(crate) struct KeyStore(Mutex<BTreeMap<KeyPlace, Arc<Shelf>>>);

/// One key set. Who reads it lets all others who need it wait, so that it is read once.
#[derive(Debug, Default)]
struct Shelf(tokio::sync::Mutex<Reading>);

#[derive(Debug, Default)]
struct Reading {
    keys: Option<Arc<KeySet>>,
    /// When that was read.
    read: Option<Instant>,
    /// When it was last tried to read it.
    tried: Option<Instant>,
}

/// Why there is no key set.
#[derive(Debug, thiserror::Error)]
enum FetchError {
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

impl KeyStore {
    /// Gives the keys of a place; those that were read before if they cannot be read again.
    pub(crate) async fn get(&self, request: &KeyRequest) -> Option<Arc<KeySet>> {
        let place = &request.source.place;
        let shelf = Arc::clone(self.0.lock().entry(place.clone()).or_default());
        let mut reading = shelf.0.lock().await;
        if !reading.is_due(request) {
            return reading.keys.clone();
        }
        reading.tried = Some(Instant::now());
        let found = tokio::time::timeout(LIMIT, read(place)).await;
        match found.unwrap_or(Err(FetchError::Late)) {
            Ok(keys) => {
                info!(?place, keys = keys.len(), "key set read");
                reading.keys = Some(Arc::new(keys));
                reading.read = Some(Instant::now());
            }
            Err(error) => {
                let kept = reading.keys.as_ref().map_or(0, |keys| keys.len());
                warn!(?place, %error, kept, "a key set for tokens cannot be read");
            }
        }
        reading.keys.clone()
    }
}

impl Reading {
    /// Says whether the set is to be read: it is old, or lacks the key that is asked for, and was not tried just now.
    fn is_due(&self, request: &KeyRequest) -> bool {
        let passed = |since: Option<Instant>, time| since.is_none_or(|it| it.elapsed() >= time);
        let Some(keys) = &self.keys else {
            return passed(self.tried, RETRY);
        };
        let lacks = |kid: &crossbar_wire::Text| !keys.has(kid);
        let wanted =
            passed(self.read, request.source.refresh) || request.kid.as_ref().is_some_and(lacks);
        wanted && passed(self.tried, PAUSE)
    }
}

async fn read(place: &KeyPlace) -> Result<KeySet, FetchError> {
    match place {
        KeyPlace::File(path) => {
            let path = path.clone();
            let read = tokio::task::spawn_blocking(move || read_file(&path)).await;
            let octets = read.map_err(std::io::Error::other)??;
            Ok(KeySet::from_json(&octets, true)?)
        }
        // Whoever serves a set to everybody has no secrets in it.
        KeyPlace::Url(url) => Ok(KeySet::from_json(&fetch(url).await?, false)?),
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
async fn fetch(url: &str) -> Result<Bytes, FetchError> {
    let url: Uri = url.parse().map_err(|_| FetchError::Url)?;
    let host = url.host().ok_or(FetchError::Url)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let tls = url.scheme_str() == Some("https");
    let port = url.port_u16().unwrap_or(if tls { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await?;
    if tls {
        let trust = crossbar_client::Tls::System;
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
/// How long nothing is tried while keys are there: tokens with made-up key ids do not become requests.
const PAUSE: Duration = Duration::from_secs(30);
/// How long nothing is tried while there are no keys.
const RETRY: Duration = Duration::from_secs(5);
/// The most octets of a key set.
const MAX_LENGTH: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use crossbar_core::KeySource;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    fn set(kid: &str) -> String {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        format!(
            r#"{{"keys": [{{"kty": "OKP", "crv": "Ed25519", "kid": "{kid}", "x": "{x}"}},
               {{"kty": "oct", "kid": "secret", "k": "{x}"}}]}}"#
        )
    }

    fn request(place: &KeyPlace, kid: &str) -> KeyRequest {
        KeyRequest {
            source: Arc::new(KeySource {
                place: place.clone(),
                refresh: Duration::from_secs(3600),
            }),
            kid: Some(kid.into()),
        }
    }

    /// Serves these answers, one a connection, then hangs up at once. Counts connections.
    async fn serve(answers: Vec<String>) -> (KeyPlace, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        tokio::spawn(async move {
            let mut answers = answers.into_iter();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::Relaxed);
                let Some(answer) = answers.next() else {
                    continue;
                };
                let mut head = [0; 2048];
                let read = stream.read(&mut head).await.unwrap();
                assert!(head[..read].starts_with(b"GET /jwks?a=b HTTP/1.1\r\n"));
                // Who asks may have gone.
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let url = format!("http://{address}/jwks?a=b");
        (KeyPlace::Url(url.as_str().into()), count)
    }

    fn ok(body: &str) -> String {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    #[tokio::test]
    async fn a_set_is_read_again_for_an_unknown_key_and_with_time_and_kept_else() {
        let (place, count) = serve(vec![
            ok(&set("one")),
            ok(&set("two")),
            "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".to_owned(),
        ])
        .await;
        let store = KeyStore::default();
        let first = store.get(&request(&place, "one")).await.unwrap();
        // The secret is left out.
        assert!(first.has("one") && first.len() == 1);
        for kid in ["one", "two", "three"] {
            assert!(store.get(&request(&place, kid)).await.unwrap().has("one"));
        }
        assert_eq!(count.load(Ordering::Relaxed), 1);
        tokio::time::pause();
        tokio::time::advance(PAUSE).await;
        tokio::time::resume();
        assert!(store.get(&request(&place, "two")).await.unwrap().has("two"));
        assert_eq!(count.load(Ordering::Relaxed), 2);
        // An hour later it is old; but the server has trouble.
        for tries in [3, 4] {
            tokio::time::pause();
            tokio::time::advance(Duration::from_secs(3600)).await;
            tokio::time::resume();
            assert!(store.get(&request(&place, "two")).await.unwrap().has("two"));
            assert_eq!(count.load(Ordering::Relaxed), tries);
        }
    }

    #[tokio::test]
    async fn what_is_no_key_set_gives_no_keys() {
        let long = format!("HTTP/1.1 200 OK\r\n\r\n{}", " ".repeat(2 << 20));
        for answer in [
            ok("{}"),
            ok(r#"{"keys": []}"#),
            "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".to_owned(),
            "nonsense\r\n\r\n".to_owned(),
            long,
        ] {
            let (place, _) = serve(vec![answer]).await;
            let store = KeyStore::default();
            assert!(store.get(&request(&place, "one")).await.is_none());
        }
    }

    #[tokio::test]
    async fn a_file_may_have_secrets() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.json");
        let place = KeyPlace::File(path.clone());
        let store = KeyStore::default();
        assert!(store.get(&request(&place, "one")).await.is_none());
        std::fs::write(&path, set("one")).unwrap();
        let keys = KeyStore::default().get(&request(&place, "one")).await;
        assert!(keys.unwrap().has("secret"));
    }
}
