//! Takes certificates anew while connections go on.

use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
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
            if before.as_ref() == Some(&now) && *service.stamps.lock() != now {
                // What is wrong is in the log.
                let _ = service.reload();
            }
            now
        });
        match looked.await {
            Ok(now) => before = Some(now),
            Err(_) => return,
        }
    }
}

impl TlsService {
    /// Reads the files anew. Connections from then on get what they hold; those that are there go on.
    ///
    /// # Errors
    /// Says what is wrong; the old stays in force.
    pub(crate) fn reload(&self) -> Result<(), TlsFault> {
        let transport = self.transport.as_str();
        *self.stamps.lock() = Stamps::of(&self.configured);
        let fresh = files::load(&self.configured).and_then(|loaded| {
            tell(transport, &loaded.warnings);
            agreed::config(&self.configured, loaded, self.protocols)
        });
        match fresh {
            Ok(fresh) => {
                *self.present.write() = Arc::new(fresh);
                info!(transport, "certificates reloaded");
                Ok(())
            }
            Err(fault) => {
                warn!(
                    transport,
                    "certificates not reloaded, those from before stay in force: endpoint.tls.{fault}"
                );
                Err(fault)
            }
        }
    }
}
