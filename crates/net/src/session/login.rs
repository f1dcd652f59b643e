//! What sessions have to do with the cookies of their clients.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use crossbar_core::{CookieLogin, Join};
use crossbar_wire::{Message, SessionId};

use super::{Change, Phase, Session, Work};
use crate::cookies::{LoginId, Saving, Stay};
use crate::driver::Driver;

/// What the session of a connection has to do with a login that its cookie stands for.
#[derive(Debug, Default)]
pub(super) struct Login {
    /// The login that the session which is being opened is to have.
    id: Option<LoginId>,
    /// Whether that was kept for it.
    is_kept: bool,
    /// The login that the open session has.
    stay: Option<Stay>,
    /// A log-out that is being kept.
    ending: Option<Box<Ending>>,
}

/// A GOODBYE that waits until the log-out is kept.
struct Ending {
    saving: Saving,
    goodbye: Option<Message>,
    /// Its length, if that is counted.
    length: Option<usize>,
}

impl fmt::Debug for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ending")
    }
}

impl Login {
    /// Says whether a log-out is being kept.
    pub(super) const fn is_ending(&self) -> bool {
        self.ending.is_some()
    }
}

impl Session {
    /// Gives the login by which a client that says HELLO could come in: its realm has the role still.
    pub(super) fn known_login(&mut self) -> Option<Arc<CookieLogin>> {
        self.login = Login::default();
        let (id, login) = self.client.cookie.as_ref()?.login()?;
        let driver = self.router.driver(&login.realm)?;
        let role = &login.principal.authrole;
        let has_role = driver.inspect(|realm| realm.has_role(role));
        has_role.then(|| {
            self.login.id = Some(id);
            login
        })
    }

    /// Makes the client's cookie stand for a login that may be remembered. Gives what to wait for before the session is opened.
    pub(super) fn remember(&mut self, join: &Join) -> Option<Saving> {
        if self.login.is_kept {
            return None;
        }
        let login = join.cookie_login();
        if login.is_none() && join.principal.authprovider == "cookie" {
            return None; // it came in by what there is
        }
        self.login.id = None;
        let (cookie, login) = (self.client.cookie.as_ref()?, login?);
        if self.admits(Some(join)).is_err() {
            return None;
        }
        let (id, saving) = cookie.log_in(login);
        self.login.id = id;
        self.login.is_kept = saving.is_some();
        saving
    }

    /// Makes an open session one of its login; it ends if that has ended meanwhile.
    pub(super) fn attach(&mut self, driver: &Arc<Driver>, session: SessionId, work: &mut Work) {
        let (Some(cookie), Some(id)) = (&self.client.cookie, self.login.id) else {
            return;
        };
        self.login.stay = cookie.attach(id, session, driver);
        if self.login.stay.is_none() {
            driver.log_out(session, &mut work.wakes);
        }
    }

    /// Takes the GOODBYE that came last. One that logs out ends the login of the cookie and its other sessions first.
    pub(super) fn take_goodbye(&mut self, work: &mut Work) -> Change {
        let logs_out = work.messages.last().is_some_and(
            |message| matches!(message, Message::Goodbye(goodbye) if goodbye.reason == LOGOUT),
        );
        if logs_out && self.client.cookie.is_some() {
            let goodbye = work.messages.pop();
            let length = work.lengths.pop();
            self.flush(work);
            let saving = self.log_out(work);
            if let Some(saving) = saving {
                self.login.ending = Some(Box::new(Ending {
                    saving,
                    goodbye,
                    length,
                }));
                return Change::None;
            }
            work.messages.extend(goodbye);
            work.lengths.extend(length);
        }
        self.flush(work);
        Change::Goodbye
    }

    /// Waits until a log-out is kept, and leaves then.
    pub(super) fn poll_logged_out(
        &mut self,
        context: &mut Context<'_>,
        work: &mut Work,
    ) -> Poll<Change> {
        let Some(ending) = &mut self.login.ending else {
            return Poll::Pending;
        };
        if ending.saving.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        if let Some(ending) = self.login.ending.take() {
            work.messages.extend(ending.goodbye);
            work.lengths.extend(ending.length);
        }
        self.flush(work);
        Poll::Ready(Change::Goodbye)
    }

    /// Takes note that the session has ended.
    pub(super) fn forget_login(&mut self) {
        self.login = Login::default();
    }

    fn log_out(&self, work: &mut Work) -> Option<Saving> {
        let cookie = self.client.cookie.as_ref()?;
        let id = match &self.login.stay {
            Some(stay) => stay.id,
            None => cookie.login()?.0,
        };
        let own = match &self.phase {
            Phase::Open(_, session) => Some(*session),
            Phase::Hello | Phase::Challenged(_) | Phase::Deciding(_) | Phase::Over => None,
        };
        let (sessions, saving) = cookie.log_out(id);
        for (session, driver) in sessions {
            if let Some(driver) = driver.upgrade().filter(|_| Some(session) != own) {
                driver.log_out(session, &mut work.wakes);
            }
        }
        saving
    }
}

/// The reason of a GOODBYE that logs out (Crossbar.io).
const LOGOUT: &str = "wamp.close.logout";
