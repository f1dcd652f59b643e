//! The realms of one process.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use crossbar_core::{RealmOptions, RoleConfig, Step, unavailable};
use crossbar_wire::Text;
use crossbar_wire::auth::cryptosign::PrivateKey;
use foldhash::fast::RandomState;
use parking_lot::{Mutex, RwLock};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::admission::Admission;
use crate::blocking::hold_up;
use crate::cookies::Stores;
use crate::driver::{Driver, wake};
use crate::failures::Failures;
use crate::keys::KeyStore;
use crate::outlet::{Ending, Outlet};
use crate::statistics::{Counters, Statistics};
use crate::tls::{Certificates, TlsFault};

/// The realms of one process, and all that is connected to them.
#[derive(Debug, Default)]
pub struct Router {
    realms: RwLock<BTreeMap<Text, Arc<Driver>>>,
    counters: Arc<Counters>,
    admission: Admission,
    /// The sending sides of all connections past their transport's handshake.
    connections: Mutex<HashMap<u64, Weak<Outlet>, RandomState>>,
    next_connection: AtomicU64,
    /// The transports that speak TLS.
    certificates: Certificates,
    tasks: TaskTracker,
    /// Ends listeners.
    closing: CancellationToken,
    /// Ends handshakes and everything else that is no session.
    shutdown: CancellationToken,
    draining: AtomicBool,
}

/// Why a realm cannot be started or changed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RealmError {
    /// There is one of that name.
    #[error("a realm \"{0}\" is running already")]
    Exists(Text),
    /// There is none of that name.
    #[error("no realm \"{0}\" is running")]
    Unknown(Text),
    /// The system gives no random numbers to make ids from.
    #[error("the system gives no random numbers")]
    Random,
}

impl Router {
    /// Makes a router without realms.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Starts a realm. Must be called within a tokio runtime, on which the realm's timer runs.
    ///
    /// # Errors
    /// There is a realm of that name.
    pub fn start_realm(
        &self,
        name: &Text,
        options: RealmOptions,
        roles: impl IntoIterator<Item = RoleConfig>,
    ) -> Result<(), RealmError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| RealmError::Random)?;
        let name = name.compact();
        let mut realms = self.realms.write();
        if realms.contains_key(&name) {
            return Err(RealmError::Exists(name));
        }
        let driver = Arc::new(Driver::new(
            name.clone(),
            options,
            seed,
            Arc::clone(&self.counters),
            self.shutdown.child_token(),
        ));
        for role in roles {
            driver.set_role(role);
        }
        self.tasks.spawn(Arc::clone(&driver).run_timer());
        info!(realm = %name, "realm started");
        realms.insert(name, driver);
        Ok(())
    }

    /// Says GOODBYE to a realm's sessions, waits for their answers at most for `grace`, and removes the realm.
    ///
    /// # Errors
    /// There is no such realm.
    pub async fn stop_realm(&self, name: &Text, grace: Duration) -> Result<(), RealmError> {
        let driver = self.realm(name)?;
        driver.close("wamp.close.close_realm");
        // Nothing is lost when they take longer: their connections are closed.
        let _ = tokio::time::timeout(grace, driver.emptied()).await;
        self.realms.write().remove(name);
        driver.stop();
        info!(realm = %name, "realm stopped");
        Ok(())
    }

    /// Adds a role to a realm, or replaces the one of that name.
    ///
    /// # Errors
    /// There is no such realm.
    pub fn set_role(&self, realm: &Text, role: RoleConfig) -> Result<(), RealmError> {
        self.realm(realm)?.set_role(role);
        Ok(())
    }

    /// Removes a role from a realm; its sessions are denied everything from then on. Says whether it was there.
    ///
    /// # Errors
    /// There is no such realm.
    pub fn remove_role(&self, realm: &Text, role: &str) -> Result<bool, RealmError> {
        Ok(self.realm(realm)?.remove_role(role))
    }

    /// Forgets what the authorizer of a realm's role decided that is kept.
    ///
    /// # Errors
    /// There is no such realm.
    pub fn purge_authorizations(&self, realm: &Text, role: &str) -> Result<(), RealmError> {
        self.realm(realm)?.purge_authorizations(role);
        Ok(())
    }

    /// Gives the names of the realms, in order.
    #[must_use]
    pub fn realms(&self) -> Vec<Text> {
        self.realms.read().keys().cloned().collect()
    }

    /// Gives how many sessions a realm has.
    ///
    /// # Errors
    /// There is no such realm.
    pub fn sessions(&self, realm: &Text) -> Result<usize, RealmError> {
        Ok(self.realm(realm)?.sessions())
    }

    /// Looks at a realm, while nothing happens in it: to be quick about.
    ///
    /// # Errors
    /// There is no such realm.
    pub fn inspect<T>(
        &self,
        realm: &Text,
        look: impl FnOnce(&crossbar_core::Realm) -> T,
    ) -> Result<T, RealmError> {
        Ok(self.realm(realm)?.inspect(look))
    }

    /// Gives what was counted since the start.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.counters.read()
    }

    /// Reads the certificates of all transports anew: connections from then on get them, those that are there go on. Gives how it
    /// went with each transport; where something is wrong, the old ones stay in force.
    pub fn reload_certificates(&self) -> Vec<(String, Result<(), TlsFault>)> {
        hold_up(|| self.certificates.reload())
    }

    /// Stops everything: listens no more, says GOODBYE to all sessions, waits for their answers at most for `grace`, then closes all
    /// connections and waits for that, at most for `grace` again, and as long at most for what is written of cookies.
    pub async fn drain(&self, grace: Duration) {
        self.draining.store(true, Ordering::Relaxed);
        self.closing.cancel();
        let drivers: Vec<Arc<Driver>> = self.realms.read().values().cloned().collect();
        for driver in &drivers {
            driver.close("wamp.close.system_shutdown");
        }
        let all = async {
            for driver in &drivers {
                driver.emptied().await;
            }
        };
        let _ = tokio::time::timeout(grace, all).await;
        for driver in &drivers {
            driver.stop();
        }
        self.realms.write().clear();
        let mut wakes = Vec::new();
        for outlet in self.connections.lock().values() {
            if let Some(outlet) = outlet.upgrade() {
                outlet.end(Ending::Stop, &mut wakes);
            }
        }
        wake(&mut wakes);
        self.shutdown.cancel();
        self.tasks.close();
        let _ = tokio::time::timeout(grace, self.tasks.wait()).await;
        if tokio::time::timeout(grace, self.admission.cookies.settle())
            .await
            .is_err()
        {
            warn!("a cookie store could not be written in time");
        }
        info!(counted = ?self.statistics(), "router stopped");
    }

    /// Takes the node's key, by which clients may know the router (WAMP spec, "Router Authentication"). Only the first counts.
    pub fn identify(&self, key: PrivateKey) {
        self.admission.identity.set(key);
    }

    pub(crate) fn identity(&self) -> Option<Arc<PrivateKey>> {
        self.admission.identity.key()
    }

    pub(crate) fn disguise(&self) -> [u8; 32] {
        self.admission.identity.disguise()
    }

    /// Gives a realm to join; none while the router stops.
    pub(crate) fn driver(&self, realm: &Text) -> Option<Arc<Driver>> {
        self.realms.read().get(realm).cloned()
    }

    /// Says whether the router stops.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Gives the table of those who failed to prove who they are.
    pub(crate) const fn failures(&self) -> &Failures {
        &self.admission.failures
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) const fn cookie_stores(&self) -> &Stores {
        &self.admission.cookies
    }

    pub(crate) const fn key_store(&self) -> &KeyStore {
        &self.admission.keys
    }

    pub(crate) const fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// Gives what the router's tasks run in.
    pub(crate) const fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Gives what is cancelled when the router begins to stop.
    pub(crate) const fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Gives what is cancelled when the router has stopped.
    pub(crate) const fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
    }

    /// Takes note of a connection, so that it can be closed.
    pub(crate) fn enroll(&self, outlet: &Arc<Outlet>) -> u64 {
        let id = self.next_connection.fetch_add(1, Ordering::Relaxed);
        self.connections.lock().insert(id, Arc::downgrade(outlet));
        Counters::add(&self.counters.connections_open, 1);
        id
    }

    /// Forgets a connection.
    pub(crate) fn dismiss(&self, id: u64) {
        self.connections.lock().remove(&id);
        Counters::subtract(&self.counters.connections_open, 1);
    }

    /// Finds out what follows for a client of that address on a thread that may be held up.
    pub(crate) async fn compute(
        self: Arc<Self>,
        address: Option<IpAddr>,
        work: impl FnOnce() -> Step + Send + 'static,
    ) -> Step {
        if let Ok(step) = Arc::clone(&self.admission.computing)
            .compute(address, work)
            .await
        {
            return step;
        }
        Counters::add(&self.counters.limited, 1);
        if let Some(hidden) = self.counters.told.computing.due() {
            warn!(
                ?address,
                hidden, "clients are refused: too many wait for their secrets to be checked"
            );
        }
        Step::Abort(unavailable(
            "too many clients wait for their secrets to be checked",
        ))
    }

    fn realm(&self, name: &Text) -> Result<Arc<Driver>, RealmError> {
        self.driver(name)
            .ok_or_else(|| RealmError::Unknown(name.clone()))
    }
}
