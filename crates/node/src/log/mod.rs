//! Log lines: each process makes records, the controller alone writes them out.
//!
//! A worker writes its records to its standard output, one JSON object a line; the controller reads them, puts
//! time, kind of process and PID in front, and writes each line at once to the terminal or the log file.

mod console;
mod file;
mod layer;
mod record;

use std::path::PathBuf;
use std::sync::Arc;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub(crate) use console::Console;
use layer::Recorder;
pub(crate) use record::{Level, Record, Source};

/// How a node logs.
#[derive(Clone, Debug)]
pub struct LogOptions {
    /// The least severe level that is written.
    pub level: LogLevel,
    /// What stands in front of the text.
    pub format: LogFormat,
    /// Whether lines on the terminal are coloured.
    pub color: bool,
    /// The directory of `node.log`; the terminal if absent.
    pub directory: Option<PathBuf>,
}

/// The least severe level that is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogLevel {
    /// Nothing.
    None,
    /// What is lost.
    Error,
    /// What should be looked at.
    Warn,
    /// Node, workers and listeners.
    Info,
    /// The state of sessions.
    Debug,
    /// Each message.
    Trace,
}

/// What stands in front of the text of a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogFormat {
    /// Time, kind of process and PID.
    Standard,
    /// Kind of process and PID.
    Syslogd,
    /// Nothing.
    None,
}

impl LogLevel {
    /// Gives the word of the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    /// Reads the word of the command line.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let levels = [
            Self::None,
            Self::Error,
            Self::Warn,
            Self::Info,
            Self::Debug,
            Self::Trace,
        ];
        levels.into_iter().find(|level| level.name() == name)
    }

    const fn filter(self) -> LevelFilter {
        match self {
            Self::None => LevelFilter::OFF,
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }
}

/// Sends what this process logs to the console, as the controller's lines.
pub(crate) fn start_controller(console: &Arc<Console>, level: LogLevel) {
    let console = Arc::clone(console);
    let source = Source::own("Controller");
    start(level, move |record| console.write(&source, &record));
    exit_on_panic();
}

/// Sends what this process logs to its standard output, for the controller to read. A panic is logged there, too.
pub(crate) fn start_worker(level: LogLevel) {
    start(level, |record| record.send());
    exit_on_panic();
}

/// Logs a panic and ends the process, since what is left of it cannot be trusted: a worker is started again by the
/// controller, and the workers of a controller end with it.
fn exit_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(target: "crossbar_node", "{panic}");
        std::process::exit(PANIC_EXIT_CODE);
    }));
}

fn start(level: LogLevel, emit: impl Fn(Record) + Send + Sync + 'static) {
    // A second subscriber in one process, as in tests, is not installed.
    let _ = subscriber(level, emit).try_init();
}

fn subscriber(
    level: LogLevel,
    emit: impl Fn(Record) + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    // What libraries tell at debug level concerns their developers.
    let others = level.filter().min(LevelFilter::WARN);
    let filter = Targets::new()
        .with_default(others)
        .with_target("crossbar", level.filter());
    tracing_subscriber::registry()
        .with(filter)
        .with(Recorder::new(emit))
}

/// Exit code of a process that panicked (`EX_SOFTWARE`).
const PANIC_EXIT_CODE: i32 = 70;
