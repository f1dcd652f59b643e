//! Events: throughput with a window for each publisher.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use serde_json::Value;
use tokio::sync::Notify;

use crate::load::{Load, Meter, WARM_UP};
use crate::speaker::{Part, Speaker};

/// Counts delivered events: `from` publishers on one topic that `to` subscribers share. A publisher has at most
/// `window` events on the way, counted by the deliveries of all subscribers.
pub(crate) async fn throughput(load: &Load) -> io::Result<Value> {
    let delivered = Rc::new(Cell::new(0_u64));
    let progress = Rc::new(Notify::new());
    for _ in 0..load.to {
        let part = Part::Subscriber(0);
        let mut subscriber = Speaker::open(&load.target, part, load.payload, load.window).await?;
        let (delivered, progress) = (delivered.clone(), progress.clone());
        tokio::task::spawn_local(async move {
            let mut events = Vec::new();
            while subscriber.read(&mut events).await.is_ok() {
                delivered.set(delivered.get() + u64::try_from(events.len()).unwrap_or_default());
                events.clear();
                progress.notify_waiters();
            }
        });
    }
    let published = Rc::new(Cell::new(0_u64));
    let to = u64::try_from(load.to).unwrap_or(1);
    let window = u64::try_from(load.window * load.from).unwrap_or(1);
    for _ in 0..load.from {
        let part = Part::Publisher(0);
        let mut publisher = Speaker::open(&load.target, part, load.payload, load.window).await?;
        let (delivered, progress, published) =
            (delivered.clone(), progress.clone(), published.clone());
        let share = window / u64::try_from(load.from).unwrap_or(1);
        tokio::task::spawn_local(async move {
            loop {
                let waiting = progress.notified();
                let room = window
                    .saturating_sub(published.get() - delivered.get() / to)
                    .min(share);
                if room < share.div_ceil(4) {
                    waiting.await;
                    continue;
                }
                published.set(published.get() + room);
                (0..room).for_each(|_| publisher.publish());
                if publisher.flush().await.is_err() {
                    return;
                }
            }
        });
    }
    tokio::time::sleep(WARM_UP).await;
    let before = delivered.get();
    let meter = Meter::start(load);
    tokio::time::sleep(load.duration).await;
    Ok(meter.stop(delivered.get() - before))
}
