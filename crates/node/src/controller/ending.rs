use crossbar_config::ShutdownRule;
use tokio::sync::watch;

/// Why a node ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// A signal asked for it.
    Signal(&'static str),
    /// `crossbar.shutdown` was called.
    Requested,
    /// The time of `--shutdownafter` is over.
    TimeOver,
    /// A worker ended, and the rules of the configuration end the node for that.
    WorkerExit,
    /// The configuration could not be put into effect.
    BootFailed,
}

impl Ending {
    /// Gives the exit code of the controller.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Signal(_) | Self::Requested | Self::TimeOver => 0,
            Self::WorkerExit | Self::BootFailed => 1,
        }
    }
}

/// The node's end, wanted by several, waited for by one. The first cause stays.
#[derive(Debug)]
pub(crate) struct EndSwitch {
    cause: watch::Sender<Option<Ending>>,
}

impl EndSwitch {
    pub(crate) fn new() -> Self {
        let (cause, _) = watch::channel(None);
        Self { cause }
    }

    /// Ends the node. Says whether this was the first cause.
    pub(crate) fn end(&self, cause: Ending) -> bool {
        self.cause.send_if_modified(|present| {
            let first = present.is_none();
            present.get_or_insert(cause);
            first
        })
    }

    /// Says whether the node is about to end.
    pub(crate) fn is_ending(&self) -> bool {
        self.cause.borrow().is_some()
    }

    /// Waits for the cause.
    pub(crate) async fn wait(&self) -> Ending {
        let mut receiver = self.cause.subscribe();
        loop {
            if let Some(cause) = *receiver.borrow_and_update() {
                return cause;
            }
            // The sender lives as long as `self`.
            let _ = receiver.changed().await;
        }
    }
}

/// Says whether a worker's end is to be the node's.
pub(crate) fn ends_node(rules: &[ShutdownRule], clean: bool, workers_left: usize) -> bool {
    rules.iter().any(|rule| match rule {
        ShutdownRule::ShutdownRequested => false,
        ShutdownRule::WorkerExit => true,
        ShutdownRule::WorkerExitWithError => !clean,
        ShutdownRule::LastWorkerExit => workers_left == 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_cause_stays() {
        let switch = EndSwitch::new();
        assert!(!switch.is_ending());
        assert!(switch.end(Ending::WorkerExit));
        assert!(!switch.end(Ending::Requested));
        assert_eq!(switch.wait().await, Ending::WorkerExit);
    }

    #[test]
    fn rules() {
        use ShutdownRule::{LastWorkerExit, ShutdownRequested, WorkerExit, WorkerExitWithError};
        assert!(!ends_node(&[], false, 0));
        assert!(!ends_node(&[ShutdownRequested], false, 0));
        assert!(ends_node(&[WorkerExit], true, 1));
        assert!(!ends_node(&[WorkerExitWithError], true, 0));
        assert!(ends_node(&[WorkerExitWithError], false, 1));
        assert!(!ends_node(&[LastWorkerExit], false, 1));
        assert!(ends_node(&[ShutdownRequested, LastWorkerExit], true, 0));
    }
}
