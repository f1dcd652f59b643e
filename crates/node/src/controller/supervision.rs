use std::future::{Future, pending};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::net::UnixStream;
use tokio::process::Child;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};

use super::backoff::Backoff;
use super::spawn::{Spawned, Spec, relay};
use super::workers::{Stop, Worker};
use crate::api::{ApiError, error as uri};
use crate::log::{Console, Record, Source};

/// Keeps one worker's process running until it is asked to stop or the node ends.
pub(crate) struct Supervision<H> {
    /// The worker.
    pub(crate) worker: Arc<Worker>,
    /// How its process is started.
    pub(crate) spec: Spec,
    /// Where its lines come out.
    pub(crate) console: Arc<Console>,
    /// What the node does about it.
    pub(crate) node: H,
}

/// What the supervision of a worker needs of its node.
pub(crate) trait Host: Send + Sync + 'static {
    /// Serves the management link of a process until it closes, on a task of its own.
    fn serve(&self, worker: &Worker, pid: u32, link: UnixStream);

    /// Gives a process that took the place of another its configuration.
    fn configure(&self, worker: &Worker) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// Says whether the node ends because a process ended by itself; it is then not started again.
    fn ends_with(&self, worker: &Worker, clean: bool) -> bool;
}

/// Tells how the first start went.
pub(crate) type Started = oneshot::Sender<Result<(), ApiError>>;

/// How a run of the process ended.
enum Ended {
    /// It was asked to.
    Stopped,
    /// By itself, or it could not be brought up.
    Died {
        /// Whether its exit code was 0.
        clean: bool,
        /// Why, for the caller of `start_worker`.
        why: String,
    },
}

impl<H: Host> Supervision<H> {
    /// Runs the worker. If the first start fails, no other follows.
    pub(crate) async fn run(self, started: Started) {
        let mut started = Some(started);
        let mut backoff = Backoff::new();
        loop {
            let began = Instant::now();
            let (clean, why) = match self.run_once(&mut started).await {
                Ended::Stopped => break,
                Ended::Died { clean, why } => (clean, why),
            };
            if let Some(started) = started.take() {
                let _ = started.send(Err(ApiError::new(uri::CANNOT_START, why)));
                break;
            }
            if self.node.ends_with(&self.worker, clean) {
                break;
            }
            let wait = backoff.wait(began.elapsed());
            warn!(
                "{} is started again in {} ms",
                self.name(),
                wait.as_millis()
            );
            tokio::select! {
                () = sleep(wait) => {}
                _ = self.worker.stop_request(Stop::Terminate) => break,
            }
        }
    }

    async fn run_once(&self, started: &mut Option<Started>) -> Ended {
        let Spawned {
            mut child,
            pid,
            link,
            stdout,
            stderr,
        } = match self.spec.spawn() {
            Ok(process) => process,
            Err(fault) => {
                let why = format!("cannot start the process: {fault}");
                error!("{}: {why}", self.name());
                return Ended::Died { clean: false, why };
            }
        };
        self.worker.began(pid);
        let lines = tokio::spawn(relay(stdout, stderr, self.sink(pid)));
        self.node.serve(&self.worker, pid, link);
        let ended = self.attend(&mut child, pid, started).await;
        self.worker.exited();
        // What it said last is still in the pipes; a process of its own making may hold them open.
        let _ = timeout(LAST_LINES, lines).await;
        ended
    }

    /// Brings the process up and waits for its end.
    async fn attend(&self, child: &mut Child, pid: u32, started: &mut Option<Started>) -> Ended {
        let failure = tokio::select! {
            status = child.wait() => return self.died(status),
            _ = self.worker.stop_request(Stop::Terminate) => {
                self.terminate(child).await;
                return Ended::Stopped;
            }
            failure = self.bring_up(pid, started) => failure,
        };
        error!(
            "{} could not be brought up: {}",
            self.name(),
            failure.message
        );
        self.terminate(child).await;
        Ended::Died {
            clean: false,
            why: failure.message,
        }
    }

    /// Waits for the process to announce itself and sees to its configuration. Returns only if that fails.
    async fn bring_up(&self, pid: u32, started: &mut Option<Started>) -> ApiError {
        if timeout(START_LIMIT, self.worker.readiness(pid))
            .await
            .is_err()
        {
            let text = format!("it was not ready within {} s", START_LIMIT.as_secs());
            return ApiError::new(uri::CANNOT_START, text);
        }
        if let Some(started) = started.take() {
            // Whoever started it configures it, too.
            let _ = started.send(Ok(()));
        } else if let Err(failure) = self.node.configure(&self.worker).await {
            return failure;
        } else {
            info!("{} is back with PID {pid}", self.name());
        }
        pending().await
    }

    fn died(&self, status: std::io::Result<ExitStatus>) -> Ended {
        let (clean, why) = match status {
            Ok(status) => (status.success(), status.to_string()),
            Err(fault) => (false, fault.to_string()),
        };
        let why = format!("the process ended ({why})");
        warn!("{}: {why}", self.name());
        Ended::Died { clean, why }
    }

    /// Ends the process: politely, by force after a time, at once if asked to.
    async fn terminate(&self, child: &mut Child) {
        if self.worker.stopping() != Stop::Kill {
            send_signal(child, Signal::TERM);
            tokio::select! {
                _ = child.wait() => return,
                () = sleep(GRACE) => warn!("{} does not end: killing it", self.name()),
                _ = self.worker.stop_request(Stop::Kill) => {}
            }
        }
        send_signal(child, Signal::KILL);
        let _ = child.wait().await;
    }

    fn sink(&self, pid: u32) -> Arc<dyn Fn(Record) + Send + Sync> {
        let (console, worker) = (Arc::clone(&self.console), Arc::clone(&self.worker));
        let source = Source {
            kind: worker.kind.label(),
            pid,
        };
        Arc::new(move |record| {
            console.write(&source, &record);
            worker.keep(record);
        })
    }

    fn name(&self) -> String {
        format!("{} {}", self.worker.kind.label(), self.worker.id)
    }
}

fn send_signal(child: &Child, signal: Signal) {
    // A child that has been waited for has no id left, so that no other process can be meant.
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
    if let Some(pid) = pid.and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// How long a process may take from its start to its announcement.
const START_LIMIT: Duration = Duration::from_secs(20);
/// How long a process may take to end when asked to. `crossbar stop`, of the original, too, kills the controller after 5 s.
pub(crate) const GRACE: Duration = Duration::from_secs(4);
/// How long the end of a process's output is waited for after its own.
const LAST_LINES: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Mutex;

    use crossbar_config::{Inherit, ProcessEnvironment};
    use tokio::sync::mpsc;

    use super::super::spawn::SUBCOMMAND;
    use super::super::workers::Workers;
    use super::*;
    use crate::log::{LogFormat, LogLevel, LogOptions};
    use crate::worker::WorkerType;

    /// A node that takes every process for ready as soon as it is started, and tells what happens.
    struct Stage {
        workers: Arc<Workers>,
        events: mpsc::UnboundedSender<Event>,
        /// How many processes may end before the node does.
        deaths_left: Mutex<usize>,
    }

    #[derive(Debug, Eq, PartialEq)]
    enum Event {
        Served(u32),
        Configured,
        Died { clean: bool },
    }

    impl Host for Stage {
        fn serve(&self, worker: &Worker, pid: u32, _link: UnixStream) {
            let _ = self.events.send(Event::Served(pid));
            let worker = self.workers.find(&worker.id).unwrap();
            worker.announced(pid);
        }

        async fn configure(&self, _worker: &Worker) -> Result<(), ApiError> {
            let _ = self.events.send(Event::Configured);
            Ok(())
        }

        fn ends_with(&self, _worker: &Worker, clean: bool) -> bool {
            let _ = self.events.send(Event::Died { clean });
            let mut left = self.deaths_left.lock().unwrap();
            *left = left.saturating_sub(1);
            *left == 0
        }
    }

    struct Play {
        _directory: tempfile::TempDir,
        worker: Arc<Worker>,
        events: mpsc::UnboundedReceiver<Event>,
        started: oneshot::Receiver<Result<(), ApiError>>,
        over: tokio::task::JoinHandle<()>,
    }

    /// Supervises a shell script.
    fn play(script: &str, deaths: usize) -> Play {
        let directory = tempfile::tempdir().unwrap();
        // The shell takes the hidden subcommand for the name of its script.
        std::fs::write(directory.path().join(SUBCOMMAND), script).unwrap();
        let workers = Arc::new(Workers::default());
        let worker = workers.add("worker001", WorkerType::Router).unwrap();
        let (events, received) = mpsc::unbounded_channel();
        let supervision = Supervision {
            worker: Arc::clone(&worker),
            spec: spec(directory.path(), Path::new("/bin/sh")),
            console: Arc::new(console(directory.path())),
            node: Stage {
                workers,
                events,
                deaths_left: Mutex::new(deaths),
            },
        };
        let (tell, started) = oneshot::channel();
        let over = tokio::spawn(supervision.run(tell));
        Play {
            _directory: directory,
            worker,
            events: received,
            started,
            over,
        }
    }

    fn spec(directory: &Path, program: &Path) -> Spec {
        Spec {
            id: "worker001".to_owned(),
            kind: WorkerType::Router,
            title: "worker".to_owned(),
            environment: ProcessEnvironment {
                inherit: Inherit::All,
                vars: std::collections::BTreeMap::new(),
            },
            cpus: Vec::new(),
            directory: directory.to_path_buf(),
            node: "node".to_owned(),
            log_level: LogLevel::Info,
            program: program.to_path_buf(),
        }
    }

    fn console(directory: &Path) -> Console {
        let options = LogOptions {
            level: LogLevel::Info,
            format: LogFormat::Standard,
            color: false,
            directory: Some(directory.to_path_buf()),
        };
        Console::open(&options).unwrap()
    }

    async fn next(play: &mut Play) -> Event {
        let event = timeout(Duration::from_secs(10), play.events.recv()).await;
        event.expect("in time").expect("an event")
    }

    async fn end(play: Play) {
        let over = timeout(Duration::from_secs(10), play.over).await;
        over.expect("in time").unwrap();
    }

    #[tokio::test]
    async fn a_process_that_dies_is_started_and_configured_again() {
        let mut play = play("echo hello; exit 3", 2);
        let Event::Served(first) = next(&mut play).await else {
            panic!("it is not served");
        };
        assert_eq!(next(&mut play).await, Event::Died { clean: false });
        let Event::Served(second) = next(&mut play).await else {
            panic!("it is not started again");
        };
        assert_ne!(first, second);
        assert_eq!(next(&mut play).await, Event::Configured);
        assert_eq!(next(&mut play).await, Event::Died { clean: false });
        let lines = play.worker.records(2);
        assert_eq!(
            (&lines[0]["text"], &lines[1]["text"]),
            (&"hello".into(), &"hello".into())
        );
        end(play).await;
    }

    #[tokio::test]
    async fn a_process_that_is_stopped_ends_by_the_signal_and_stays_away() {
        let mut play = play("exec sleep 600", 9);
        (&mut play.started).await.unwrap().unwrap();
        play.worker.stop(Stop::Terminate);
        assert!(matches!(next(&mut play).await, Event::Served(_)));
        assert_eq!(play.events.recv().await, None);
        assert_eq!(play.worker.info()["pid"], serde_json::Value::Null);
        end(play).await;
    }

    #[tokio::test]
    async fn a_process_that_ignores_the_signal_is_killed() {
        let mut play = play("trap '' TERM; echo deaf; while :; do sleep 600; done", 9);
        (&mut play.started).await.unwrap().unwrap();
        let deaf = async {
            while play.worker.records(1).is_empty() {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(10), deaf).await.unwrap();
        let stopped = Instant::now();
        play.worker.stop(Stop::Terminate);
        // A second, harder request ends the patience.
        play.worker.stop(Stop::Kill);
        assert_eq!(play.worker.stopping(), Stop::Kill);
        end(play).await;
        assert!(stopped.elapsed() < GRACE);
    }

    #[tokio::test]
    async fn a_program_that_cannot_be_started_fails_the_start() {
        let directory = tempfile::tempdir().unwrap();
        let mut spec = spec(directory.path(), &directory.path().join("missing"));
        spec.id = "worker002".to_owned();
        let workers = Arc::new(Workers::default());
        let worker = workers.add("worker002", WorkerType::Router).unwrap();
        let (events, _received) = mpsc::unbounded_channel();
        let node = Stage {
            workers,
            events,
            deaths_left: Mutex::new(9),
        };
        let supervision = Supervision {
            worker,
            spec,
            console: Arc::new(console(directory.path())),
            node,
        };
        let (tell, started) = oneshot::channel();
        supervision.run(tell).await;
        let failure = started.await.unwrap().unwrap_err();
        assert_eq!(failure.uri, "crossbar.error.cannot_start");
    }
}
