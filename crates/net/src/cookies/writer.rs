//! Writes what becomes of cookies, on a thread of its own.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tracing::{debug, error, info};

use super::record::{Change, Record};
use super::table::Table;
use crate::time::time_of_day;

/// What keeps logins beyond the process. Each method does all that it is asked for, or nothing.
pub(crate) trait Journal: Send + 'static {
    /// Takes down changes, oldest first: they are there still when the power fails.
    fn write(&mut self, changes: &[Change]) -> io::Result<()>;

    /// Takes down that there is this and nothing else.
    fn rewrite(&mut self, records: &[Record]) -> io::Result<()>;

    /// Says whether there is much that a rewriting would leave out, if so many cookies are worth something.
    fn is_long(&self, cookies: usize) -> bool;
}

/// Hands changes to a journal's thread, which ends with this.
#[derive(Debug)]
pub(crate) struct Writer {
    /// Whoever hands something in waits for the end of it: so there are as many jobs as connections at most.
    jobs: Sender<Job>,
}

#[derive(Debug)]
struct Job {
    changes: Vec<Change>,
    done: oneshot::Sender<()>,
}

/// How many jobs are written at a time.
const BATCH: usize = 256;
/// How long to wait after a failure until all is tried again.
const RETRY: Duration = Duration::from_secs(5);

impl Writer {
    /// Starts the thread, which ends when all that was handed in is written and this is dropped.
    ///
    /// # Errors
    /// The system has no thread left.
    pub(crate) fn start(
        journal: Box<dyn Journal>,
        table: &Arc<Mutex<Table>>,
        name: String,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let (jobs, received) = channel();
        let desk = Desk {
            journal,
            table: Arc::downgrade(table),
            name,
            behind: false,
        };
        let thread = std::thread::Builder::new()
            .name("cookies".to_owned())
            .spawn(move || desk.run(&received))?;
        Ok((Self { jobs }, thread))
    }

    /// Hands changes in; what is given ends once they and all before them are written, or cannot be.
    pub(crate) fn write(&self, changes: Vec<Change>) -> impl Future<Output = ()> + use<> {
        let (done, written) = oneshot::channel();
        let job = Job { changes, done };
        let handed = self.jobs.send(job).is_ok();
        if !handed {
            error!(
                "the cookie store is not written any more: logins and log-outs are lost with the process"
            );
        }
        async move {
            if handed {
                // How it went is in the log.
                let _ = written.await;
            }
        }
    }
}

/// The thread's side.
struct Desk {
    journal: Box<dyn Journal>,
    table: Weak<Mutex<Table>>,
    name: String,
    /// Whether something could not be written: then all that the table has must be.
    behind: bool,
}

impl Desk {
    fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            let first = if self.behind {
                match jobs.recv_timeout(RETRY) {
                    Ok(job) => Some(job),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            } else {
                match jobs.recv() {
                    Ok(job) => Some(job),
                    Err(_) => return,
                }
            };
            let batch: Vec<Job> = first
                .into_iter()
                .chain(jobs.try_iter().take(BATCH))
                .collect();
            let mut changes = Vec::new();
            let mut waiting = Vec::new();
            for job in batch {
                changes.extend(job.changes);
                waiting.push(job.done);
            }
            self.write(&changes);
            for done in waiting {
                // Who waited may have gone.
                let _ = done.send(());
            }
        }
    }

    fn write(&mut self, changes: &[Change]) {
        if changes.is_empty() && !self.behind {
            return;
        }
        let was_behind = self.behind;
        let done = if was_behind {
            self.rewrite()
        } else {
            self.journal.write(changes)
        };
        self.behind = done.is_err();
        match done {
            Ok(()) if was_behind => info!(store = self.name, "the cookie store is whole again"),
            Ok(()) => self.shorten(),
            Err(error) => error!(
                %error,
                store = self.name,
                "the cookie store cannot be written: until it can be, logins and log-outs are lost with the process"
            ),
        }
    }

    /// Leaves out what is worth nothing any more. If that fails, nothing is lost.
    fn shorten(&mut self) {
        let Some(table) = self.table.upgrade() else {
            return;
        };
        if self.journal.is_long(table.lock().len())
            && let Err(error) = self.rewrite()
        {
            debug!(%error, store = self.name, "the cookie store stays as long as it is");
        }
    }

    /// Writes all that the table has: what was handed in is in it already.
    fn rewrite(&mut self) -> io::Result<()> {
        match self.table.upgrade() {
            Some(table) => {
                let records = table.lock().records(time_of_day());
                self.journal.rewrite(&records)
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::record;
    use super::*;

    /// Fails as often as it is told, and tells what it was asked for.
    struct Failing {
        failures: usize,
        told: Sender<String>,
    }

    impl Failing {
        fn tell(&mut self, what: String) -> io::Result<()> {
            self.told.send(what).unwrap();
            match self.failures.checked_sub(1) {
                Some(left) => {
                    self.failures = left;
                    Err(io::ErrorKind::StorageFull.into())
                }
                None => Ok(()),
            }
        }
    }

    impl Journal for Failing {
        fn write(&mut self, changes: &[Change]) -> io::Result<()> {
            self.tell(format!("write {}", changes.len()))
        }

        fn rewrite(&mut self, records: &[Record]) -> io::Result<()> {
            self.tell(format!("rewrite {}", records.len()))
        }

        fn is_long(&self, _: usize) -> bool {
            false
        }
    }

    #[test]
    fn after_a_failure_all_is_written_anew_until_that_succeeds() {
        let table = Arc::new(Mutex::new(Table::default()));
        let (told, asked) = channel();
        let failing = Failing { failures: 2, told };
        let mut desk = Desk {
            journal: Box::new(failing),
            table: Arc::downgrade(&table),
            name: String::new(),
            behind: false,
        };
        let change = [Change::Put(record("abcdef", "joe"))];
        for behind in [true, true, false, false] {
            desk.write(&change);
            assert_eq!(desk.behind, behind);
        }
        drop(desk);
        let asked: Vec<String> = asked.iter().collect();
        assert_eq!(asked, ["write 1", "rewrite 0", "rewrite 0", "write 1"]);
    }

    #[tokio::test]
    async fn who_waits_hears_of_failures_too() {
        let table = Arc::new(Mutex::new(Table::default()));
        let (told, asked) = channel();
        let failing = Failing { failures: 1, told };
        let (writer, thread) = Writer::start(Box::new(failing), &table, "test".to_owned()).unwrap();
        for _ in 0..2 {
            writer
                .write(vec![Change::Put(record("abcdef", "joe"))])
                .await;
        }
        drop(writer);
        thread.join().unwrap();
        assert_eq!(asked.iter().count(), 2);
    }
}
