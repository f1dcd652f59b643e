//! A worker: realms and transports, put there and taken away by calls over its management link.

mod bridge;
mod kind;
mod realms;
mod router;
mod router_realms;
mod router_transports;
mod testee;
#[cfg(test)]
mod tests;
mod transports;
mod workplace;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tracing::{debug, error, info};

use crate::key::{KeyError, NodeKey};
use crate::link::{Link, LinkError};
use crate::log::{self, LogLevel};
use crate::process::{descriptors, set_affinity};
use router::RouterWorker;
use testee::TesteeWorker;
use workplace::{Workplace, invalid};

pub use kind::WorkerType;

/// What the controller tells a worker's process on its command line.
#[derive(Clone, Debug)]
pub struct WorkerProcess {
    /// The worker's id.
    pub id: String,
    /// What it does.
    pub kind: WorkerType,
    /// The node's id.
    pub node: String,
    /// The node directory.
    pub directory: PathBuf,
    /// The least severe level that is logged.
    pub log_level: LogLevel,
    /// Processors to run on, counted among those allowed; empty: all.
    pub cpus: Vec<usize>,
}

/// Why a worker does not run.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The processors to run on cannot be set.
    #[error("the processors {0:?} cannot be set: {1}")]
    Affinity(Vec<usize>, String),
    /// The system refuses something every program needs.
    #[error("cannot run")]
    System(#[from] std::io::Error),
    /// The node's key cannot be had.
    #[error("the node's key cannot be read")]
    Key(#[from] KeyError),
    /// The controller cannot be reached.
    #[error("the management realm cannot be joined")]
    Link(#[from] LinkError),
}

/// Runs a worker until its controller lets it go or asks it to end.
///
/// # Errors
/// Says why it does not run; it is logged, too.
pub fn run(worker: &WorkerProcess) -> Result<(), WorkerError> {
    log::start_worker(worker.log_level);
    let result = start(worker);
    if let Err(failure) = &result {
        error!("{}", chain(failure));
    }
    result
}

fn start(worker: &WorkerProcess) -> Result<(), WorkerError> {
    die_with_parent();
    descriptors::raise();
    if !worker.cpus.is_empty() {
        set_affinity(&worker.cpus, true)
            .map_err(|failure| WorkerError::Affinity(worker.cpus.clone(), failure.message))?;
    }
    let runtime = crossbar_net::runtime()?;
    let result = runtime.block_on(serve(worker));
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

async fn serve(worker: &WorkerProcess) -> Result<(), WorkerError> {
    // Taken before the controller can think that the worker is up.
    let terminate = signal(SignalKind::terminate())?;
    let mut signals = JoinSet::new();
    signals.spawn(ignore_interrupts(signal(SignalKind::interrupt())?));
    let hangup = signal(SignalKind::hangup())?;
    let link = Link::inherited().await?;
    let asked = Arc::new(Notify::new());
    let around = Workplace::new(worker, link.clone(), Arc::clone(&asked));
    let net = Arc::clone(&around.net);
    signals.spawn(heed_hangups(hangup, Arc::clone(&net)));
    if let Some(key) = NodeKey::load(&worker.directory)? {
        net.identify(key.identity());
    }
    match worker.kind {
        WorkerType::Router => link.serve(Arc::new(RouterWorker::new(around))).await?,
        WorkerType::WebSocketTestee => {
            link.serve(Arc::new(TesteeWorker::new(around))).await?;
        }
    }
    link.announce(&worker.id, worker.kind.name());
    wait_for_end(&link, terminate, &asked).await;
    net.drain(GRACE).await;
    link.leave().await;
    signals.shutdown().await;
    debug!("worker ends");
    Ok(())
}

async fn wait_for_end(link: &Link, mut terminate: Signal, asked: &Notify) {
    tokio::select! {
        _ = terminate.recv() => info!("Worker ends on SIGTERM .."),
        () = asked.notified() => info!("Worker ends as requested .."),
        () = link.closed() => error!("The link to the controller is closed, the worker ends .."),
    }
}

/// Leaves interrupts from the terminal, which go to all processes of the node, to the controller.
async fn ignore_interrupts(mut interrupt: Signal) {
    while interrupt.recv().await.is_some() {
        debug!("Ignoring SIGINT in worker.");
    }
}

/// Reads the certificates anew whenever SIGHUP comes, as from a terminal that is closed: the controller passes on its own by
/// a call.
async fn heed_hangups(mut hangup: Signal, net: Arc<crossbar_net::Router>) {
    while hangup.recv().await.is_some() {
        // How it went is in the log.
        net.reload_certificates();
    }
}

/// Lets the system end this process together with the controller, in whatever way that goes and even if nothing here
/// runs any more. A controller that ends in good order has waited for its workers.
fn die_with_parent() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, set_parent_process_death_signal};
        if let Err(error) = set_parent_process_death_signal(Some(Signal::KILL)) {
            // The closed link ends the worker as well.
            debug!(%error, "the system does not tell of the controller's death");
        }
    }
}

/// Writes an error with all that led to it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// How long sessions have to answer GOODBYE, and connections to close after that: together shorter than the controller's patience.
const GRACE: Duration = Duration::from_millis(1200);
