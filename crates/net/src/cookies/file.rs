//! A cookie store of lines, as Crossbar.io writes it.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use tracing::warn;

use super::record::{Change, Record, Said};
use super::store::StoreFault;
use super::writer::Journal;

/// A file to which a line is added for each change. It is replaced by a shorter one now and then, in one step.
#[derive(Debug)]
pub(crate) struct CookieFile {
    path: PathBuf,
    file: File,
    /// Octets that are whole lines.
    length: u64,
    lines: usize,
    /// Held as long as the file is in use.
    _lock: File,
}

/// How many lines of no more use are left alone.
const SLACK: usize = 1000;

impl CookieFile {
    /// Opens the file, and makes it if it is not there. Gives the logins in it.
    pub(crate) fn open(path: &Path, purge: bool) -> Result<(Self, Vec<Record>), StoreFault> {
        let lock = private(&beside(path, ".lock")).open_locked()?;
        let mut file = private(path).open()?;
        restrict(&file)?;
        let mut lines = Lines::default();
        lines.read(&file)?;
        if lines.good == 0 && (lines.bad > 0 || lines.is_foreign) {
            return Err(StoreFault::NotCookies);
        }
        if purge {
            lines = Lines::default();
        }
        if lines.bad > 0 {
            warn!(file = %path.display(), lines = lines.bad, "lines of the cookie store make no sense and are left out");
        }
        // A line that is cut off must not become the beginning of the next one.
        file.set_len(lines.length)?;
        file.seek(SeekFrom::End(0))?;
        file.sync_all()?;
        sync_folder(path)?;
        let store = Self {
            path: path.to_owned(),
            file,
            length: lines.length,
            lines: lines.good + lines.bad,
            _lock: lock,
        };
        Ok((store, lines.logins.into_values().collect()))
    }

    fn append(&mut self, octets: &[u8]) -> io::Result<()> {
        self.file.write_all(octets)?;
        self.file.sync_data()
    }
}

impl Journal for CookieFile {
    fn write(&mut self, changes: &[Change]) -> io::Result<()> {
        let mut octets = Vec::new();
        for change in changes {
            put_line(&mut octets, change);
        }
        match self.append(&octets) {
            Ok(()) => {
                self.length += u64::try_from(octets.len()).unwrap_or(0);
                self.lines += changes.len();
                Ok(())
            }
            Err(error) => {
                // What is there in part is taken back; should that fail, reading takes it for a line that is cut off.
                let _ = self.file.set_len(self.length);
                let _ = self.file.seek(SeekFrom::Start(self.length));
                Err(error)
            }
        }
    }

    fn rewrite(&mut self, records: &[Record]) -> io::Result<()> {
        let new = beside(&self.path, ".new");
        let mut octets = Vec::new();
        for record in records {
            put_line(&mut octets, &Change::Put(record.clone()));
        }
        let mut file = private(&new).open()?;
        restrict(&file)?;
        file.set_len(0)?;
        file.write_all(&octets)?;
        file.sync_all()?;
        std::fs::rename(&new, &self.path)?;
        self.file = file;
        self.length = u64::try_from(octets.len()).unwrap_or(0);
        self.lines = records.len();
        sync_folder(&self.path)
    }

    fn is_long(&self, cookies: usize) -> bool {
        self.lines > 2 * cookies + SLACK
    }
}

/// What the lines of a file say.
#[derive(Default)]
struct Lines {
    logins: HashMap<Box<str>, Record>,
    deleted: HashSet<Box<str>>,
    good: usize,
    bad: usize,
    /// Octets up to the end of the last whole line.
    length: u64,
    /// Whether what follows that does not begin like a line of cookies.
    is_foreign: bool,
}

impl Lines {
    fn read(&mut self, file: &File) -> io::Result<()> {
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line)?;
            if !line.ends_with(b"\n") {
                self.is_foreign = !line
                    .iter()
                    .zip(BEGIN)
                    .all(|(octet, expected)| octet == expected);
                return Ok(());
            }
            self.length += u64::try_from(read).unwrap_or(0);
            if line.trim_ascii().is_empty() {
                continue;
            }
            match said(&line) {
                Some(said) => self.take(said),
                None => self.bad += 1,
            }
        }
    }

    /// Takes what a line says: of one cookie, the last counts; but what is deleted stays so.
    fn take(&mut self, said: Said) {
        self.good += 1;
        match said {
            Said::Login(record) => {
                let name = record.name.clone();
                self.logins.remove(&name);
                if !self.deleted.contains(&name) {
                    self.logins.insert(name, record);
                }
            }
            Said::Nobody(name) => {
                self.logins.remove(&name);
            }
            Said::Deleted(name) => {
                self.logins.remove(&name);
                self.deleted.insert(name);
            }
        }
    }
}

fn said(line: &[u8]) -> Option<Said> {
    let json: Json = serde_json::from_slice(line).ok()?;
    let object = json.as_object()?;
    Said::read(object.get(NAME)?.as_str()?, object)
}

fn put_line(octets: &mut Vec<u8>, change: &Change) {
    let mut line = serde_json::Map::new();
    line.insert(NAME.to_owned(), Json::from(&*change.record().name));
    if let Json::Object(rest) = change.to_json() {
        line.extend(rest);
    }
    octets.extend_from_slice(Json::Object(line).to_string().as_bytes());
    octets.push(b'\n');
}

/// A file that nobody else may read.
struct Private<'a>(&'a Path);

const fn private(path: &Path) -> Private<'_> {
    Private(path)
}

impl Private<'_> {
    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(self.0)
    }

    fn open_locked(&self) -> Result<File, StoreFault> {
        let file = self.open()?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(StoreFault::InUse),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

/// Takes a file away from others who may read it.
fn restrict(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(())
}

/// Puts a file's name on the disk.
fn sync_folder(of: &Path) -> io::Result<()> {
    let folder = of.parent().filter(|it| !it.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Gives the path of a file beside another one.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// compat: what Crossbar.io calls a cookie.
const NAME: &str = "cbtid";
/// How lines begin.
const BEGIN: &[u8] = b"{\"cbtid\":";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::record::tests::record;
    use super::*;

    fn names(records: &[Record]) -> Vec<&str> {
        let mut names: Vec<&str> = records.iter().map(|it| &*it.name).collect();
        names.sort_unstable();
        names
    }

    fn put(name: &str) -> Change {
        Change::Put(record(name, "joe"))
    }

    #[test]
    fn a_line_that_is_cut_off_anywhere_loses_nothing_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cookies.dat");
        let (mut file, _) = CookieFile::open(&path, false).unwrap();
        file.write(&[put("first1"), put("second")]).unwrap();
        drop(file);
        let whole = std::fs::read(&path).unwrap();
        let second = whole.iter().position(|&octet| octet == b'\n').unwrap() + 1;
        for length in second..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let (mut file, read) = CookieFile::open(&path, false).unwrap();
            assert_eq!(names(&read), ["first1"]);
            file.write(&[put("third3")]).unwrap();
            drop(file);
            let (_, read) = CookieFile::open(&path, false).unwrap();
            assert_eq!(names(&read), ["first1", "third3"]);
        }
    }

    #[test]
    fn what_cannot_be_written_leaves_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cookies.dat");
        let (mut file, _) = CookieFile::open(&path, false).unwrap();
        file.write(&[put("first1")]).unwrap();
        // Nothing can be written through this.
        file.file = File::open(&path).unwrap();
        assert!(file.write(&[put("second")]).is_err());
        // There is no room for another file, either.
        std::fs::create_dir(folder.path().join("cookies.dat.new")).unwrap();
        assert!(file.rewrite(&[record("second", "joe")]).is_err());
        let mut read = Lines::default();
        read.read(&File::open(&path).unwrap()).unwrap();
        assert!(read.logins.len() == 1 && read.logins.contains_key("first1"));
        // There is again.
        std::fs::remove_dir(folder.path().join("cookies.dat.new")).unwrap();
        file.rewrite(&[record("first1", "joe"), record("second", "joe")])
            .unwrap();
        file.write(&[put("third3")]).unwrap();
        drop(file);
        let (_, read) = CookieFile::open(&path, false).unwrap();
        assert_eq!(names(&read), ["first1", "second", "third3"]);
    }

    #[test]
    fn what_is_not_about_cookies_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cookies.dat");
        for text in [
            "{\"version\": 2}",
            "root:x:0:0\n",
            "{\"version\": 2}\n{\"cbt",
        ] {
            std::fs::write(&path, text).unwrap();
            for purge in [false, true] {
                let opened = CookieFile::open(&path, purge);
                assert!(matches!(opened, Err(StoreFault::NotCookies)), "{text}");
            }
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        // A first line that is cut off is of cookies.
        for text in ["", "{", "{\"cbtid\": \"abc"] {
            std::fs::write(&path, text).unwrap();
            assert!(
                CookieFile::open(&path, false).unwrap().1.is_empty(),
                "{text}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_stands_in_a_file_is_told_or_read(lines in proptest::collection::vec(".{0,40}", 0..4), cut in 0..400_usize) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("cookies.dat");
            let mut octets = Vec::new();
            put_line(&mut octets, &put("first1"));
            for line in lines {
                octets.extend_from_slice(line.as_bytes());
                octets.push(b'\n');
            }
            octets.truncate(cut);
            std::fs::write(&path, &octets).unwrap();
            if let Ok((mut file, read)) = CookieFile::open(&path, false) {
                file.write(&[put("second")]).unwrap();
                drop(file);
                let (_, again) = CookieFile::open(&path, false).unwrap();
                prop_assert_eq!(again.len(), read.len() + 1);
            }
        }
    }

    #[test]
    fn what_is_deleted_stays_so_whatever_follows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cookies.dat");
        let (mut file, _) = CookieFile::open(&path, false).unwrap();
        let gone = record("first1", "joe");
        let delete = Change::Delete(gone.clone(), gone.until);
        file.write(&[put("first1"), delete, put("first1"), put("second")])
            .unwrap();
        drop(file);
        let (file, read) = CookieFile::open(&path, false).unwrap();
        assert_eq!(names(&read), ["second"]);
        drop(file);
        let (_, read) = CookieFile::open(&path, true).unwrap();
        assert!(read.is_empty());
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
    }

    #[test]
    fn a_file_is_long_by_what_is_of_no_more_use() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cookies.dat");
        let (mut file, _) = CookieFile::open(&path, false).unwrap();
        let changes: Vec<Change> = (0..SLACK + 3).map(|_| put("first1")).collect();
        file.write(&changes).unwrap();
        assert!(file.is_long(1) && !file.is_long(2));
        file.rewrite(&[record("first1", "joe")]).unwrap();
        assert!(!file.is_long(0));
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
    }
}
