//! `crossbar start`

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use crossbar_node::controller::{self, ControllerOptions, StartError};
use crossbar_node::{LogFormat, LogLevel, LogOptions, NodeState};
use serde_json::json;

use crate::failure::{Failure, Kind};
use crate::node_directory::NodeDirectory;
use crate::output;

/// Start the node in the foreground
///
/// Where there is no configuration, a default node serves on the loopback interface. SIGINT (Ctrl-C) and SIGTERM end
/// the node in good order. SIGHUP lets it read its certificates anew; if the terminal that it was started in is gone, it
/// ends the node, too, but not if it was started with `nohup`.
#[derive(clap::Args, Debug)]
pub(crate) struct StartArgs {
    #[command(flatten)]
    directory: NodeDirectory,
    /// The configuration file, relative to the node directory [default: config.yaml, else config.json]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The least severe level that is logged
    #[arg(long, value_enum, default_value_t = Level::Info)]
    loglevel: Level,
    /// What stands in front of each line of the log
    #[arg(long, value_enum, default_value_t = Format::Standard)]
    logformat: Format,
    /// Whether the log is coloured; auto: on a terminal
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// Write the log to node.log instead of the terminal, a file a day
    #[arg(long)]
    logtofile: bool,
    /// The directory of node.log, relative to the node directory [default: the node directory]
    #[arg(long, value_name = "DIR")]
    logdir: Option<PathBuf>,
    /// End the node after so many seconds
    #[arg(long, value_name = "SECONDS")]
    shutdownafter: Option<u64>,
}

/// `--loglevel`, as [`LogLevel`].
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    None,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// `--logformat`, as [`LogFormat`].
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Standard,
    Syslogd,
    None,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Color {
    True,
    False,
    Auto,
}

/// Runs the command.
pub(crate) fn run(args: &StartArgs) -> Result<(), Failure> {
    let directory = args.directory.create()?;
    if let NodeState::Stopped { notice } = NodeState::of(&directory) {
        for line in notice {
            output::error_line(&line);
        }
    }
    let options = ControllerOptions {
        config: args.config.clone(),
        log: LogOptions {
            level: args.loglevel.level(),
            format: args.logformat.format(),
            color: args.color.is_on(),
            directory: args
                .logtofile
                .then(|| directory.join(args.logdir.as_deref().unwrap_or(Path::new("")))),
        },
        shutdown_after: args.shutdownafter.map(Duration::from_secs),
        flags: args.flags(&directory),
        directory,
    };
    let ending = controller::run(&options).map_err(|error| failure(&error))?;
    match ending.exit_code() {
        0 => Ok(()),
        // The log has told why.
        _ => Err(Failure::told()),
    }
}

impl StartArgs {
    /// Gives the flags for the PID file.
    fn flags(&self, directory: &Path) -> serde_json::Value {
        json!({
            "cbdir": directory,
            "config": self.config,
            "loglevel": self.loglevel.level().name(),
            "logformat": format!("{:?}", self.logformat).to_lowercase(),
            "color": format!("{:?}", self.color).to_lowercase(),
            "logtofile": self.logtofile,
            "logdir": self.logdir,
            "shutdownafter": self.shutdownafter,
        })
    }
}

impl Level {
    const fn level(self) -> LogLevel {
        match self {
            Self::None => LogLevel::None,
            Self::Error => LogLevel::Error,
            Self::Warn => LogLevel::Warn,
            Self::Info => LogLevel::Info,
            Self::Debug => LogLevel::Debug,
            Self::Trace => LogLevel::Trace,
        }
    }
}

impl Format {
    const fn format(self) -> LogFormat {
        match self {
            Self::Standard => LogFormat::Standard,
            Self::Syslogd => LogFormat::Syslogd,
            Self::None => LogFormat::None,
        }
    }
}

impl Color {
    fn is_on(self) -> bool {
        match self {
            Self::True => true,
            Self::False => false,
            Self::Auto => std::io::stdout().is_terminal(),
        }
    }
}

fn failure(error: &StartError) -> Failure {
    let StartError::Config(faults) = error else {
        return Failure::new(Kind::General, "the node does not start").caused_by(error);
    };
    let mut message = "Invalid node configuration".to_owned();
    for fault in faults.as_slice() {
        message.push_str("\n  ");
        message.push_str(&fault.to_string());
    }
    Failure::new(Kind::General, message).hint("`crossbar check` tells the same without a start")
}
