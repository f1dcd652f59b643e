//! Work that would hold up a thread of the runtime: secrets of clients are hashed.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crossbar_core::{Step, unavailable};
use foldhash::fast::RandomState;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::places::neighbourhood;

/// Who hashes, and who waits for that.
///
/// A hash takes a processor and megabytes of memory, and anybody can ask for one. So there are as many at a time as there are
/// processors; the clients of one address get half of them, and stand in a line of their own for those. However many come from
/// one address, nobody else waits for more than these few.
#[derive(Debug)]
pub(crate) struct Computing {
    /// A permit for each processor.
    processors: Arc<Semaphore>,
    /// How many of them the clients of one address get.
    share: usize,
    lines: Mutex<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    count: usize,
    /// Those whose clients have no address share one.
    by_address: HashMap<Option<IpAddr>, Line, RandomState>,
}

/// The clients of one address.
#[derive(Debug)]
struct Line {
    count: usize,
    places: Arc<Semaphore>,
}

/// A client's stand in the line of its address, until that is dropped.
#[derive(Debug)]
struct Stand {
    computing: Arc<Computing>,
    address: Option<IpAddr>,
}

/// Too many wait already.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Crowded;

/// How many may wait in the line of one address.
const MOST_OF_ADDRESS: usize = 100;
/// How many may wait in all.
const MOST: usize = 1000;

impl Computing {
    fn new(processors: usize) -> Self {
        Self {
            processors: Arc::new(Semaphore::new(processors)),
            share: (processors / 2).max(1),
            lines: Mutex::default(),
        }
    }

    /// Does work for a client of that address on a thread that may be held up.
    ///
    /// # Errors
    /// Too many wait already.
    pub(crate) async fn compute(
        self: Arc<Self>,
        address: Option<IpAddr>,
        work: impl FnOnce() -> Step + Send + 'static,
    ) -> Result<Step, Crowded> {
        let processors = Arc::clone(&self.processors);
        let (stand, places) = self.line_up(address)?;
        let held = (
            places.acquire_owned().await,
            processors.acquire_owned().await,
            stand,
        );
        // The work goes on when nobody waits for it any more, and holds its place until it ends.
        let work = move || {
            let step = work();
            drop(held);
            step
        };
        let done = tokio::task::spawn_blocking(work).await;
        Ok(
            done.unwrap_or_else(|failure| match failure.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Step::Abort(unavailable("the router stops")),
            }),
        )
    }

    fn line_up(
        self: Arc<Self>,
        address: Option<IpAddr>,
    ) -> Result<(Stand, Arc<Semaphore>), Crowded> {
        let address = address.map(neighbourhood);
        let mut guard = self.lines.lock();
        let lines = &mut *guard;
        // Whoever is alone of its address is not kept out by those who are many: the places are given out in turn.
        if lines.count >= MOST && lines.by_address.contains_key(&address) {
            return Err(Crowded);
        }
        let line = lines.by_address.entry(address).or_insert_with(|| Line {
            count: 0,
            places: Arc::new(Semaphore::new(self.share)),
        });
        if line.count >= MOST_OF_ADDRESS {
            return Err(Crowded);
        }
        line.count += 1;
        lines.count += 1;
        let places = Arc::clone(&line.places);
        drop(guard);
        let computing = self;
        Ok((Stand { computing, address }, places))
    }
}

impl Default for Computing {
    fn default() -> Self {
        let processors = std::thread::available_parallelism();
        Self::new(processors.map_or(1, usize::from))
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        let mut lines = self.computing.lines.lock();
        lines.count -= 1;
        if let Some(line) = lines.by_address.get_mut(&self.address) {
            line.count -= 1;
            if line.count == 0 {
                lines.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::mpsc;
    use std::task::Poll;

    use crossbar_wire::Abort;

    use super::*;

    /// Work that has begun, and ends when this is dropped.
    struct Held {
        _end: mpsc::Sender<()>,
    }

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)))
    }

    fn done() -> Step {
        Step::Abort(Abort::default())
    }

    /// Begins work that nobody waits for.
    async fn begin(computing: &Arc<Computing>, address: Option<IpAddr>) -> Held {
        let (end, ended) = mpsc::channel();
        let (begun, beginning) = tokio::sync::oneshot::channel();
        let work = move || {
            let _ = begun.send(());
            let _ = ended.recv();
            done()
        };
        let mut waiting = Box::pin(Arc::clone(computing).compute(address, work));
        let first = std::future::poll_fn(|context| {
            Poll::Ready(waiting.as_mut().poll(context).is_pending())
        });
        assert!(first.await);
        beginning.await.unwrap();
        Held { _end: end }
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_holds_its_place() {
        let computing = Arc::new(Computing::new(2));
        let held = [
            begin(&computing, address(1)).await,
            begin(&computing, address(2)).await,
        ];
        assert_eq!(computing.processors.available_permits(), 0);
        drop(held);
        let all = computing.processors.acquire_many(2).await;
        drop(all.unwrap());
        while !computing.lines.lock().by_address.is_empty() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn one_address_leaves_processors_to_others_and_has_a_line_of_its_own() {
        let computing = Arc::new(Computing::new(2));
        let held = begin(&computing, address(1)).await;
        let mut line: Vec<_> = (1..MOST_OF_ADDRESS)
            .map(|_| Box::pin(Arc::clone(&computing).compute(address(1), done)))
            .collect();
        for waiting in &mut line {
            let pending = std::future::poll_fn(|context| {
                Poll::Ready(waiting.as_mut().poll(context).is_pending())
            });
            assert!(pending.await);
        }
        let crowded = Arc::clone(&computing).compute(address(1), done).await;
        assert!(crowded.is_err());
        for other in [address(2), None] {
            let other = Arc::clone(&computing).compute(other, done).await;
            assert!(other.is_ok());
        }
        drop(held);
        for waiting in line {
            assert!(waiting.await.is_ok());
        }
        while computing.lines.lock().count > 0 {
            tokio::task::yield_now().await;
        }
    }
}
