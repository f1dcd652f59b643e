//! Takes certificates anew while connections go on.

use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::files::{self, Stamps};
use super::{TlsFault, TlsService, agreed, tell};

/// The transports of a router that speak TLS.
#[derive(Debug, Default)]
pub(crate) struct Certificates(Mutex<Vec<Weak<TlsService>>>);

/// How often the files are looked at. They are read when two looks after a change agree, so that a key and its
/// certificate are written meanwhile.
const LOOK: Duration = Duration::from_secs(2);
/// How long after a failure they are read again at the latest.
const LONGEST: Duration = Duration::from_secs(60);

impl Certificates {
    /// Takes note of a transport, and watches its files as long as it is there.
    pub(crate) fn watch(
        &self,
        service: &Arc<TlsService>,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) {
        let mut all = self.0.lock();
        all.retain(|service| service.strong_count() > 0);
        all.push(Arc::downgrade(service));
        tasks.spawn(watch(Arc::downgrade(service), stop));
    }

    /// Reads the files of all transports anew. What is broken leaves the old in force, and is told.
    pub(crate) fn reload(&self) -> Vec<(String, Result<(), TlsFault>)> {
        let all: Vec<Arc<TlsService>> = self.0.lock().iter().filter_map(Weak::upgrade).collect();
        all.iter()
            .map(|service| (service.transport.clone(), service.reload()))
            .collect()
    }
}

async fn watch(service: Weak<TlsService>, stop: CancellationToken) {
    let mut before = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let Some(service) = service.upgrade() else {
            return;
        };
        // Files may lie on a disk that is slow to answer.
        let looked = tokio::task::spawn_blocking(move || {
            let now = Stamps::of(&service.configured);
            if before.as_ref() == Some(&now) {
                service.reload_if_due(&now);
            }
            now
        });
        match looked.await {
            Ok(now) => before = Some(now),
            Err(_) => return,
        }
    }
}

/// What the last reading of a transport's files was.
#[derive(Debug)]
pub(super) struct LastReading {
    stamps: Stamps,
    failure: Option<Failure>,
}

/// A reading that failed. It is tried again even if nothing seems to change: the system may have been short of something.
#[derive(Debug)]
struct Failure {
    text: String,
    again: Instant,
    pause: Duration,
}

impl LastReading {
    pub(super) const fn new(stamps: Stamps) -> Self {
        Self {
            stamps,
            failure: None,
        }
    }

    fn is_due(&self, now: &Stamps) -> bool {
        let again = self.failure.as_ref().map(|failure| failure.again);
        self.stamps != *now || again.is_some_and(|again| again <= Instant::now())
    }

    /// Takes note of a failure. Says whether it is another than that of the last try.
    fn note(&mut self, fault: &TlsFault) -> bool {
        let text = fault.to_string();
        let before = self.failure.take().filter(|before| before.text == text);
        let is_new = before.is_none();
        let pause = before.map_or(LOOK, |before| LONGEST.min(2 * before.pause));
        let again = Instant::now() + pause;
        self.failure = Some(Failure { text, again, pause });
        is_new
    }
}

impl TlsService {
    /// Reads the files anew. Connections from then on get what they hold; those that are there go on.
    ///
    /// # Errors
    /// Says what is wrong; the old stays in force.
    pub(crate) fn reload(&self) -> Result<(), TlsFault> {
        let mut reading = self.reading.lock();
        reading.failure = None;
        self.read_anew(&mut reading)
    }

    fn reload_if_due(&self, now: &Stamps) {
        let mut reading = self.reading.lock();
        if reading.is_due(now) {
            // What is wrong is in the log.
            let _ = self.read_anew(&mut reading);
        }
    }

    fn read_anew(&self, reading: &mut LastReading) -> Result<(), TlsFault> {
        let transport = self.transport.as_str();
        reading.stamps = Stamps::of(&self.configured);
        let fresh = files::load(&self.configured).and_then(|loaded| {
            tell(transport, &loaded.warnings);
            agreed::config(&self.configured, loaded, self.protocols)
        });
        match fresh {
            Ok(fresh) => {
                reading.failure = None;
                *self.present.write() = Arc::new(fresh);
                info!(transport, "certificates reloaded");
                Ok(())
            }
            Err(fault) => {
                if reading.note(&fault) {
                    warn!(
                        transport,
                        "certificates not reloaded, those from before stay in force: endpoint.tls.{fault}"
                    );
                }
                Err(fault)
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use crossbar_config::{CertificateFiles, ClientCertificates, ServerTls, TlsVersions};

    use super::super::Protocols;
    use super::*;

    fn pem(directory: &Path, name: &str, label: &str, der: &[u8]) -> PathBuf {
        let path = directory.join(name);
        let body = BASE64_STANDARD.encode(der);
        let text = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
        std::fs::write(&path, text).expect("the directory is there");
        path
    }

    fn service(directory: &Path) -> TlsService {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
        let made = made.expect("the name is good");
        let key = made.signing_key.serialize_der();
        let certificate = |name| pem(directory, name, "CERTIFICATE", made.cert.der());
        let tls = ServerTls {
            certificates: vec![CertificateFiles {
                at: String::new(),
                key: pem(directory, "key.pem", "PRIVATE KEY", &key),
                certificate: certificate("cert.pem"),
                chain: Vec::new(),
                hostnames: Vec::new(),
            }],
            clients: ClientCertificates::Optional(vec![certificate("ca.pem")]),
            versions: TlsVersions::ALL,
            ciphers: Vec::new(),
        };
        TlsService::load("transport001", &tls, Protocols::Unnamed).expect("the files are good")
    }

    #[test]
    fn what_was_read_later_is_in_force_later() {
        let directory = tempfile::tempdir().unwrap();
        let service = service(directory.path());
        let path = |name: &str| directory.path().join(name);
        // Whoever reads the last file waits until something is written there.
        std::fs::rename(path("ca.pem"), path("file.pem")).unwrap();
        let made = Command::new("mkfifo").arg(path("ca.pem")).status();
        assert!(made.unwrap().success());
        std::thread::scope(|scope| {
            let first = scope.spawn(|| service.reload());
            let mut pipe = std::fs::File::create(path("ca.pem")).unwrap();
            std::fs::rename(path("file.pem"), path("ca.pem")).unwrap();
            let second = scope.spawn(|| service.reload());
            while !second.is_finished() && service.reading.try_lock().is_some() {
                std::thread::yield_now();
            }
            assert!(!second.is_finished());
            let authority = std::fs::read(path("ca.pem")).unwrap();
            std::io::Write::write_all(&mut pipe, &authority).unwrap();
            drop(pipe);
            for done in [first, second] {
                done.join().unwrap().unwrap();
            }
        });
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_failed_is_tried_ever_more_seldom() {
        let directory = tempfile::tempdir().unwrap();
        let service = service(directory.path());
        let key = directory.path().join("key.pem");
        let good = std::fs::read(&key).unwrap();
        std::fs::write(&key, "no key").unwrap();
        service.reload().unwrap_err();
        let now = Stamps::of(&service.configured);
        let is_due = || service.reading.lock().is_due(&now);
        for pause in [2, 4, 8, 16, 32, 60, 60] {
            tokio::time::advance(Duration::from_secs(pause) - Duration::from_millis(1)).await;
            assert!(!is_due());
            tokio::time::advance(Duration::from_millis(1)).await;
            assert!(is_due());
            service.reload_if_due(&now);
        }
        // Something passes that no file tells of, such as a lack of descriptors.
        std::fs::write(&key, good).unwrap();
        let now = Stamps::of(&service.configured);
        service.reading.lock().stamps = now.clone();
        tokio::time::advance(LONGEST).await;
        service.reload_if_due(&now);
        assert!(service.reading.lock().failure.is_none());
    }
}
