//! The load generator of `cargo xtask bench`, and the bare forwarder that shows the machine's limit.
//!
//! One measurement a run, on one thread, its result as one JSON line on standard output. `xtask bench` starts the
//! routers, runs this program against each in turn and makes the table.

mod calls;
mod events;
mod forwarder;
mod load;
mod nats;
mod process;
mod raw;
mod sessions;
mod socket;
mod speaker;
mod wamp;

use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::load::{Load, Target};

/// Measure a router
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Pass frames between connections with nothing decoded
    Forwarder,
    /// Count calls, several at a time for each caller
    Calls(LoadArguments),
    /// Count delivered events
    Events(LoadArguments),
    /// Time one call after the other
    Latency(LoadArguments),
    /// Count sessions opened
    Sessions(LoadArguments),
    /// Measure the memory of idle sessions
    Idle(LoadArguments),
    /// Wait for the first session that can be opened
    First(LoadArguments),
}

#[derive(clap::Args)]
struct LoadArguments {
    /// Where the router listens: rs://HOST:PORT, ws://HOST:PORT/PATH, nats://HOST:PORT or raw://HOST:PORT
    #[arg(long)]
    url: String,
    /// The realm
    #[arg(long, default_value = "realm1")]
    realm: String,
    /// json, msgpack or cbor
    #[arg(long, default_value = "msgpack")]
    format: String,
    /// Octets of the argument
    #[arg(long, default_value_t = 32)]
    payload: usize,
    /// Callers or publishers
    #[arg(long, default_value_t = 1)]
    from: usize,
    /// Callees or subscribers
    #[arg(long, default_value_t = 1)]
    to: usize,
    /// Outstanding calls a caller, or events a publisher
    #[arg(long, default_value_t = 64)]
    window: usize,
    /// Milliseconds of measurement
    #[arg(long, default_value_t = 2000)]
    millis: u64,
    /// Sessions to open
    #[arg(long, default_value_t = 1000)]
    sessions: usize,
    /// Process ids whose CPU time and memory count, with their descendants
    #[arg(long, value_delimiter = ',')]
    pids: Vec<u32>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, run(arguments.command))
}

#[expect(clippy::print_stdout, reason = "the result of the program")]
async fn run(command: Command) -> Result<(), Box<dyn std::error::Error>> {
    let result = match command {
        Command::Forwarder => return forwarder::run().await,
        Command::Calls(arguments) => calls::throughput(&load(arguments)?).await?,
        Command::Latency(arguments) => calls::latency(&load(arguments)?).await?,
        Command::Events(arguments) => events::throughput(&load(arguments)?).await?,
        Command::Sessions(arguments) => sessions::opened(&load(arguments)?).await?,
        Command::Idle(arguments) => sessions::idle(&load(arguments)?).await?,
        Command::First(arguments) => sessions::first(&load(arguments)?).await?,
    };
    println!("{result}");
    Ok(())
}

fn load(arguments: LoadArguments) -> Result<Load, Box<dyn std::error::Error>> {
    Ok(Load {
        target: Target::parse(&arguments.url, &arguments.realm, &arguments.format)?,
        payload: arguments.payload,
        from: arguments.from,
        to: arguments.to,
        window: arguments.window,
        duration: Duration::from_millis(arguments.millis),
        sessions: arguments.sessions,
        pids: arguments.pids,
    })
}
