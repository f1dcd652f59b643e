//! A cookie store in a database.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crossbar_config as config;
use redb::backends::{FileBackend, InMemoryBackend};
use redb::{Builder, Database, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition};
use serde_json::Value as Json;
use tracing::warn;

use super::record::{Change, Record, Said};
use super::store::{Opened, StoreFault};
use super::writer::Journal;

/// A database of one table: what Crossbar.io would write of a cookie, by the digest of its value in hexadecimal.
#[derive(Debug)]
pub(crate) struct CookieDatabase {
    file: PathBuf,
    /// It is opened anew after a failure.
    database: Option<Database>,
    max_size: u64,
    /// Octets of keys and values.
    size: u64,
}

const COOKIES: TableDefinition<&str, &str> = TableDefinition::new("cookies");
/// The database's file in its directory.
const FILE: &str = "cookies.redb";
/// How much of the file is kept in memory, in octets: it is read once, when it is opened.
const CACHE: usize = 1 << 20;

impl CookieDatabase {
    /// Opens a database, and makes it if it is not there. Gives what is in it, and what keeps changes, unless it is only read.
    pub(crate) fn open(settings: &config::CookieDatabase) -> Result<Opened, StoreFault> {
        let file = settings.path.join(FILE);
        if settings.read_only {
            let (records, _) = read(&copy(&file, settings.max_size)?)?;
            return Ok((None, records));
        }
        make_folder(&settings.path)?;
        let mut store = Self {
            file,
            database: None,
            max_size: settings.max_size,
            size: 0,
        };
        if settings.purge {
            store.change(|table| clear(table).map(|()| 0))?;
        }
        let database = store.database()?;
        let (records, size) = read(&database)?;
        store.database = Some(database);
        store.size = size;
        Ok((Some(Box::new(store)), records))
    }

    /// Gives the database, until it is put back.
    fn database(&mut self) -> Result<Database, redb::Error> {
        match self.database.take() {
            Some(database) => Ok(database),
            None => open(&self.file),
        }
    }

    /// Changes the table in one transaction. `change` gives how many octets it has then.
    fn change(
        &mut self,
        change: impl FnOnce(
            &mut redb::Table<'_, &'static str, &'static str>,
        ) -> Result<u64, redb::Error>,
    ) -> Result<(), redb::Error> {
        let database = self.database()?;
        let transaction = database.begin_write()?;
        let mut table = transaction.open_table(COOKIES)?;
        self.size = change(&mut table)?;
        drop(table);
        transaction.commit()?;
        self.database = Some(database);
        Ok(())
    }
}

impl Journal for CookieDatabase {
    fn write(&mut self, changes: &[Change]) -> io::Result<()> {
        let (mut size, most) = (self.size, self.max_size);
        let done = self.change(|table| {
            for change in changes {
                size = apply(table, change, size)?;
            }
            fits(size, most)
        });
        done.map_err(io::Error::other)
    }

    fn rewrite(&mut self, records: &[Record]) -> io::Result<()> {
        let most = self.max_size;
        let done = self.change(|table| {
            clear(table)?;
            let mut size = 0;
            for record in records {
                size = apply(table, &Change::Put(record.clone()), size)?;
            }
            fits(size, most)
        });
        done.map_err(io::Error::other)
    }

    /// What is logged out is not there, but what is too old is.
    fn is_long(&self, cookies: usize) -> bool {
        let cookies = u64::try_from(cookies).unwrap_or(u64::MAX);
        self.size > self.max_size / 2 && cookies.saturating_mul(LONGEST) < self.size
    }
}

/// Changes one cookie. Gives how many octets there are then.
fn apply(
    table: &mut redb::Table<'_, &'static str, &'static str>,
    change: &Change,
    size: u64,
) -> Result<u64, redb::Error> {
    let name = &*change.record().name;
    let (added, former) = match change {
        Change::Put(_) => {
            let text = change.to_json().to_string();
            let former = table.insert(name, text.as_str())?;
            let former = former.map(|former| length(name, former.value()));
            (length(name, &text), former)
        }
        Change::Delete(..) => {
            let former = table.remove(name)?;
            (0, former.map(|former| length(name, former.value())))
        }
    };
    Ok((size + added).saturating_sub(former.unwrap_or(0)))
}

fn clear(table: &mut redb::Table<'_, &'static str, &'static str>) -> Result<(), redb::Error> {
    table.retain(|_, _| false)?;
    Ok(())
}

fn fits(size: u64, most: u64) -> Result<u64, redb::Error> {
    if size > most {
        let text = format!("the cookies have {size} octets, and \"maxsize\" is {most}");
        let full = io::Error::new(io::ErrorKind::StorageFull, text);
        return Err(redb::Error::Io(full));
    }
    Ok(size)
}

fn length(name: &str, text: &str) -> u64 {
    u64::try_from(name.len() + text.len()).unwrap_or(u64::MAX)
}

/// Reads all logins. Gives how many octets there are, too.
fn read(database: &impl ReadableDatabase) -> Result<(Vec<Record>, u64), redb::Error> {
    let transaction = database.begin_read()?;
    let table = match transaction.open_table(COOKIES) {
        Ok(table) => table,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok((Vec::new(), 0)),
        Err(error) => return Err(error.into()),
    };
    let (mut records, mut size, mut bad) = (Vec::new(), 0, 0_usize);
    for entry in table.iter()? {
        let (name, text) = entry?;
        let (name, text) = (name.value(), text.value());
        size += length(name, text);
        match said(name, text) {
            Some(Said::Login(record)) => records.push(record),
            Some(Said::Nobody(_) | Said::Deleted(_)) => {}
            None => bad += 1,
        }
    }
    if bad > 0 {
        warn!(
            entries = bad,
            "entries of the cookie store make no sense and are left out"
        );
    }
    Ok((records, size))
}

fn said(name: &str, text: &str) -> Option<Said> {
    let json: Json = serde_json::from_str(text).ok()?;
    Said::read(name, json.as_object()?)
}

/// Opens a database that nobody else may read.
fn open(file: &Path) -> Result<Database, redb::Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = FileBackend::new(options.open(file).map_err(redb::Error::Io)?)?;
    Ok(builder().create_with_backend(file)?)
}

/// Reads a database into memory: what is opened for reading only is not checked by redb, which panics if others have broken it.
fn copy(file: &Path, max_size: u64) -> Result<Database, redb::Error> {
    let file = File::open(file)?;
    let mut octets = Vec::new();
    // Besides its entries, a file has pages to spare.
    let longest = max_size.saturating_mul(2).saturating_add(SPARE);
    file.take(longest).read_to_end(&mut octets)?;
    let memory = InMemoryBackend::new();
    let length = u64::try_from(octets.len()).unwrap_or(u64::MAX);
    memory.set_len(length)?;
    memory.write(0, &octets)?;
    Ok(builder().create_with_backend(memory)?)
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE);
    // Else what others have broken could end the process.
    builder.set_check_integrity_on_open(true);
    builder
}

fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// How much a file may have besides, in octets.
const SPARE: u64 = 64 << 20;
/// What an entry has at most as a rule, in octets.
const LONGEST: u64 = 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::record::tests::record;
    use super::*;

    fn settings(folder: &Path) -> config::CookieDatabase {
        config::CookieDatabase {
            path: folder.join("cookies"),
            purge: false,
            max_size: 4096,
            read_only: false,
            sync: true,
        }
    }

    fn name(number: u32) -> String {
        format!("{number:064x}")
    }

    fn put(number: u32) -> Change {
        Change::Put(record(&name(number), "joe"))
    }

    #[test]
    fn what_does_not_fit_is_refused_and_what_is_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        let (journal, read) = CookieDatabase::open(&settings).unwrap();
        let mut journal = journal.unwrap();
        assert!(read.is_empty());
        let fitting = (0..100)
            .take_while(|&number| journal.write(&[put(number)]).is_ok())
            .count();
        assert!((5..20).contains(&fitting), "{fitting}");
        let gone = record(&name(0), "joe");
        let delete = Change::Delete(gone.clone(), gone.until);
        journal.write(&[delete, put(50)]).unwrap();
        drop(journal);
        let (journal, read) = CookieDatabase::open(&settings).unwrap();
        assert_eq!(read.len(), fitting);
        assert!(read.iter().all(|it| *it.name != name(0)));
        let mut journal = journal.unwrap();
        journal.rewrite(&read[..2]).unwrap();
        assert!(matches!(
            CookieDatabase::open(&settings),
            Err(StoreFault::InUse)
        ));
        drop(journal);
        let read_only = config::CookieDatabase {
            read_only: true,
            ..settings.clone()
        };
        let (journal, kept) = CookieDatabase::open(&read_only).unwrap();
        assert!(journal.is_none() && kept.len() == 2 && read[..2].contains(&kept[0]));
        let purged = config::CookieDatabase {
            purge: true,
            ..settings
        };
        assert!(CookieDatabase::open(&purged).unwrap().1.is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn a_broken_database_is_told_or_read(at in 0.0..1.0_f64, octets in proptest::collection::vec(any::<u8>(), 1..64), cut: bool) {
            let folder = tempfile::tempdir().unwrap();
            let settings = settings(folder.path());
            let (journal, _) = CookieDatabase::open(&settings).unwrap();
            journal.unwrap().write(&[put(1), put(2), put(3)]).unwrap();
            let file = settings.path.join(FILE);
            let mut whole = std::fs::read(&file).unwrap();
            // Most of the file is empty at first: what is in use stands at its beginning.
            let place = (at * at * at * 65536.0).round().to_string().parse::<usize>().unwrap();
            let end = (place + octets.len()).min(whole.len());
            whole[place..end].copy_from_slice(&octets[..end - place]);
            if cut {
                whole.truncate(end);
            }
            std::fs::write(&file, whole).unwrap();
            for read_only in [true, false] {
                let settings = config::CookieDatabase { read_only, ..settings.clone() };
                if let Ok((Some(mut journal), records)) = CookieDatabase::open(&settings) {
                    prop_assert!(records.len() <= 3);
                    let _ = journal.write(&[put(4)]);
                }
            }
        }
    }

    #[test]
    fn what_is_no_database_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        make_folder(&settings.path).unwrap();
        let file = settings.path.join(FILE);
        std::fs::write(&file, "something else, and not short".repeat(1000)).unwrap();
        assert!(matches!(
            CookieDatabase::open(&settings),
            Err(StoreFault::Database(_))
        ));
        assert!(std::fs::read(&file).unwrap().starts_with(b"something else"));
    }
}
