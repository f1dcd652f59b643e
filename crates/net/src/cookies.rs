//! Cookies: how a browser that has logged in once is known again.
//!
//! A WebSocket's handshake gives a browser a random value. A client that then proves who it is (by a ticket, say) makes that
//! value stand for its login, and comes in with the method `cookie` from then on.
//!
//! Invariants:
//! - What is not logged in is kept in memory, of bounded number. What a store keeps are logins, of bounded number.
//! - A value that a client came with is never adopted: see [`table::Issued`].
//! - A log-out is kept before the client hears that it has left; a login before the client hears that it is in.
//! - Values are in no log and in nothing that others may see; an alias is.

mod database;
mod file;
mod record;
mod store;
mod table;
mod value;
mod writer;

use std::sync::{Arc, Weak};

use crossbar_config::Cookie;
use crossbar_core::{CookieAlias, CookieLogin};
use crossbar_wire::SessionId;
use http::HeaderMap;
use http::header::{HeaderValue, SET_COOKIE};
use tracing::debug;

use crate::driver::Driver;
use crate::origin::{self, Page};
use crate::time::time_of_day;

use store::Store;
use table::{Issued, Presented};
use value::presented;

pub(crate) use record::LoginId;
pub use store::CookieStoreError;
pub(crate) use store::{Saving, Stores};

/// The cookies of a WebSocket service.
#[derive(Debug)]
pub(crate) struct Cookies {
    settings: Cookie,
    store: Arc<Store>,
}

/// The cookie of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    cookies: Arc<Cookies>,
    issued: Arc<Issued>,
    /// Whether it was given out on this very connection.
    is_own: bool,
}

impl Cookies {
    /// Opens the store that a configuration names.
    ///
    /// # Errors
    /// Says why it cannot be opened.
    pub(crate) fn open(settings: &Cookie, stores: &Stores) -> Result<Arc<Self>, CookieStoreError> {
        Ok(Arc::new(Self {
            settings: settings.clone(),
            store: stores.open(settings)?,
        }))
    }

    /// Takes the cookie of a request that becomes a WebSocket, and has a new one set if it has none that stands for a login. Pages
    /// of other hosts, which browsers may send the cookie for, too, get none and have none.
    pub(crate) fn take(
        self: &Arc<Self>,
        request: &HeaderMap,
        page: Page,
        response: &mut HeaderMap,
    ) -> Option<Holder> {
        if !origin::is_trusted_with_cookie(request, page) {
            debug!("the page's origin is not named: its cookie does not count");
            return None;
        }
        let digests: Vec<_> = presented(request, &self.settings.name)
            .iter()
            .map(value::CookieValue::digest)
            .collect();
        let found = self.store.table.lock().find(&digests, time_of_day());
        let waiting = match found {
            Some(Presented::Login(issued)) => {
                return Some(Holder {
                    cookies: Arc::clone(self),
                    issued,
                    is_own: false,
                });
            }
            Some(Presented::Waiting(issued)) => Some(issued),
            None => None,
        };
        let (value, issued) = self.store.issue(self.settings.length, waiting.as_deref())?;
        let header: HeaderValue = value.set_cookie(&self.settings)?;
        response.append(SET_COOKIE, header);
        Some(Holder {
            cookies: Arc::clone(self),
            issued,
            is_own: true,
        })
    }
}

impl Holder {
    /// Gives what stands for the cookie where others may see it.
    pub(crate) fn alias(&self) -> CookieAlias {
        self.issued.alias
    }

    /// Gives the login that the cookie stands for.
    pub(crate) fn login(&self) -> Option<(LoginId, Arc<CookieLogin>)> {
        let mut table = self.cookies.store.table.lock();
        table.login(self.issued.digest, time_of_day())
    }

    /// Makes the cookie stand for a login. Gives its id, and what to wait for.
    pub(crate) fn log_in(&self, login: CookieLogin) -> (Option<LoginId>, Option<Saving>) {
        if !record::can_be_kept(&login) {
            debug!(cookie = %self.alias(), "the login is too long to be remembered");
            return (None, None);
        }
        let created = self.issued.created.as_duration();
        let until = created.saturating_add(self.cookies.settings.max_age);
        let until = crossbar_core::Timestamp::since_1970(until);
        let until = login.expires.map_or(until, |expires| expires.min(until));
        let (id, saving) = self
            .cookies
            .store
            .log_in(&self.issued, self.is_own, login, until);
        debug!(cookie = %self.alias(), remembered = id.is_some(), "login with a cookie");
        (id, saving)
    }

    /// Ends a login everywhere. Gives the sessions that it has, and what to wait for.
    pub(crate) fn log_out(&self, id: LoginId) -> (Vec<(SessionId, Weak<Driver>)>, Option<Saving>) {
        let store = &self.cookies.store;
        let (changes, sessions) = store.table.lock().end(id, time_of_day());
        debug!(cookie = %self.alias(), sessions = sessions.len(), "logged out");
        (sessions, store.save(changes))
    }

    /// Takes note of a session of a login. Nothing if that has ended meanwhile.
    pub(crate) fn attach(&self, id: LoginId, session: SessionId, at: &Arc<Driver>) -> Option<Stay> {
        let at = Arc::downgrade(at);
        let mut table = self.cookies.store.table.lock();
        table.attach(id, session, at).then(|| Stay {
            store: Arc::clone(&self.cookies.store),
            id,
            session,
        })
    }
}

/// A session that a login has, until this is dropped.
#[derive(Debug)]
pub(crate) struct Stay {
    store: Arc<Store>,
    pub(crate) id: LoginId,
    session: SessionId,
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.store.table.lock().detach(self.id, self.session);
    }
}
