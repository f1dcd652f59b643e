//! The controller: it starts the workers, watches them, and hosts the management realm. No application traffic
//! goes through it.

mod backoff;
mod boot;
mod ending;
mod host;
mod management;
mod notify;
mod procedures;
mod spawn;
mod supervision;
mod terminal;
mod welcome;
mod workers;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossbar_config::Faults;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tracing::{debug, error, info, warn};

use crate::key::{KeyError, KeyOrigin, NodeKey};
use crate::link::LinkError;
use crate::log::{self, Console, LogOptions};
use crate::pidfile::{PidFile, PidFileError};
use crate::process::Process;
use ending::EndSwitch;
use management::Management;
use terminal::Terminal;
use workers::{Stop, Workers};

pub use ending::Ending;

/// What `crossbar start` was told.
#[derive(Clone, Debug)]
pub struct ControllerOptions {
    /// The node directory, absolute.
    pub directory: PathBuf,
    /// The configuration file, if one was named.
    pub config: Option<PathBuf>,
    /// How to log.
    pub log: LogOptions,
    /// After how long the node ends by itself.
    pub shutdown_after: Option<Duration>,
    /// The command's flags, for the PID file.
    pub flags: serde_json::Value,
}

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The node directory cannot be claimed.
    #[error(transparent)]
    PidFile(#[from] PidFileError),
    /// The log file cannot be opened.
    #[error("cannot write the log file in {}", directory.display())]
    Log {
        /// Where it should be.
        directory: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The configuration is invalid.
    #[error("Invalid node configuration")]
    Config(#[source] Faults),
    /// The node's key cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The system refuses something every program needs.
    #[error("cannot run")]
    System(#[from] std::io::Error),
    /// The management realm does not work.
    #[error("the management realm cannot be joined")]
    Management(#[from] LinkError),
}

/// The controller of a node.
pub(crate) struct Controller {
    /// The node's id.
    id: String,
    directory: PathBuf,
    config: crossbar_config::Node,
    key: NodeKey,
    process: Process,
    console: Arc<Console>,
    log_level: log::LogLevel,
    workers: Workers,
    management: Management,
    end: EndSwitch,
    program: PathBuf,
}

/// Runs a node until it ends.
///
/// # Errors
/// Says why it does not start. What fails later is logged, and told by the [`Ending`].
pub fn run(options: &ControllerOptions) -> Result<Ending, StartError> {
    let process = Process::start();
    // The file is removed at the end of this function, whatever way it is left.
    let _claim = PidFile::claim(&options.directory, &options.flags)?;
    let console = Console::open(&options.log).map_err(|source| StartError::Log {
        directory: options.log.directory.clone().unwrap_or_default(),
        source,
    })?;
    let console = Arc::new(console);
    log::start_controller(&console, options.log.level);
    info!("Crossbar.io v{} in Rust", env!("CARGO_PKG_VERSION"));
    info!("Booting standalone node ..");
    let config = load(options)?;
    let key = node_key(options, &config)?;
    set_title(&config.controller.title);
    // One thread is enough here, and costs an idle node the least.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ending = runtime.block_on(async {
        let controller = Controller {
            id: node_id(&config),
            directory: options.directory.clone(),
            config,
            key,
            process,
            console,
            log_level: options.log.level,
            workers: Workers::default(),
            management: Management::new(),
            end: EndSwitch::new(),
            program: std::env::current_exe()?,
        };
        Arc::new(controller).run(options.shutdown_after).await
    })?;
    runtime.shutdown_timeout(Duration::from_millis(100));
    Ok(ending)
}

impl Controller {
    async fn run(self: Arc<Self>, shutdown_after: Option<Duration>) -> Result<Ending, StartError> {
        self.management.open(&self).await?;
        info!("Entering event reactor ...");
        let terminal = Terminal::of_start();
        let mut signals = JoinSet::new();
        signals.spawn(Arc::clone(&self).heed_signals());
        signals.spawn(Arc::clone(&self).heed_hangups(signal(SignalKind::hangup())?, terminal));
        let mut running = JoinSet::new();
        if let Some(after) = shutdown_after {
            let controller = Arc::clone(&self);
            running.spawn(async move {
                tokio::time::sleep(after).await;
                controller.end.end(Ending::TimeOver);
            });
        }
        running.spawn(Arc::clone(&self).boot());
        let ending = self.end.wait().await;
        running.shutdown().await;
        self.stop(ending).await;
        signals.shutdown().await;
        Ok(ending)
    }

    async fn boot(self: Arc<Self>) {
        if let Err(failure) = boot::boot(&self).await {
            error!("{failure}");
            error!("The node could not be started");
            self.end.end(Ending::BootFailed);
            return;
        }
        info!("Ok, local node configuration ran successfully.");
        welcome::tell(&self.config, self.management.link()).await;
        info!("NODE_BOOT_COMPLETE[node_id=\"{}\"]", self.id);
        notify::ready();
    }

    async fn stop(&self, ending: Ending) {
        match ending {
            Ending::Signal(name) => info!("Shutting down on {name} .."),
            Ending::Requested => info!("Shutting down as requested .."),
            Ending::TimeOver => info!("Shutting down, the time is over .."),
            Ending::WorkerExit => info!("Shutting down, a worker has ended .."),
            Ending::BootFailed => info!("Shutting down .."),
        }
        self.workers.stop_all(Stop::Terminate).await;
        self.management.close().await;
        info!("Node has ended");
    }

    /// Lets all workers read their certificates anew whenever SIGHUP comes, unless it comes from a terminal that is closed.
    async fn heed_hangups(self: Arc<Self>, mut hangup: Signal, terminal: Terminal) {
        let mut reloads = JoinSet::new();
        loop {
            tokio::select! {
                Some(()) = hangup.recv() => {}
                Some(_) = reloads.join_next() => continue,
                else => return,
            }
            if terminal.ends_the_node() {
                self.end.end(Ending::Signal("SIGHUP, the terminal is gone"));
                return;
            }
            info!("Reloading certificates on SIGHUP ..");
            for worker in self.workers.all() {
                let link = self.management.link().clone();
                reloads.spawn(async move {
                    let procedure = format!("crossbar.worker.{}.reload_certificates", worker.id);
                    if let Err(failure) = link.call(&procedure, Vec::new()).await {
                        warn!(
                            "Worker {} did not reload certificates: {failure}",
                            worker.id
                        );
                    }
                });
            }
        }
    }

    /// Ends the node on the first signal, kills the workers on the second.
    async fn heed_signals(self: Arc<Self>) {
        let streams = (
            signal(SignalKind::interrupt()),
            signal(SignalKind::terminate()),
        );
        let (Ok(mut interrupt), Ok(mut terminate)) = streams else {
            error!("the system takes no signal handlers");
            return;
        };
        loop {
            let name = tokio::select! {
                _ = interrupt.recv() => "SIGINT",
                _ = terminate.recv() => "SIGTERM",
            };
            debug!("Controller got {name}");
            if !self.end.end(Ending::Signal(name)) {
                for worker in self.workers.all() {
                    worker.stop(Stop::Kill);
                }
            }
        }
    }
}

fn node_id(config: &crossbar_config::Node) -> String {
    config.controller.id.clone().unwrap_or_else(|| {
        let host = crate::key::host_name().to_lowercase();
        format!("{host}-{}", std::process::id())
    })
}

/// Sets the name of the process, where there is a way; Linux keeps its first 15 octets.
fn set_title(title: &str) {
    #[cfg(target_os = "linux")]
    {
        let name = std::ffi::CString::new(title);
        // A title that does not fit is of no consequence.
        let _ = name.map(|name| rustix::thread::set_name(&name));
    }
    #[cfg(not(target_os = "linux"))]
    let _ = title;
}

/// Gets the node's key. The built-in default node leaves no files behind: its key lives as long as it does.
fn node_key(
    options: &ControllerOptions,
    config: &crossbar_config::Node,
) -> Result<NodeKey, KeyError> {
    if config.source.is_none() {
        return match NodeKey::load(&options.directory)? {
            Some(key) => Ok(key),
            None => NodeKey::generate(),
        };
    }
    let (key, new) = NodeKey::load_or_create(&options.directory, &KeyOrigin::default())?;
    let what = if new { "generated" } else { "loaded" };
    info!("Node key {what}, public key {}", key.public_hex());
    Ok(key)
}

/// Reads the configuration; where there is none, takes the built-in default node's.
fn load(options: &ControllerOptions) -> Result<crossbar_config::Node, StartError> {
    let (directory, name) = (&options.directory, options.config.as_deref());
    let Some(file) = crossbar_config::find_file(directory, name) else {
        info!("Node configuration loaded [config_source=default]");
        return Ok(crossbar_config::default_node(directory));
    };
    let environment = crossbar_config::environment();
    let node = crossbar_config::load(directory, name, &environment).map_err(StartError::Config)?;
    // What should only be looked at is told by the worker that uses the file.
    crate::check_files(&node).map_err(StartError::Config)?;
    let path = file.display();
    info!("Node configuration loaded [config_source=localfile, config_path={path}]");
    for notice in &node.notices {
        info!("{}: {}", notice.path, notice.text);
    }
    Ok(node)
}
