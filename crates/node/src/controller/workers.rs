use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::api::{ApiError, error};
use crate::clock::Utc;
use crate::log::Record;
use crate::worker::WorkerType;

/// The workers that are to run, by id.
#[derive(Debug, Default)]
pub(crate) struct Workers {
    table: Mutex<BTreeMap<String, Arc<Worker>>>,
}

/// One worker: what is known of it, and the switches of its supervision.
#[derive(Debug)]
pub(crate) struct Worker {
    /// The id.
    pub(crate) id: String,
    /// What it does.
    pub(crate) kind: WorkerType,
    /// When `start_worker` was called.
    pub(crate) created: String,
    stop: watch::Sender<Stop>,
    ready: watch::Sender<Option<u32>>,
    ended: watch::Sender<bool>,
    run: Mutex<Run>,
    log: Mutex<VecDeque<Record>>,
}

/// Whether and how a worker is to stop.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Stop {
    /// It is to run.
    No,
    /// It is asked to end, and killed if it takes too long.
    Terminate,
    /// It is killed.
    Kill,
}

/// The present process of a worker.
#[derive(Clone, Debug, Default)]
struct Run {
    pid: Option<u32>,
    began: Option<Instant>,
    started: Option<(Instant, String)>,
}

impl Workers {
    /// Adds a worker.
    pub(crate) fn add(&self, id: &str, kind: WorkerType) -> Result<Arc<Worker>, ApiError> {
        let mut table = self.table();
        if table.contains_key(id) {
            let text = format!("worker \"{id}\" is already running");
            return Err(ApiError::new(error::WORKER_ALREADY_RUNNING, text));
        }
        let worker = Arc::new(Worker::new(id, kind));
        table.insert(id.to_owned(), Arc::clone(&worker));
        Ok(worker)
    }

    /// Takes a worker out whose supervision is over. Gives how many are left.
    pub(crate) fn remove(&self, worker: &Worker) -> usize {
        let left = {
            let mut table = self.table();
            table.remove(&worker.id);
            table.len()
        };
        worker.ended.send_replace(true);
        left
    }

    /// Finds a worker.
    pub(crate) fn find(&self, id: &str) -> Result<Arc<Worker>, ApiError> {
        let found = self.table().get(id).cloned();
        found.ok_or_else(|| {
            ApiError::new(
                error::NO_SUCH_WORKER,
                format!("there is no worker \"{id}\""),
            )
        })
    }

    /// Gives all workers, by id.
    pub(crate) fn all(&self) -> Vec<Arc<Worker>> {
        self.table().values().cloned().collect()
    }

    /// Stops all workers and waits for their end.
    pub(crate) async fn stop_all(&self, how: Stop) {
        let workers = self.all();
        for worker in &workers {
            worker.stop(how);
        }
        for worker in &workers {
            worker.end().await;
        }
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Worker>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Worker {
    fn new(id: &str, kind: WorkerType) -> Self {
        Self {
            id: id.to_owned(),
            kind,
            created: Utc::now().iso(),
            stop: watch::channel(Stop::No).0,
            ready: watch::channel(None).0,
            ended: watch::channel(false).0,
            run: Mutex::default(),
            log: Mutex::default(),
        }
    }

    /// Asks the supervision to stop the process. A milder request after a harder one changes nothing.
    pub(crate) fn stop(&self, how: Stop) {
        self.stop.send_if_modified(|present| {
            let harder = how > *present;
            *present = how.max(*present);
            harder
        });
    }

    /// Says how the worker is to stop.
    pub(crate) fn stopping(&self) -> Stop {
        *self.stop.borrow()
    }

    /// Waits for a request to stop that is at least so hard, and gives it.
    pub(crate) async fn stop_request(&self, least: Stop) -> Stop {
        let mut stop = self.stop.subscribe();
        // The sender lives as long as `self`.
        stop.wait_for(|how| *how >= least)
            .await
            .map_or(Stop::Kill, |how| *how)
    }

    /// Waits until the supervision is over.
    pub(crate) async fn end(&self) {
        let mut ended = self.ended.subscribe();
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// Notes that a process has been started.
    pub(crate) fn began(&self, pid: u32) {
        *self.run() = Run {
            pid: Some(pid),
            began: Some(Instant::now()),
            started: None,
        };
    }

    /// Notes that the process with this id has announced itself.
    pub(crate) fn announced(&self, pid: u32) {
        {
            let mut run = self.run();
            if run.pid == Some(pid) {
                run.started = Some((Instant::now(), Utc::now().iso()));
            }
        }
        self.ready.send_replace(Some(pid));
    }

    /// Waits until the process with this id has announced itself.
    pub(crate) async fn readiness(&self, pid: u32) {
        let mut ready = self.ready.subscribe();
        let _ = ready.wait_for(|ready| *ready == Some(pid)).await;
    }

    /// Notes that the process has ended.
    pub(crate) fn exited(&self) {
        *self.run() = Run::default();
    }

    /// Gives the time since the present process was ready.
    pub(crate) fn uptime(&self) -> Duration {
        let started = self.run().started.as_ref().map(|(at, _)| *at);
        started.map_or(Duration::ZERO, |at| at.elapsed())
    }

    /// Says whether a process runs and is ready.
    pub(crate) fn is_started(&self) -> bool {
        self.run().started.is_some()
    }

    /// Keeps a log record for `get_worker_log`.
    pub(crate) fn keep(&self, record: Record) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() == KEPT_RECORDS {
            log.pop_front();
        }
        log.push_back(record);
    }

    /// Gives the last log records, oldest first.
    pub(crate) fn records(&self, limit: usize) -> Vec<Value> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let first = log.len().saturating_sub(limit);
        log.range(first..).map(Record::to_json).collect()
    }

    /// Gives what `start_worker` answers in the end.
    pub(crate) fn started_info(&self, who: &Value) -> Value {
        let run = self.run().clone();
        json!({
            "id": self.id,
            "status": "started",
            "started": run.started_utc(),
            "who": who,
            "pid": run.pid,
            "startup_time": run.startup_time(),
        })
    }

    /// Gives what `get_worker` answers.
    pub(crate) fn info(&self) -> Value {
        let run = self.run().clone();
        let status = if run.started.is_some() {
            "started"
        } else {
            "starting"
        };
        json!({
            "id": self.id,
            "pid": run.pid,
            "type": self.kind.name(),
            "status": status,
            "created": self.created,
            "started": run.started_utc(),
            "startup_time": run.startup_time(),
            "uptime": self.uptime().as_secs_f64(),
        })
    }

    fn run(&self) -> MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
    fn started_utc(&self) -> Option<&str> {
        self.started.as_ref().map(|(_, utc)| utc.as_str())
    }

    fn startup_time(&self) -> Option<f64> {
        let (at, _) = self.started.as_ref()?;
        Some(at.duration_since(self.began?).as_secs_f64())
    }
}

/// How many log records of a worker are kept.
const KEPT_RECORDS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Level;

    #[test]
    fn ids_are_unique_until_the_worker_is_gone() {
        let workers = Workers::default();
        let worker = workers.add("worker001", WorkerType::Router).unwrap();
        let error = workers.add("worker001", WorkerType::Router).unwrap_err();
        assert_eq!(error.uri, "crossbar.error.worker_already_running");
        assert_eq!(workers.remove(&worker), 0);
        assert_eq!(
            workers.find("worker001").unwrap_err().uri,
            "crossbar.error.no_such_worker"
        );
    }

    #[tokio::test]
    async fn a_stop_is_never_taken_back() {
        let worker = Worker::new("worker001", WorkerType::Router);
        worker.stop(Stop::Kill);
        worker.stop(Stop::Terminate);
        assert_eq!(worker.stop_request(Stop::Terminate).await, Stop::Kill);
    }

    #[tokio::test]
    async fn only_the_present_process_makes_it_ready() {
        let worker = Worker::new("worker001", WorkerType::Router);
        worker.began(7);
        worker.announced(6);
        assert_eq!(worker.info()["status"], "starting");
        worker.announced(7);
        worker.readiness(7).await;
        assert_eq!(worker.info()["status"], "started");
        worker.exited();
        assert_eq!(worker.info()["pid"], Value::Null);
    }

    #[test]
    fn the_log_keeps_the_last_records() {
        let worker = Worker::new("worker001", WorkerType::Router);
        for number in 0..2 * KEPT_RECORDS {
            worker.keep(Record::text(Level::Info, &number.to_string()));
        }
        let last = worker.records(2);
        assert_eq!(last[0]["text"], (2 * KEPT_RECORDS - 2).to_string());
        assert_eq!(worker.records(1000).len(), KEPT_RECORDS);
    }
}
