//! Calls: throughput with a window for each caller, latency of one at a time.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::load::{Load, Meter, WARM_UP};
use crate::speaker::{Part, Speaker};

/// Counts calls: `from` callers, spread over `to` callees, each caller with `window` outstanding.
pub(crate) async fn throughput(load: &Load) -> io::Result<Value> {
    callees(load).await?;
    let done = Rc::new(Cell::new(0_u64));
    for index in 0..load.from {
        let part = Part::Caller(index % load.to);
        let mut caller = Speaker::open(&load.target, part, load.payload, load.window).await?;
        let (done, window) = (done.clone(), load.window);
        tokio::task::spawn_local(async move {
            (0..window).for_each(|slot| caller.call(slot));
            caller.flush().await?;
            let mut results = Vec::new();
            loop {
                caller.read(&mut results).await?;
                done.set(done.get() + u64::try_from(results.len()).unwrap_or_default());
                results.drain(..).for_each(|slot| caller.call(slot));
                caller.flush().await?;
            }
            #[expect(unreachable_code, reason = "names the error type of the endless task")]
            io::Result::Ok(())
        });
    }
    tokio::time::sleep(WARM_UP).await;
    let before = done.get();
    let meter = Meter::start(load);
    tokio::time::sleep(load.duration).await;
    Ok(meter.stop(done.get() - before))
}

/// Times single calls.
pub(crate) async fn latency(load: &Load) -> io::Result<Value> {
    callees(load).await?;
    let mut caller = Speaker::open(&load.target, Part::Caller(0), load.payload, 1).await?;
    let mut results = Vec::new();
    let mut times: Vec<Duration> = Vec::new();
    let warm = Instant::now() + WARM_UP;
    let end = warm + load.duration;
    loop {
        let started = Instant::now();
        if started >= end {
            break;
        }
        caller.call(0);
        caller.flush().await?;
        while results.is_empty() {
            caller.read(&mut results).await?;
        }
        results.clear();
        if started >= warm {
            times.push(started.elapsed());
        }
    }
    times.sort_unstable();
    let at = |part: usize| {
        times
            .get(times.len() * part / 1000)
            .map_or(0.0, |t| t.as_secs_f64() * 1e6)
    };
    Ok(json!({ "count": times.len(), "p50": at(500), "p99": at(990), "p999": at(999) }))
}

async fn callees(load: &Load) -> io::Result<()> {
    for index in 0..load.to {
        let mut callee =
            Speaker::open(&load.target, Part::Callee(index), load.payload, load.window).await?;
        tokio::task::spawn_local(async move {
            let mut none = Vec::new();
            while callee.read(&mut none).await.is_ok() {}
        });
    }
    Ok(())
}
