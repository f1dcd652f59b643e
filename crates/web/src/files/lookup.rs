//! From a path to an open file; everything here blocks.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// What to look for, and where.
pub(super) struct Lookup {
    /// The served directory.
    pub(super) directory: Arc<PathBuf>,
    /// Components of the path below it; none is empty, `.` or `..`.
    pub(super) below: Vec<String>,
    /// Whether the path ended with a slash.
    pub(super) as_directory: bool,
    /// Whether a directory without an index may be listed.
    pub(super) listing: bool,
    /// What is served if nothing is found.
    pub(super) default_file: Option<Arc<PathBuf>>,
}

/// What a path leads to.
pub(super) enum Found {
    /// A file.
    File(OpenFile),
    /// The file that stands for all that is not there.
    Default(OpenFile),
    /// A directory whose path lacks the slash at its end.
    Directory,
    /// A directory without an index.
    Listing(Vec<Entry>),
    /// Nothing that may be served.
    Nothing,
}

/// A regular file, opened for reading.
pub(super) struct OpenFile {
    /// The file.
    pub(super) file: File,
    /// Its length in octets.
    pub(super) length: u64,
    /// When it was changed last, if the system tells.
    pub(super) modified: Option<SystemTime>,
    /// The name that tells its type.
    pub(super) name: PathBuf,
}

/// A line of a directory's listing. Sorted: directories first, then by name.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Entry {
    /// Whether it is not a directory.
    pub(super) is_file: bool,
    /// The name in its directory.
    pub(super) name: String,
    /// The length in octets.
    pub(super) length: u64,
}

impl Lookup {
    /// Finds what the path leads to.
    ///
    /// # Errors
    /// What the system says, unless it means that there is nothing to be served.
    pub(super) fn run(&self) -> io::Result<Found> {
        match self.find() {
            Ok(Found::Nothing) => self.fall_back(),
            Err(error) if means_nothing(&error) => self.fall_back(),
            other => other,
        }
    }

    fn find(&self) -> io::Result<Found> {
        // asked each time: the directory may be a link that a deployment turns to another place
        let root = self.directory.canonicalize()?;
        let mut path = root.clone();
        path.extend(&self.below);
        let Some(real) = within(&root, &path)? else {
            return Ok(Found::Nothing);
        };
        let metadata = fs::metadata(&real)?;
        if metadata.is_dir() {
            return if self.as_directory {
                self.directory(&root, &real)
            } else {
                Ok(Found::Directory)
            };
        }
        if self.as_directory || !metadata.is_file() {
            return Ok(Found::Nothing);
        }
        open(&real, &path).map(Found::File)
    }

    fn directory(&self, root: &Path, directory: &Path) -> io::Result<Found> {
        for index in INDEXES {
            let path = directory.join(index);
            match within(root, &path) {
                Ok(Some(real)) if real.is_file() => return open(&real, &path).map(Found::File),
                Ok(_) => {}
                Err(error) if means_nothing(&error) => {}
                Err(error) => return Err(error),
            }
        }
        if !self.listing {
            return Ok(Found::Nothing);
        }
        entries(root, directory).map(Found::Listing)
    }

    fn fall_back(&self) -> io::Result<Found> {
        let Some(path) = &self.default_file else {
            return Ok(Found::Nothing);
        };
        if !path.is_file() {
            return Ok(Found::Nothing);
        }
        open(path, path).map(Found::Default)
    }
}

/// The real path, if it lies in `root`.
fn within(root: &Path, path: &Path) -> io::Result<Option<PathBuf>> {
    let real = path.canonicalize()?;
    Ok(real.starts_with(root).then_some(real))
}

fn open(real: &Path, name: &Path) -> io::Result<OpenFile> {
    let file = File::open(real)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(OpenFile {
        file,
        length: metadata.len(),
        modified: metadata.modified().ok(),
        name: name.to_owned(),
    })
}

/// What a listing shows: names that do not begin with a dot, of what could be served.
fn entries(root: &Path, directory: &Path) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for found in fs::read_dir(directory)? {
        let Ok(name) = found?.file_name().into_string() else {
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        let Ok(Some(real)) = within(root, &directory.join(&name)) else {
            continue;
        };
        let Ok(metadata) = fs::metadata(&real) else {
            continue;
        };
        if metadata.is_file() || metadata.is_dir() {
            entries.push(Entry {
                is_file: metadata.is_file(),
                name,
                length: metadata.len(),
            });
        }
    }
    entries.sort_unstable();
    Ok(entries)
}

/// Whether an error says that there is no such file, or none for us: it is not told which.
fn means_nothing(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound, PermissionDenied};
    [
        NotFound,
        NotADirectory,
        PermissionDenied,
        InvalidFilename,
        InvalidInput,
    ]
    .contains(&error.kind())
}

const INDEXES: [&str; 3] = ["index", "index.html", "index.htm"];
