//! The cookies of a store: who waits to log in, and who has.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use crossbar_core::{CookieAlias, CookieLogin, Timestamp};
use crossbar_wire::{SessionId, Text};
use foldhash::fast::RandomState;

use super::record::{Change, LoginId, Record};
use super::value::Digest;
use crate::driver::Driver;

/// A cookie that was given out.
///
/// A login is bound only to a value that was given out on the connection that it was made on, and to those given out since
/// to requests that had this value: nobody can log in with a value that somebody else knew before.
#[derive(Debug)]
pub(crate) struct Issued {
    /// What the store calls it.
    pub(crate) name: Box<str>,
    pub(crate) digest: Digest,
    pub(crate) alias: CookieAlias,
    pub(crate) created: Timestamp,
    /// Whether a login that it stood for has ended: it never stands for another.
    pub(crate) spent: AtomicBool,
}

impl Issued {
    pub(crate) fn is_spent(&self) -> bool {
        self.spent.load(Ordering::Relaxed)
    }
}

/// What a table may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Logins.
    pub(crate) logins: usize,
    /// Logins of one authid of a realm.
    pub(crate) of_one: usize,
    /// Cookies that wait for a login.
    pub(crate) waiting: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            logins: 100_000,
            of_one: 100,
            waiting: 10_000,
        }
    }
}

/// All cookies of a store that stand for something.
#[derive(Debug, Default)]
pub(crate) struct Table {
    room: Room,
    by_digest: HashMap<Digest, Standing, RandomState>,
    logins: HashMap<LoginId, Kept, RandomState>,
    /// The cookies that wait, oldest first; some of them may have logged in since.
    waiting: VecDeque<Digest>,
    /// When logins end, soonest first.
    ends: BTreeSet<(Timestamp, LoginId)>,
    /// The logins of each principal, oldest first.
    of_principals: HashMap<(Text, Text), VecDeque<LoginId>, RandomState>,
}

/// What a cookie stands for.
#[derive(Debug)]
enum Standing {
    /// A login to come. The others were given out to requests with this cookie.
    Waiting(Arc<Issued>, Vec<Digest>),
    /// A login.
    Login(LoginId),
}

/// A login.
#[derive(Debug)]
struct Kept {
    login: Arc<CookieLogin>,
    modified: Timestamp,
    until: Timestamp,
    cookies: Vec<Arc<Issued>>,
    /// The sessions that it has.
    sessions: Vec<(SessionId, Weak<Driver>)>,
}

/// A cookie that a request has.
#[derive(Clone, Debug)]
pub(crate) enum Presented {
    /// It stands for a login.
    Login(Arc<Issued>),
    /// It waits for one.
    Waiting(Arc<Issued>),
}

/// What has ended with a login: what its store is to do, and its sessions.
pub(crate) type Ended = (Vec<Change>, Vec<(SessionId, Weak<Driver>)>);

/// How many values may be given out to requests with one cookie before its login.
const HEIRS: usize = 8;

impl Table {
    pub(crate) fn new(room: Room) -> Self {
        Self {
            room,
            ..Self::default()
        }
    }

    /// Takes a login from the store. Those of one group come in one after another.
    pub(crate) fn restore(&mut self, record: &Record, digest: Digest, alias: CookieAlias) {
        let issued = Arc::new(Issued {
            name: record.name.clone(),
            digest,
            alias,
            created: record.created,
            spent: AtomicBool::new(false),
        });
        if let Some(kept) = self.logins.get_mut(&record.group)
            && kept.login.principal.authid == record.login.principal.authid
        {
            kept.cookies.push(issued);
            self.by_digest.insert(digest, Standing::Login(record.group));
            return;
        }
        let kept = Kept {
            login: Arc::clone(&record.login),
            modified: record.modified,
            until: record.until,
            cookies: vec![issued],
            sessions: Vec::new(),
        };
        self.insert(record.group, kept);
    }

    /// Finds what a request's cookies stand for: a login, or at least the promise of one.
    pub(crate) fn find(&mut self, digests: &[Digest], now: Timestamp) -> Option<Presented> {
        self.sweep(now);
        let mut waiting = None;
        for digest in digests {
            match self.by_digest.get(digest) {
                Some(Standing::Login(id)) => {
                    let cookies = self.logins.get(id).map(|kept| &kept.cookies)?;
                    let found = cookies.iter().find(|it| it.digest == *digest)?;
                    return Some(Presented::Login(Arc::clone(found)));
                }
                Some(Standing::Waiting(issued, _)) => {
                    waiting.get_or_insert_with(|| Presented::Waiting(Arc::clone(issued)));
                }
                None => {}
            }
        }
        waiting
    }

    /// Takes note of a cookie that is given out, to a request that had `parent`.
    pub(crate) fn issue(&mut self, issued: &Arc<Issued>, parent: Option<Digest>) {
        if let Some(Standing::Waiting(_, heirs)) =
            parent.and_then(|parent| self.by_digest.get_mut(&parent))
        {
            if heirs.len() == HEIRS {
                heirs.remove(0);
            }
            heirs.push(issued.digest);
        }
        while self.waiting.len() >= self.room.waiting {
            let Some(oldest) = self.waiting.pop_front() else {
                break;
            };
            if matches!(self.by_digest.get(&oldest), Some(Standing::Waiting(..))) {
                self.by_digest.remove(&oldest);
            }
        }
        self.waiting.push_back(issued.digest);
        let standing = Standing::Waiting(Arc::clone(issued), Vec::new());
        self.by_digest.insert(issued.digest, standing);
    }

    /// Gives the login that a cookie stands for.
    pub(crate) fn login(
        &mut self,
        digest: Digest,
        now: Timestamp,
    ) -> Option<(LoginId, Arc<CookieLogin>)> {
        self.sweep(now);
        match self.by_digest.get(&digest)? {
            Standing::Login(id) => Some((*id, Arc::clone(&self.logins.get(id)?.login))),
            Standing::Waiting(..) => None,
        }
    }

    /// Binds a login to a cookie that was given out on its own connection and is not spent, and to its heirs.
    pub(crate) fn bind(
        &mut self,
        id: LoginId,
        issued: &Arc<Issued>,
        (login, until): (CookieLogin, Timestamp),
        now: Timestamp,
    ) -> Vec<Change> {
        let cookies = self.family(issued);
        for cookie in &cookies {
            self.unbind(cookie.digest);
        }
        // Not before: what is ended here is ended for ever, and must have none of these cookies.
        let mut changes = self.make_room(&login, now);
        let kept = Kept {
            login: Arc::new(login),
            modified: now,
            until,
            cookies,
            sessions: Vec::new(),
        };
        changes.extend(kept.records(id).map(Change::Put));
        self.insert(id, kept);
        changes
    }

    /// Renews a login by another proof of the same client. Says what has changed, or that the login is another's.
    pub(crate) fn renew(
        &mut self,
        id: LoginId,
        login: &CookieLogin,
        now: Timestamp,
    ) -> Option<Vec<Change>> {
        let kept = self.logins.get_mut(&id)?;
        let same = kept.login.realm == login.realm
            && kept.login.principal.authid == login.principal.authid;
        if !same {
            return None;
        }
        if *kept.login == *login {
            return Some(Vec::new());
        }
        kept.login = Arc::new(login.clone());
        kept.modified = now;
        Some(kept.records(id).map(Change::Put).collect())
    }

    /// Takes note of a session that a login has. Says whether there still is the login.
    pub(crate) fn attach(&mut self, id: LoginId, session: SessionId, at: Weak<Driver>) -> bool {
        let kept = self.logins.get_mut(&id);
        kept.map(|kept| kept.sessions.push((session, at))).is_some()
    }

    /// Takes note that a session has ended.
    pub(crate) fn detach(&mut self, id: LoginId, session: SessionId) {
        if let Some(kept) = self.logins.get_mut(&id) {
            kept.sessions.retain(|(other, _)| *other != session);
        }
    }

    /// Ends a login.
    pub(crate) fn end(&mut self, id: LoginId, now: Timestamp) -> Ended {
        let Some(kept) = self.remove(id) else {
            return Ended::default();
        };
        let changes = kept.records(id).map(|record| Change::Delete(record, now));
        (changes.collect(), kept.sessions)
    }

    /// Gives all that a store is to hold.
    pub(crate) fn records(&mut self, now: Timestamp) -> Vec<Record> {
        self.sweep(now);
        let logins = self.logins.iter();
        let mut records: Vec<Record> = logins.flat_map(|(id, kept)| kept.records(*id)).collect();
        records.sort_unstable_by(|one, other| {
            (one.modified, &one.name).cmp(&(other.modified, &other.name))
        });
        records
    }

    /// Counts the cookies that stand for logins.
    pub(crate) fn len(&self) -> usize {
        self.logins.values().map(|kept| kept.cookies.len()).sum()
    }

    /// Gives a cookie and those that were given out to requests with it, and so on.
    fn family(&self, issued: &Arc<Issued>) -> Vec<Arc<Issued>> {
        let mut family = vec![Arc::clone(issued)];
        let mut next = vec![issued.digest];
        while let Some(digest) = next.pop() {
            let Some(Standing::Waiting(_, heirs)) = self.by_digest.get(&digest) else {
                continue;
            };
            for heir in heirs {
                if family.len() <= HEIRS
                    && let Some(Standing::Waiting(heir, _)) = self.by_digest.get(heir)
                {
                    next.push(heir.digest);
                    family.push(Arc::clone(heir));
                }
            }
        }
        family
    }

    fn insert(&mut self, id: LoginId, kept: Kept) {
        for cookie in &kept.cookies {
            self.by_digest.insert(cookie.digest, Standing::Login(id));
        }
        self.ends.insert((kept.until, id));
        let principal = principal(&kept.login);
        self.of_principals
            .entry(principal)
            .or_default()
            .push_back(id);
        self.logins.insert(id, kept);
    }

    fn remove(&mut self, id: LoginId) -> Option<Kept> {
        let kept = self.logins.remove(&id)?;
        for cookie in &kept.cookies {
            cookie.spent.store(true, Ordering::Relaxed);
            self.by_digest.remove(&cookie.digest);
        }
        self.ends.remove(&(kept.until, id));
        let principal = principal(&kept.login);
        if let Some(logins) = self.of_principals.get_mut(&principal) {
            logins.retain(|other| *other != id);
            if logins.is_empty() {
                self.of_principals.remove(&principal);
            }
        }
        Some(kept)
    }

    /// Takes a cookie away from the login that it stands for, which ends if it has no other.
    fn unbind(&mut self, digest: Digest) {
        let Some(Standing::Login(id)) = self.by_digest.remove(&digest) else {
            return;
        };
        let Some(kept) = self.logins.get_mut(&id) else {
            return;
        };
        kept.cookies.retain(|cookie| cookie.digest != digest);
        if kept.cookies.is_empty() {
            self.remove(id);
        }
    }

    /// Ends logins so that there is room for another.
    fn make_room(&mut self, login: &CookieLogin, now: Timestamp) -> Vec<Change> {
        let mut changes = Vec::new();
        let own = self.of_principals.get(&principal(login));
        let too_many = own.filter(|own| own.len() >= self.room.of_one);
        let oldest = too_many.and_then(|own| own.front().copied());
        changes.extend(oldest.map(|id| self.end(id, now).0));
        if self.logins.len() >= self.room.logins {
            let soonest = self.ends.first().map(|&(_, id)| id);
            changes.extend(soonest.map(|id| self.end(id, now).0));
        }
        changes.into_iter().flatten().collect()
    }

    /// Forgets logins whose time is over. Stores find that out by themselves.
    fn sweep(&mut self, now: Timestamp) {
        while self.ends.first().is_some_and(|&(until, _)| until <= now) {
            if let Some((_, id)) = self.ends.pop_first() {
                self.remove(id);
            }
        }
    }
}

impl Kept {
    fn records(&self, id: LoginId) -> impl Iterator<Item = Record> {
        self.cookies.iter().map(move |cookie| Record {
            name: cookie.name.clone(),
            group: id,
            created: cookie.created,
            modified: self.modified,
            until: self.until,
            login: Arc::clone(&self.login),
        })
    }
}

fn principal(login: &CookieLogin) -> (Text, Text) {
    (login.realm.clone(), login.principal.authid.clone())
}

#[cfg(test)]
mod tests;
