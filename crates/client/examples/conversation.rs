//! Calls a procedure, cancels a call, publishes and receives events: all with one session.
//!
//! `cargo run -p crossbar-client --example conversation -- ws://127.0.0.1:8080/ws realm1 [json|msgpack|cbor]`

use std::error::Error;
use std::io::Write;
use std::time::Duration;

use crossbar_client::{
    Arguments, CallOptions, CancelMode, Failure, Format, Invocation, Options, PublishOptions,
    RegisterOptions, Session, SubscribeOptions, Value, connect,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments
        .next()
        .unwrap_or_else(|| "ws://127.0.0.1:8080/ws".to_owned());
    let realm = arguments.next().unwrap_or_else(|| "realm1".to_owned());
    let formats = match arguments.next().as_deref() {
        Some("json") => vec![Format::Json],
        Some("msgpack") => vec![Format::MsgPack],
        Some("cbor") => vec![Format::Cbor],
        Some("ubjson") => vec![Format::Bjdata],
        Some("flatbuffers") => vec![Format::FlatBuffers],
        Some(other) => return Err(format!("unknown serializer {other}").into()),
        None => Options::default().formats,
    };
    let options = Options {
        formats,
        deflate: true,
        ..Options::realm(&realm)
    };
    let session = connect(&url.parse()?, options).await?;
    if let Some(details) = session.details() {
        say(&format!("session {} on {}", details.session, details.realm))?;
    }
    procedures(&session).await?;
    calls(&session).await?;
    events(&session).await?;
    session.leave().await;
    say(&format!("closed: {}", session.closed().await))?;
    Ok(())
}

/// Registers a procedure that answers, one that answers step by step, and one that never does.
async fn procedures(session: &Session) -> Result<(), Box<dyn Error>> {
    let options = RegisterOptions::default();
    let add = async |call: Invocation| {
        let (a, b): (i64, i64) = call.args()?;
        Ok::<_, Failure>(Value::from(a + b))
    };
    session.register("com.example.add", options, add).await?;

    let count = async |call: Invocation| {
        let (to,): (i64,) = call.args()?;
        for step in 1..to {
            call.progress(Value::from(step)).await?;
        }
        Ok::<_, Failure>(Value::from(to))
    };
    session
        .register("com.example.count", options, count)
        .await?;

    let wait = async |_: Invocation| std::future::pending::<Result<(), Failure>>().await;
    session.register("com.example.wait", options, wait).await?;
    Ok(())
}

async fn calls(session: &Session) -> Result<(), Box<dyn Error>> {
    let sum: i64 = session.call("com.example.add", &(2, 3)).await?;
    say(&format!("2 + 3 = {sum}"))?;

    let refused = session.call::<i64>("com.example.add", &("two", 3)).await;
    if let Err(error) = refused {
        say(&format!("\"two\" + 3: {error}"))?;
    }

    let options = CallOptions {
        receive_progress: true,
        timeout: Some(Duration::from_secs(10)),
        ..CallOptions::default()
    };
    let mut call = session
        .call_with("com.example.count", Arguments::positional(&(3,))?, options)
        .await?;
    while let Some(step) = call.progress().await {
        say(&format!("counting: {}", step.single::<i64>()?))?;
    }
    let last: i64 = call.result().await?.single()?;
    say(&format!("counted to {last}"))?;

    let mut call = session
        .call_with("com.example.wait", (), CallOptions::default())
        .await?;
    call.cancel(CancelMode::Kill).await?;
    if let Err(error) = call.result().await {
        say(&format!("cancelled: {error}"))?;
    }
    Ok(())
}

async fn events(session: &Session) -> Result<(), Box<dyn Error>> {
    let mut greetings = session
        .subscribe("com.example.hello", SubscribeOptions::default())
        .await?;
    let options = PublishOptions {
        acknowledge: true,
        include_me: true,
        ..PublishOptions::default()
    };
    let arguments = Arguments::positional(&("world",))?;
    session
        .publish_with("com.example.hello", arguments, options)
        .await?;
    if let Some(event) = greetings.next().await {
        let (name,): (String,) = event.args()?;
        say(&format!("hello {name}"))?;
    }
    greetings.unsubscribe().await?;
    Ok(())
}

fn say(line: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{line}")
}
