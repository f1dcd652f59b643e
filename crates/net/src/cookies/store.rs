//! Where logins are kept.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use crossbar_config::{Cookie, CookieStore};
use crossbar_core::{CookieAlias, CookieLogin, Timestamp};
use parking_lot::Mutex;
use tracing::info;

use super::database::CookieDatabase;
use super::file::CookieFile;
use super::record::{Change, LoginId, Record};
use super::table::{Issued, Room, Table};
use super::value::{CookieValue, Digest};
use super::writer::{Journal, Writer};
use crate::time::time_of_day;

/// The cookies of a transport, or of several that share a file.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) table: Arc<Mutex<Table>>,
    naming: Naming,
    writer: Option<Writer>,
    /// Whether clients wait until what concerns them is kept.
    is_waited_for: bool,
}

/// What a store calls a cookie.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Naming {
    /// By its value.
    Value,
    /// By the digest of it, so that who reads the store does not get in.
    Digest,
}

/// Why a store of cookies cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("the cookie store {} cannot be opened", path.display())]
pub struct CookieStoreError {
    /// Where it is.
    path: PathBuf,
    #[source]
    fault: StoreFault,
}

/// What is wrong with a store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreFault {
    #[error("another process uses it")]
    InUse,
    #[error("it has something else than cookies in it")]
    NotCookies,
    #[error("the system refuses")]
    System(#[from] io::Error),
    #[error("the database cannot be used")]
    Database(#[source] redb::Error),
}

impl From<redb::Error> for StoreFault {
    fn from(error: redb::Error) -> Self {
        if matches!(error, redb::Error::DatabaseAlreadyOpen) {
            Self::InUse
        } else {
            Self::Database(error)
        }
    }
}

/// The stores that are open: transports that name the same file share one.
#[derive(Debug, Default)]
pub(crate) struct Stores {
    open: Mutex<Vec<Entry>>,
}

/// A store that was opened.
#[derive(Debug)]
struct Entry {
    path: PathBuf,
    store: Weak<Store>,
    /// What writes it, if it is written, and may go on for a while after the store is gone.
    thread: Option<JoinHandle<()>>,
}

/// What was found in a store, and what keeps it.
pub(crate) type Opened = (Option<Box<dyn Journal>>, Vec<Record>);

impl Stores {
    /// Opens the store of a cookie, or shares it.
    ///
    /// # Errors
    /// Says why it cannot be opened.
    pub(crate) fn open(&self, cookie: &Cookie) -> Result<Arc<Store>, CookieStoreError> {
        let path = match &cookie.store {
            CookieStore::Memory => return Ok(Arc::new(Store::in_memory())),
            CookieStore::File { path, .. } => path,
            CookieStore::Database(database) => &database.path,
        };
        // Reading takes long with a large file only, and transports start one after another.
        let mut open = self.open.lock();
        let known = open.iter().position(|entry| entry.path == *path);
        if let Some(known) = known {
            if let Some(store) = open[known].store.upgrade() {
                return Ok(store);
            }
            join(open.swap_remove(known));
        }
        let opened = Store::open(cookie, path).map_err(|fault| CookieStoreError {
            path: path.clone(),
            fault,
        })?;
        let store = Arc::new(opened.0);
        open.push(Entry {
            path: path.clone(),
            store: Arc::downgrade(&store),
            thread: opened.1,
        });
        Ok(store)
    }

    /// Waits until all that was handed in is written. Stores that nobody uses are closed then.
    pub(crate) async fn settle(&self) {
        let (mut waits, mut unused) = (Vec::new(), Vec::new());
        self.open
            .lock()
            .extract_if(.., |entry| match entry.store.upgrade() {
                Some(store) => {
                    waits.extend(store.writer.as_ref().map(|it| it.write(Vec::new())));
                    false
                }
                None => true,
            })
            .for_each(|entry| unused.push(entry));
        for wait in waits {
            wait.await;
        }
        let joining = tokio::task::spawn_blocking(|| unused.into_iter().for_each(join));
        // A panic of a thread was told already.
        let _ = joining.await;
    }
}

fn join(entry: Entry) {
    if let Some(thread) = entry.thread {
        // A panic of the thread was told already.
        let _ = thread.join();
    }
}

impl Store {
    fn in_memory() -> Self {
        Self {
            table: Arc::new(Mutex::new(Table::new(Room::default()))),
            naming: Naming::Value,
            writer: None,
            is_waited_for: true,
        }
    }

    fn open(cookie: &Cookie, path: &Path) -> Result<(Self, Option<JoinHandle<()>>), StoreFault> {
        let (naming, (journal, records)) = match &cookie.store {
            CookieStore::Memory => (Naming::Value, Opened::default()),
            CookieStore::File { purge, .. } => {
                let (file, records) = CookieFile::open(path, *purge)?;
                let journal: Box<dyn Journal> = Box::new(file);
                (Naming::Value, (Some(journal), records))
            }
            CookieStore::Database(config) => (Naming::Digest, CookieDatabase::open(config)?),
        };
        let store = Self {
            naming,
            ..Self::in_memory()
        };
        store.fill(records, time_of_day());
        let cookies = store.table.lock().len();
        info!(store = %path.display(), cookies, "cookie store opened");
        let name = path.display().to_string();
        let writer = journal.map(|journal| Writer::start(journal, &store.table, name));
        let (writer, thread) = writer.transpose()?.unzip();
        let is_waited_for = match &cookie.store {
            CookieStore::Memory | CookieStore::File { .. } => true,
            CookieStore::Database(config) => config.sync,
        };
        let store = Self {
            writer,
            is_waited_for,
            ..store
        };
        Ok((store, thread))
    }

    /// Takes what was kept and is good still; the newest, if there is more than has room.
    fn fill(&self, mut records: Vec<Record>, now: Timestamp) {
        records.retain(|record| record.until > now);
        // compat: Crossbar.io remembers anonymous clients, too, who have proven nothing.
        records.retain(|record| record.login.principal.authmethod != "anonymous");
        records.sort_unstable_by_key(|record| record.modified);
        let surplus = records.len().saturating_sub(Room::default().logins);
        let mut table = self.table.lock();
        for record in records.drain(surplus..) {
            let digest = match self.naming {
                Naming::Value => CookieValue::read(&record.name).map(|value| value.digest()),
                Naming::Digest => Digest::from_hex(&record.name),
            };
            if let (Some(digest), Some(alias)) = (digest, draw_alias()) {
                table.restore(&record, digest, alias);
            }
        }
    }

    /// Draws a cookie for a request that had `parent`, which it then has the alias of.
    pub(crate) fn issue(
        &self,
        length: usize,
        parent: Option<&Issued>,
    ) -> Option<(CookieValue, Arc<Issued>)> {
        let value = CookieValue::draw(length)?;
        let digest = value.digest();
        let name = match self.naming {
            Naming::Value => value.as_str().into(),
            Naming::Digest => digest.to_hex().into(),
        };
        let alias = match parent {
            Some(parent) => parent.alias,
            None => draw_alias()?,
        };
        let issued = Arc::new(Issued {
            name,
            digest,
            alias,
            created: time_of_day(),
            spent: false.into(),
        });
        let parent = parent.map(|parent| parent.digest);
        self.table.lock().issue(&issued, parent);
        Some((value, issued))
    }

    /// Binds a login to a cookie. Gives its id, and what ends once that is kept; nothing if it is not remembered.
    pub(crate) fn log_in(
        &self,
        issued: &Arc<Issued>,
        is_own: bool,
        login: CookieLogin,
        until: Timestamp,
    ) -> (Option<LoginId>, Option<Saving>) {
        let now = time_of_day();
        let mut table = self.table.lock();
        let former = table.login(issued.digest, now).map(|(id, _)| id);
        let renewed = former.and_then(|id| Some((id, table.renew(id, &login, now)?)));
        let (id, changes) = match (renewed, former) {
            (Some((id, changes)), _) => (Some(id), changes),
            (None, _) if is_own && !issued.is_spent() => {
                let Some(id) = LoginId::draw() else {
                    return (None, None);
                };
                (Some(id), table.bind(id, issued, (login, until), now))
            }
            // Somebody else's cookie may have been put into the browser: nobody logs in with it.
            (None, Some(id)) => (None, table.end(id, now).0),
            (None, None) => (None, Vec::new()),
        };
        drop(table);
        (id, self.save(changes))
    }

    /// Hands changes to what keeps them. Gives what ends once they are kept; nothing if there is nothing to wait for.
    pub(crate) fn save(&self, changes: Vec<Change>) -> Option<Saving> {
        let writer = self.writer.as_ref().filter(|_| !changes.is_empty())?;
        let written = writer.write(changes);
        self.is_waited_for.then(|| -> Saving { Box::pin(written) })
    }
}

/// Ends once something is kept.
pub(crate) type Saving = crate::site::BoxFuture<'static, ()>;

fn draw_alias() -> Option<CookieAlias> {
    let mut octets = [0; 24];
    getrandom::fill(&mut octets).ok()?;
    Some(CookieAlias::new(octets))
}
