use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

/// Makes a bounded queue whose sender never waits: what does not fit is dropped and counted.
///
/// The connection's task must go on reading whatever a slow consumer does, since that consumer may itself wait for
/// an answer on the same connection.
pub(crate) fn inbox<T>(capacity: usize) -> (Inbox<T>, Outlet<T>) {
    let (sender, receiver) = mpsc::channel(capacity.max(1));
    let missed = Arc::new(AtomicU64::new(0));
    let inbox = Inbox {
        sender,
        missed: Arc::clone(&missed),
    };
    (inbox, Outlet { receiver, missed })
}

/// Where the connection's task puts things.
#[derive(Debug)]
pub(crate) struct Inbox<T> {
    sender: mpsc::Sender<T>,
    missed: Arc<AtomicU64>,
}

/// The receiver is gone.
pub(crate) struct Gone;

impl<T> Inbox<T> {
    pub(crate) fn push(&self, item: T) -> Result<(), Gone> {
        match self.sender.try_send(item) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.missed.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Gone),
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}

/// Where the application takes them.
#[derive(Debug)]
pub(crate) struct Outlet<T> {
    receiver: mpsc::Receiver<T>,
    missed: Arc<AtomicU64>,
}

impl<T> Outlet<T> {
    pub(crate) async fn next(&mut self) -> Option<T> {
        self.receiver.recv().await
    }

    pub(crate) fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }
}
