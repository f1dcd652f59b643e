//! The management realm `crossbar`: no port, no socket file; only the node's own processes can reach it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crossbar_config::{QueueLimits, RawSocket};
use crossbar_core::{
    Access, Actions, Authorization, Disclosure, Limits, Permission, Principal, RealmOptions,
    RoleConfig,
};
use crossbar_net::Router;
use crossbar_wire::{Format, MatchPolicy, Text};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tracing::warn;

use super::Controller;
use crate::link::{Link, LinkError, realm};

/// The management realm and the controller's own session on it.
pub(crate) struct Management {
    router: Arc<Router>,
    link: OnceLock<Link>,
}

impl Management {
    pub(crate) fn new() -> Self {
        Self {
            router: Router::new(),
            link: OnceLock::new(),
        }
    }

    /// Starts the realm, joins it and registers the controller's procedures.
    pub(crate) async fn open(&self, controller: &Arc<Controller>) -> Result<(), LinkError> {
        let role = role("controller", vec![prefix("crossbar.", EVERYTHING)]);
        self.router
            .start_realm(&realm(), RealmOptions::default(), [role])?;
        let (ours, theirs) = tokio::io::duplex(PIPE);
        self.serve(theirs, principal("nodecontroller", "controller"));
        let link = Link::open(ours).await?;
        link.serve(Arc::clone(controller)).await?;
        let watched = Arc::clone(controller);
        link.on_worker_ready(move |worker, pid| {
            if let Ok(worker) = watched.workers.find(worker) {
                worker.announced(pid);
            }
        })
        .await?;
        // Opened once, by the controller's start.
        let _ = self.link.set(link);
        self.link().publish("crossbar.on_ready", None, None);
        Ok(())
    }

    /// Leaves the realm, which ends with the process.
    pub(crate) async fn close(&self) {
        if let Some(link) = self.link.get() {
            link.leave().await;
        }
    }

    /// Gives the controller's session.
    ///
    /// # Panics
    /// Before [`Management::open`].
    pub(crate) fn link(&self) -> &Link {
        self.link
            .get()
            .expect("the controller joins before anything else")
    }

    /// Serves a worker's end of its link: its session may speak for that worker alone.
    pub(crate) fn serve_worker(&self, id: &str, pid: u32, link: UnixStream) {
        let name = worker_role(id);
        // With its dot: `worker1` has no say about `worker10`.
        let permissions = vec![
            prefix(&format!("{name}."), EVERYTHING),
            exact("crossbar.get_status", CALL),
        ];
        if let Err(error) = self.router.set_role(&realm(), role(&name, permissions)) {
            warn!(%error, "the management realm is gone");
            return;
        }
        self.serve(link, principal(&format!("crossbar.process.{pid}"), &name));
    }

    fn serve<S>(&self, stream: S, principal: Principal)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let settings = RawSocket {
            formats: vec![Format::MsgPack],
            max_message_size: 16 << 20,
            queue: QueueLimits::default(),
            hello_timeout: Some(Duration::from_secs(30)),
            strict_request_ids: false,
            limits: Arc::default(),
            access: Access::Fixed(principal),
        };
        crossbar_net::serve_stream(stream, &settings, &self.router);
    }

    /// Removes what was there for a worker.
    pub(crate) fn forget_worker(&self, id: &str) {
        // Without the realm, there is nothing to remove.
        let _ = self.router.remove_role(&realm(), &worker_role(id));
    }
}

fn worker_role(id: &str) -> String {
    format!("crossbar.worker.{id}")
}

fn principal(authid: &str, role: &str) -> Principal {
    Principal {
        authid: Text::from(authid),
        authrole: Text::from(role),
        authmethod: Text::from_static("internal"),
        authprovider: Text::from_static("node"),
        ..Principal::default()
    }
}

fn role(name: &str, permissions: Vec<Permission>) -> RoleConfig {
    RoleConfig {
        name: Text::from(name),
        authorization: Authorization::Static(permissions),
        trustlevel: None,
        limits: Limits::default(),
        max_sessions: None,
    }
}

fn prefix(uri: &str, allow: Actions) -> Permission {
    permission(uri, MatchPolicy::Prefix, allow)
}

fn exact(uri: &str, allow: Actions) -> Permission {
    permission(uri, MatchPolicy::Exact, allow)
}

fn permission(uri: &str, policy: MatchPolicy, allow: Actions) -> Permission {
    Permission {
        uri: Text::from(uri),
        policy,
        allow,
        // Every procedure here is told who calls.
        disclose_caller: Disclosure::Always,
        disclose_publisher: Disclosure::Always,
        trustlevel: None,
        cache: true,
        validation: None,
    }
}

const EVERYTHING: Actions = Actions {
    call: true,
    register: true,
    publish: true,
    subscribe: true,
};
const CALL: Actions = Actions {
    call: true,
    register: false,
    publish: false,
    subscribe: false,
};
/// Capacity of the controller's way to its own realm, in octets.
const PIPE: usize = 64 * 1024;
