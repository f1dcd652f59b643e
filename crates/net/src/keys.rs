//! JSON Web Key Sets from files and URLs, read again from time to time.

mod reading;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crossbar_core::{KeyPlace, KeyRequest};
use crossbar_wire::jwt::KeySet;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::Router;

/// The key sets that tokens are verified with.
#[derive(Debug, Default)]
pub(crate) struct KeyStore(Mutex<BTreeMap<KeyPlace, Arc<Shelf>>>);

/// One key set.
#[derive(Debug, Default)]
struct Shelf(Mutex<Held>);

/// What is known of a key set, and whether it is being read.
#[derive(Debug, Default)]
struct Held {
    keys: Option<Arc<KeySet>>,
    /// When that was read.
    read: Option<Instant>,
    /// When it was last tried to read it.
    tried: Option<Instant>,
    /// Whether the last try was in vain.
    failed: bool,
    /// Closed when the reading that goes on is done.
    reading: Option<watch::Receiver<()>>,
}

/// Whether a client waits for a reading.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Need {
    /// What is there is good.
    None,
    /// What is there will do; the set is to be read again.
    Soon,
    /// Without another reading the client is not let in.
    First,
}

impl Router {
    /// Gives the keys of a place; those that were read before if they cannot be read again. Who needs a key that is there
    /// does not wait for the place to answer.
    pub(crate) async fn keys(&self, request: &KeyRequest) -> Option<Arc<KeySet>> {
        let place = &request.source.place;
        let shelf = Arc::clone(self.key_store().0.lock().entry(place.clone()).or_default());
        let wait = shelf.0.lock().look(request, || {
            let (done, reading) = watch::channel(());
            let (shelf, place, stop) = (Arc::clone(&shelf), place.clone(), self.shutdown().clone());
            self.tasks().spawn(async move {
                stop.run_until_cancelled(shelf.read(&place)).await;
                drop(done);
            });
            reading
        });
        if let Some(mut reading) = wait {
            // Nothing is ever sent: this is the end of the reading.
            let _ = reading.changed().await;
        }
        shelf.0.lock().keys.clone()
    }
}

impl Shelf {
    async fn read(&self, place: &KeyPlace) {
        let found = reading::read(place).await;
        let mut held = self.0.lock();
        held.failed = found.is_err();
        match found {
            Ok(keys) => {
                info!(?place, keys = keys.len(), "key set read");
                held.keys = Some(Arc::new(keys));
                held.read = Some(Instant::now());
            }
            Err(error) => {
                let kept = held.keys.as_ref().map_or(0, |keys| keys.len());
                warn!(?place, %error, kept, "a key set for tokens cannot be read");
            }
        }
    }
}

impl Held {
    /// Has the set read if it is time. Gives what to wait for, if anything.
    fn look(
        &mut self,
        request: &KeyRequest,
        start: impl FnOnce() -> watch::Receiver<()>,
    ) -> Option<watch::Receiver<()>> {
        let need = self.need(request);
        if need == Need::None {
            return None;
        }
        let goes_on = |reading: &watch::Receiver<()>| reading.has_changed().is_ok();
        if !self.reading.as_ref().is_some_and(goes_on) {
            if !self.may_try() {
                return None;
            }
            self.tried = Some(Instant::now());
            self.reading = Some(start());
        }
        (need == Need::First).then(|| self.reading.clone())?
    }

    fn need(&self, request: &KeyRequest) -> Need {
        let refresh = request.source.refresh;
        let is_older = |age| self.read.is_none_or(|read| read.elapsed() >= age);
        let has = |keys: &KeySet| request.kid.as_ref().is_none_or(|kid| keys.has(kid));
        if !self.keys.as_deref().is_some_and(has) {
            return Need::First;
        }
        // No client came for long: a key may have been withdrawn meanwhile. If the place is in trouble, clients go on.
        if is_older(2 * refresh) && !self.failed {
            return Need::First;
        }
        if is_older(refresh) {
            return Need::Soon;
        }
        Need::None
    }

    fn may_try(&self) -> bool {
        let pause = if self.keys.is_some() { PAUSE } else { RETRY };
        self.tried.is_none_or(|tried| tried.elapsed() >= pause)
    }
}

/// How long nothing is tried while keys are there: tokens with made-up key ids do not become requests.
const PAUSE: Duration = Duration::from_secs(30);
/// How long nothing is tried while there are no keys.
const RETRY: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use crossbar_core::KeySource;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::sync::mpsc;

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
        (place_of(&url), count)
    }

    fn place_of(url: &str) -> KeyPlace {
        KeyPlace::Url {
            url: url.into(),
            authorities: Vec::new(),
        }
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
        let router = Router::new();
        let first = router.keys(&request(&place, "one")).await.unwrap();
        // The secret is left out.
        assert!(first.has("one") && first.len() == 1);
        for kid in ["one", "two", "three"] {
            assert!(router.keys(&request(&place, kid)).await.unwrap().has("one"));
        }
        assert_eq!(count.load(Ordering::Relaxed), 1);
        later(PAUSE.as_secs()).await;
        assert!(
            router
                .keys(&request(&place, "two"))
                .await
                .unwrap()
                .has("two")
        );
        assert_eq!(count.load(Ordering::Relaxed), 2);
        // Two hours later it is old; but the server has trouble.
        later(7200).await;
        assert!(
            router
                .keys(&request(&place, "two"))
                .await
                .unwrap()
                .has("two")
        );
        assert_eq!(count.load(Ordering::Relaxed), 3);
        // Nobody waits for it any more.
        later(7200).await;
        assert!(
            router
                .keys(&request(&place, "two"))
                .await
                .unwrap()
                .has("two")
        );
        assert!(router.keys(&request(&place, "four")).await.is_some());
        assert_eq!(count.load(Ordering::Relaxed), 4);
    }

    async fn later(seconds: u64) {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::time::resume();
    }

    /// Serves each connection when it is told to.
    async fn serve_slowly() -> (KeyPlace, mpsc::Receiver<mpsc::Sender<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap());
        let (asked, asking) = mpsc::channel(4);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (answer, mut answers) = mpsc::channel::<String>(1);
                asked.send(answer).await.unwrap();
                tokio::spawn(async move {
                    if let Some(answer) = answers.recv().await {
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        (place_of(&url), asking)
    }

    #[tokio::test]
    async fn nobody_waits_for_a_slow_server_whose_key_is_there() {
        let (place, mut asking) = serve_slowly().await;
        let router = Router::new();
        let ask = |kid: &str| {
            let (router, request) = (Arc::clone(&router), request(&place, kid));
            tokio::spawn(async move { router.keys(&request).await })
        };
        // The first two wait for one reading.
        let (first, second) = (ask("one"), ask("two"));
        let answer = asking.recv().await.unwrap();
        answer.send(ok(&set("one"))).await.unwrap();
        assert!(first.await.unwrap().unwrap().has("one"));
        assert!(second.await.unwrap().unwrap().has("one"));
        // Who has a key that is not there waits; others do not.
        later(60).await;
        let unknown = ask("two");
        let answer = asking.recv().await.unwrap();
        assert!(ask("one").await.unwrap().unwrap().has("one"));
        assert!(!unknown.is_finished());
        answer.send(ok(&set("two"))).await.unwrap();
        assert!(unknown.await.unwrap().unwrap().has("two"));
        // A set that is old is read again meanwhile.
        later(3600).await;
        assert!(ask("two").await.unwrap().unwrap().has("two"));
        let answer = asking.recv().await.unwrap();
        assert!(ask("two").await.unwrap().unwrap().has("two"));
        answer.send(ok(&set("three"))).await.unwrap();
        let three = ask("three").await.unwrap().unwrap();
        assert!(three.has("three") && !three.has("two"));
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
            let router = Router::new();
            assert!(router.keys(&request(&place, "one")).await.is_none());
        }
    }

    #[tokio::test]
    async fn a_file_may_have_secrets() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.json");
        let place = KeyPlace::File(path.clone());
        let router = Router::new();
        assert!(router.keys(&request(&place, "one")).await.is_none());
        std::fs::write(&path, set("one")).unwrap();
        let keys = Router::new().keys(&request(&place, "one")).await;
        assert!(keys.unwrap().has("secret"));
    }
}
