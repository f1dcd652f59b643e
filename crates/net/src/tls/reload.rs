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
