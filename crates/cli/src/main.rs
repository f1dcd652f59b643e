//! The `crossbar` command: one module a command, each with its arguments and a `run`.
//!
//! What a command is asked for goes to stdout; everything else goes to stderr. Both go through [`output`].

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::commands::{
    check, convert, exec_worker, init, keygen, keys, start, status, stop, version,
};
use crate::failure::Failure;

mod commands;
mod configuration;
mod failure;
mod node_directory;
mod output;
mod personality;

/// The application router for WAMP
#[derive(Debug, Parser)]
#[command(name = "crossbar", version, disable_help_subcommand = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::InitArgs),
    Start(start::StartArgs),
    Stop(stop::StopArgs),
    Status(status::StatusArgs),
    Check(check::CheckArgs),
    Convert(convert::ConvertArgs),
    Keygen(keygen::KeygenArgs),
    Keys(keys::KeysArgs),
    Version(version::VersionArgs),
    #[command(name = "_exec_worker", hide = true)]
    ExecWorker(exec_worker::ExecWorkerArgs),
}

fn main() -> ExitCode {
    let arguments = match personality::strip(std::env::args_os().collect()) {
        Ok(arguments) => arguments,
        Err(failure) => return failure.report(),
    };
    match run(&CommandLine::parse_from(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(line: &CommandLine) -> Result<(), Failure> {
    match &line.command {
        None => output::text(&CommandLine::command().render_help().to_string()),
        Some(Command::Init(args)) => init::run(args),
        Some(Command::Start(args)) => start::run(args),
        Some(Command::Stop(args)) => stop::run(args),
        Some(Command::Status(args)) => status::run(args),
        Some(Command::Check(args)) => check::run(args),
        Some(Command::Convert(args)) => convert::run(args),
        Some(Command::Keygen(args)) => keygen::run(args),
        Some(Command::Keys(args)) => keys::run(args),
        Some(Command::Version(args)) => version::run(args),
        Some(Command::ExecWorker(args)) => exec_worker::run(args),
    }
}
