use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::clock::{Date, Utc};

/// `node.log` of a directory; yesterday's lines are in `node.log.YYYY_M_D` beside it.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    file: File,
    date: Date,
}

impl LogFile {
    /// Opens the file for appending; makes the directory if it is not there.
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let path = directory.join(FILE_NAME);
        let file = append_to(&path)?;
        // A file of an earlier day is put away at the first line.
        let metadata = file.metadata()?;
        let written = metadata.modified().ok().filter(|_| metadata.len() > 0);
        let date = written.map_or_else(Utc::now, Utc::at).date;
        Ok(Self { path, file, date })
    }

    /// Appends lines, in a file of today.
    pub(crate) fn write(&mut self, lines: &str, today: Date) -> io::Result<()> {
        if today != self.date {
            self.put_away()?;
            self.date = today;
        }
        self.file.write_all(lines.as_bytes())
    }

    fn put_away(&mut self) -> io::Result<()> {
        let Date { year, month, day } = self.date;
        let old = format!("{FILE_NAME}.{year}_{month}_{day}");
        std::fs::rename(&self.path, self.path.with_file_name(old))?;
        self.file = append_to(&self.path)?;
        Ok(())
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

const FILE_NAME: &str = "node.log";

#[cfg(test)]
mod tests {
    use super::*;

    const fn day(day: i64) -> Date {
        let (year, month) = (2026, 2);
        Date { year, month, day }
    }

    #[test]
    fn each_day_has_its_file() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path().join("logs");
        let read = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap();
        let mut file = LogFile::open(&directory).unwrap();
        file.date = day(3);
        file.write("one\n", day(3)).unwrap();
        file.write("two\n", day(4)).unwrap();
        drop(file);
        let mut file = LogFile::open(&directory).unwrap();
        let today = file.date;
        file.write("three\n", today).unwrap();
        assert_eq!(read("node.log.2026_2_3"), "one\n");
        assert_eq!(read("node.log"), "two\nthree\n");
    }
}
