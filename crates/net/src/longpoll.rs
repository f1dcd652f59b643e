//! Long-poll services: WAMP over requests of HTTP (WAMP spec, "HTTP Long-poll Transport").
//!
//! What stands here is HTTP's no more than a WebSocket's frames are: `web` reads requests and writes responses.

mod state;
mod transport;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Weak};

use crossbar_config::LongPoll;
use crossbar_core::{Access, Limits};
use foldhash::fast::RandomState;
use http::HeaderMap;
use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::allowance;
use crate::origin::{self, Foreign, Page};
use crate::places::{Place, Places};
use crate::router::Router;
use crate::site::Peer;
use crate::subprotocol;

pub use transport::{Gone, LongPollTransport, SendFault};

use transport::LINGER;

/// A long-poll service: its settings, its clients and the realms behind it. Dropping it ends its clients' sessions.
#[derive(Debug)]
pub struct LongPollService {
    config: LongPoll,
    access: Arc<Access>,
    limits: Option<Arc<Limits>>,
    router: Arc<Router>,
    /// How many clients each address may have, if that is limited.
    places: Option<Arc<Places>>,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    transports: HashMap<Arc<str>, Entry, RandomState>,
    /// When to look whether a client is still there, soonest first. Each transport has its place once.
    due: BTreeSet<(Instant, Arc<str>)>,
    /// Whether a task does that.
    watched: bool,
    /// Those that were opened last, oldest first: the others have a session, or are gone.
    newest: VecDeque<Arc<str>>,
    /// Places of clients that have gone before their refusals came, until these would have come.
    held: Vec<(Instant, Place)>,
}

#[derive(Debug)]
struct Entry {
    transport: Arc<LongPollTransport>,
    /// When it is to be looked at.
    due: Instant,
}

/// Why a client gets no transport.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenFault {
    /// None of the protocols that the client names is spoken.
    #[error("no protocol in common: name one of {0}")]
    Protocol(String),
    /// There are as many as there may be.
    #[error("the service has as many clients as it may")]
    Full,
    /// There are as many of one address as there may be.
    #[error("your address has as many clients as it may")]
    Crowded,
    /// The router stops, or has no random numbers for an id.
    #[error("the router takes no clients")]
    Unavailable,
}

/// How many clients a service has at most: as many as a transport has connections by default.
const MOST: usize = 50_000;
/// How many of them may have no session yet. One more ends the oldest, so that nobody keeps others out who has shown nothing.
const MOST_WITHOUT_SESSION: usize = 1000;

impl LongPollService {
    /// Makes one that leads to the realms of a router. `per_address` is how many clients an address may have.
    #[must_use]
    pub fn new(config: &LongPoll, router: &Arc<Router>, per_address: Option<usize>) -> Arc<Self> {
        Arc::new(Self {
            access: Arc::new(config.access.clone()),
            limits: allowance::shared(&config.limits),
            config: config.clone(),
            router: Arc::clone(router),
            places: per_address.map(Places::new),
            table: Mutex::default(),
        })
    }

    /// Says whose page sends a request.
    ///
    /// # Errors
    /// Gives the page's origin, if it may not.
    pub fn page(&self, headers: &HeaderMap) -> Result<Page, Foreign> {
        let config = &self.config;
        origin::check(headers, &config.allowed_origins, config.allow_null_origin)
    }

    /// Opens a transport that speaks the first of a client's protocols that is known. `peer` is who asks for it; later requests
    /// may come from elsewhere. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// Says why there is none.
    pub fn open(
        self: &Arc<Self>,
        protocols: &[&str],
        peer: &Peer,
    ) -> Result<Arc<LongPollTransport>, OpenFault> {
        let formats = &self.config.formats;
        let chosen = protocols
            .iter()
            .find_map(|name| subprotocol::named(name, formats))
            .ok_or_else(|| OpenFault::Protocol(subprotocol::list(formats)))?;
        if self.router.is_draining() {
            return Err(OpenFault::Unavailable);
        }
        let id = match &self.config.debug_transport_id {
            Some(id) => Arc::from(id.as_str()),
            None => random_id().ok_or(OpenFault::Unavailable)?,
        };
        let place = match (&self.places, peer.ip()) {
            (Some(places), Some(address)) => Some(self.place(places, address)?),
            (None, _) | (_, None) => None,
        };
        let transport = LongPollTransport::new(&id, chosen, self, peer, place)?;
        let transport = Arc::new(transport);
        let gone = {
            let mut table = self.table.lock();
            if table.transports.len() >= MOST {
                return Err(OpenFault::Full);
            }
            if !table.watched {
                table.watched = true;
                let watch = watch(Arc::downgrade(self), self.router.shutdown().clone());
                self.router.tasks().spawn(watch);
            }
            let due = Instant::now() + self.patience();
            table.insert(id, Arc::clone(&transport), due)
        };
        self.dismiss(gone);
        Ok(transport)
    }

    /// Takes a place for an address.
    fn place(&self, places: &Arc<Places>, address: IpAddr) -> Result<Place, OpenFault> {
        if let Some(place) = places.take(address) {
            return Ok(place);
        }
        self.table.lock().give_back(Instant::now());
        places.take(address).ok_or(OpenFault::Crowded)
    }

    /// Closes transports that are in the table no more.
    fn dismiss(&self, gone: Vec<Arc<LongPollTransport>>) -> usize {
        let count = gone.len();
        for transport in gone {
            debug!(session = ?transport.session(), "long-poll client gone");
            if let Some(held) = transport.close() {
                let mut table = self.table.lock();
                table.give_back(Instant::now());
                table.held.push(held);
            }
        }
        count
    }

    /// Gives the transport of that id, if it is open.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<Arc<LongPollTransport>> {
        let table = self.table.lock();
        table
            .transports
            .get(id)
            .map(|entry| Arc::clone(&entry.transport))
    }

    /// Closes the transport of that id, and ends its session without a word. Says whether it was open.
    pub fn close(&self, id: &str) -> bool {
        let removed = self.table.lock().remove(id);
        self.dismiss(removed.into_iter().collect()) > 0
    }

    /// Closes all transports. None should be opened afterwards.
    pub fn stop(&self) {
        let table = {
            let mut table = self.table.lock();
            let watched = table.watched;
            let stopped = Table {
                watched,
                ..Table::default()
            };
            std::mem::replace(&mut *table, stopped)
        };
        for entry in table.transports.values() {
            entry.transport.close();
        }
    }

    /// How long after its opening, or after the last look, a transport is looked at.
    fn patience(&self) -> std::time::Duration {
        self.config.session_timeout.unwrap_or(LINGER)
    }

    /// Closes the transports whose clients have gone. Gives when to look next, if there are any left.
    fn inspect(&self, now: Instant) -> Option<Instant> {
        let mut gone = Vec::new();
        let next = {
            let mut guard = self.table.lock();
            let table = &mut *guard;
            while table.due.first().is_some_and(|(due, _)| *due <= now) {
                let Some((_, id)) = table.due.pop_first() else {
                    break;
                };
                let Some(entry) = table.transports.get_mut(&id) else {
                    continue;
                };
                match entry.transport.due(now, self.config.session_timeout) {
                    Some(later) => {
                        entry.due = later;
                        table.due.insert((later, id));
                    }
                    None => gone.extend(table.transports.remove(&id)),
                }
            }
            let next = table.due.first().map(|(due, _)| *due);
            table.watched = next.is_some();
            next
        };
        self.dismiss(gone.into_iter().map(|entry| entry.transport).collect());
        next
    }
}

impl Table {
    /// Adds a transport. Gives those that make room for it: an older one of that id, and those that never got a session.
    fn insert(
        &mut self,
        id: Arc<str>,
        transport: Arc<LongPollTransport>,
        due: Instant,
    ) -> Vec<Arc<LongPollTransport>> {
        let mut gone = Vec::new();
        gone.extend(self.remove(&id));
        self.due.insert((due, Arc::clone(&id)));
        self.newest.push_back(Arc::clone(&id));
        self.transports.insert(id, Entry { transport, due });
        while self.newest.len() > MOST_WITHOUT_SESSION {
            let oldest = self.newest.pop_front();
            let oldest = oldest.filter(|id| {
                let entry = self.transports.get(id);
                entry.is_some_and(|entry| entry.transport.session().is_none())
            });
            gone.extend(oldest.and_then(|id| self.remove(&id)));
        }
        gone
    }

    /// Gives back the places of those whose refusals would have come by now.
    fn give_back(&mut self, now: Instant) {
        self.held.retain(|(until, _)| *until > now);
    }

    fn remove(&mut self, id: &str) -> Option<Arc<LongPollTransport>> {
        let (id, entry) = self.transports.remove_entry(id)?;
        self.due.remove(&(entry.due, id));
        Some(entry.transport)
    }
}

impl Drop for LongPollService {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Looks after a service's transports while there are any. A transport that is opened meanwhile is due after all others.
async fn watch(service: Weak<LongPollService>, shutdown: CancellationToken) {
    loop {
        let Some(next) = service
            .upgrade()
            .and_then(|service| service.inspect(Instant::now()))
        else {
            return;
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep_until(next) => {}
        }
    }
}

/// Draws an id that cannot be guessed: 128 bits. Whoever knows it has the session.
fn random_id() -> Option<Arc<str>> {
    let mut octets = [0; 16];
    getrandom::fill(&mut octets).ok()?;
    Some(format!("{:032x}", u128::from_be_bytes(octets)).into())
}

#[cfg(test)]
mod tests {
    use crossbar_config::QueueLimits;
    use crossbar_wire::Format;

    use super::*;

    #[tokio::test]
    async fn t05_nothing_is_left_of_those_that_were_closed() {
        let config = LongPoll {
            formats: vec![Format::Json],
            access: Access::Open,
            limits: Arc::default(),
            allowed_origins: Vec::new(),
            allow_null_origin: false,
            request_timeout: None,
            session_timeout: Some(std::time::Duration::from_secs(86_400)),
            queue: QueueLimits::default(),
            debug_transport_id: None,
        };
        let service = LongPollService::new(&config, &Router::new(), None);
        for _ in 0..2 * MOST_WITHOUT_SESSION {
            let transport = service.open(&["wamp.2.json"], &Peer::default()).unwrap();
            assert!(service.close(transport.id()));
            assert!(!service.close(transport.id()));
        }
        let table = service.table.lock();
        assert_eq!((table.transports.len(), table.due.len()), (0, 0));
        assert!(table.newest.len() <= MOST_WITHOUT_SESSION);
    }
}
