//! Sessions: how many can be opened a second, what an idle one costs, how soon the first can be opened.

use std::io;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::load::{Load, Meter};
use crate::process;
use crate::speaker::{Part, Speaker};

/// Opens and closes sessions, sixteen at a time.
pub(crate) async fn opened(load: &Load) -> io::Result<Value> {
    let meter = Meter::start(load);
    let mut tasks = Vec::new();
    for _ in 0..AT_A_TIME {
        let (target, count) = (load.target.clone(), load.sessions / AT_A_TIME);
        tasks.push(tokio::task::spawn_local(async move {
            for _ in 0..count {
                drop(Speaker::open(&target, Part::Publisher(0), 0, 1).await?);
            }
            io::Result::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    let count = load.sessions / AT_A_TIME * AT_A_TIME;
    Ok(meter.stop(u64::try_from(count).unwrap_or_default()))
}

/// Holds idle sessions open and measures the growth of the router's memory.
pub(crate) async fn idle(load: &Load) -> io::Result<Value> {
    // The first hundred fill what is made once for all.
    let mut open = Vec::new();
    for _ in 0..100 {
        open.push(Speaker::open(&load.target, Part::Publisher(0), 0, 1).await?);
    }
    let before = process::resident(&load.pids);
    for _ in 0..load.sessions {
        let mut session = Speaker::open(&load.target, Part::Publisher(0), 0, 1).await?;
        session.shrink();
        open.push(session);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let after = process::resident(&load.pids);
    let sessions = u64::try_from(load.sessions).unwrap_or(1);
    Ok(json!({
        "sessions": sessions,
        "resident_before": before,
        "resident_after": after,
        "per_session": after.saturating_sub(before) / sessions,
    }))
}

/// Tries until a session opens, ten seconds at most; gives the milliseconds since this program began.
pub(crate) async fn first(load: &Load) -> io::Result<Value> {
    let started = Instant::now();
    loop {
        match Speaker::open(&load.target, Part::Publisher(0), 0, 1).await {
            Ok(_) => return Ok(json!({ "milliseconds": started.elapsed().as_secs_f64() * 1e3 })),
            Err(error) if started.elapsed() > Duration::from_secs(10) => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}

const AT_A_TIME: usize = 16;
