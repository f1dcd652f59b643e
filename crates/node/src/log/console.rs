use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use super::file::LogFile;
use super::{Level, LogFormat, LogOptions, Record, Source};
use crate::clock::Utc;

/// Where the lines of all processes of a node come out.
#[derive(Debug)]
pub(crate) struct Console {
    format: LogFormat,
    color: bool,
    file: Option<Mutex<LogFile>>,
}

impl Console {
    /// Opens the log file, if there is to be one.
    pub(crate) fn open(options: &LogOptions) -> io::Result<Self> {
        let file = match &options.directory {
            Some(directory) => Some(Mutex::new(LogFile::open(directory)?)),
            None => None,
        };
        Ok(Self {
            format: options.format,
            color: options.color,
            file,
        })
    }

    /// Writes a record at once. Nothing is done when it cannot be written: there is no place left to tell it.
    pub(crate) fn write(&self, source: &Source, record: &Record) {
        let now = Utc::now();
        if let Some(file) = &self.file {
            let lines = lines(LogFormat::Standard, false, now, source, record);
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = file.write(&lines, now.date);
            return;
        }
        let lines = lines(self.format, self.color, now, source, record);
        let _ = match record.level {
            Level::Error | Level::Warn => io::stderr().lock().write_all(lines.as_bytes()),
            Level::Info | Level::Debug | Level::Trace => {
                let mut stdout = io::stdout().lock();
                stdout
                    .write_all(lines.as_bytes())
                    .and_then(|()| stdout.flush())
            }
        };
    }
}

/// Gives a record as lines: each line of its text with everything in front.
fn lines(format: LogFormat, color: bool, now: Utc, source: &Source, record: &Record) -> String {
    let text = if color {
        record.text.clone()
    } else {
        without_escapes(&record.text)
    };
    let prefix = prefix(format, now, source, record);
    let mut lines = String::with_capacity(prefix.len() + text.len() + 16);
    for line in text.lines() {
        if color && !prefix.is_empty() {
            lines.push_str(color_of(source, record.level));
            lines.push_str(&prefix);
            lines.push_str(RESET);
        } else {
            lines.push_str(&prefix);
        }
        lines.push_str(line);
        lines.push('\n');
    }
    lines
}

fn prefix(format: LogFormat, now: Utc, source: &Source, record: &Record) -> String {
    let Source { kind, pid } = source;
    let mut system = format!("{kind:<10} {pid:>6}");
    let detailed = matches!(record.level, Level::Debug | Level::Trace);
    if detailed && !record.target.is_empty() {
        system = format!("{system} {}", record.target);
    }
    match format {
        LogFormat::Standard => format!("{} [{system}] ", now.log()),
        LogFormat::Syslogd => format!("[{system}] "),
        LogFormat::None => String::new(),
    }
}

fn color_of(source: &Source, level: Level) -> &'static str {
    if matches!(level, Level::Error | Level::Warn) {
        return RED;
    }
    match source.kind {
        "Controller" => BLUE,
        "Router" => YELLOW,
        "Container" => GREEN,
        _ => WHITE,
    }
}

/// Takes ANSI escape sequences (ECMA-48 CSI) out of a text.
fn without_escapes(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("\u{1b}[") {
        clean.push_str(&rest[..start]);
        let sequence = &rest[start + 2..];
        let end = sequence.find(|c: char| ('@'..='~').contains(&c));
        rest = end.map_or("", |end| &sequence[end + 1..]);
    }
    clean.push_str(rest);
    clean
}

const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const YELLOW: &str = "\u{1b}[33m";
const BLUE: &str = "\u{1b}[34m";
const WHITE: &str = "\u{1b}[37m";
const RESET: &str = "\u{1b}[0m";

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    const ROUTER: Source = Source {
        kind: "Router",
        pid: 806,
    };

    fn written(format: LogFormat, color: bool, level: Level, text: &str) -> String {
        let now = Utc::at(UNIX_EPOCH + Duration::from_secs(1_769_862_896));
        let record = Record {
            level,
            target: "crossbar_net".to_owned(),
            text: text.to_owned(),
        };
        lines(format, color, now, &ROUTER, &record)
    }

    #[test]
    fn formats() {
        let of = |format| written(format, false, Level::Info, "hello");
        assert_eq!(
            of(LogFormat::Standard),
            "2026-01-31T12:34:56+0000 [Router        806] hello\n"
        );
        assert_eq!(of(LogFormat::Syslogd), "[Router        806] hello\n");
        assert_eq!(of(LogFormat::None), "hello\n");
    }

    #[test]
    fn details_name_their_origin() {
        let line = written(LogFormat::Syslogd, false, Level::Debug, "hello");
        assert_eq!(line, "[Router        806 crossbar_net] hello\n");
    }

    #[test]
    fn every_line_has_its_prefix() {
        let lines = written(LogFormat::Syslogd, false, Level::Error, "one\ntwo\n");
        assert_eq!(lines, "[Router        806] one\n[Router        806] two\n");
    }

    #[test]
    fn colours_are_around_the_prefix_or_nowhere() {
        let colored = written(
            LogFormat::Syslogd,
            true,
            Level::Info,
            "a \u{1b}[1mb\u{1b}[0m",
        );
        assert_eq!(
            colored,
            "\u{1b}[33m[Router        806] \u{1b}[0ma \u{1b}[1mb\u{1b}[0m\n"
        );
        let error = written(LogFormat::Syslogd, true, Level::Error, "x");
        assert!(error.starts_with(RED));
        let plain = written(
            LogFormat::None,
            false,
            Level::Info,
            "a \u{1b}[1mb\u{1b}[0m\u{1b}[",
        );
        assert_eq!(plain, "a b\n");
    }
}
