use std::sync::{Arc, Weak};

use tokio::net::UnixStream;
use tracing::error;

use super::boot;
use super::ending::ends_node;
use super::supervision::Host;
use super::workers::Worker;
use super::{Controller, Ending};
use crate::api::{ApiError, error as uri};

/// The node as the supervision of its workers sees it.
pub(crate) struct NodeHost {
    controller: Weak<Controller>,
}

impl NodeHost {
    pub(crate) fn new(controller: &Arc<Controller>) -> Self {
        let controller = Arc::downgrade(controller);
        Self { controller }
    }
}

impl Host for NodeHost {
    fn serve(&self, worker: &Worker, pid: u32, link: UnixStream) {
        if let Some(controller) = self.controller.upgrade() {
            let management = &controller.management;
            management.serve_worker(&worker.id, pid, link);
        }
    }

    async fn configure(&self, worker: &Worker) -> Result<(), ApiError> {
        let Some(controller) = self.controller.upgrade() else {
            return Err(ApiError::new(uri::CANNOT_START, "the node ends"));
        };
        let mut configured = controller.config.workers.iter();
        // A worker that was started by a call alone has no configuration but what its caller gives it.
        let Some(item) = configured.find(|item| item.id == worker.id) else {
            return Ok(());
        };
        let link = controller.management.link();
        let configured = boot::configure(link, item).await;
        configured.map_err(|failure| ApiError::new(uri::CANNOT_START, failure.to_string()))
    }

    fn ends_with(&self, worker: &Worker, clean: bool) -> bool {
        let Some(controller) = self.controller.upgrade() else {
            return true;
        };
        if controller.end.is_ending() {
            return true;
        }
        let others = controller.workers.all().len().saturating_sub(1);
        let ends = ends_node(&controller.config.controller.shutdown, clean, others);
        if ends {
            error!("The node ends because worker {} has ended", worker.id);
            controller.end.end(Ending::WorkerExit);
        }
        ends
    }
}
