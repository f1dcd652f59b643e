use std::io::{self, Write};

use serde_json::{Value, json};

/// One log message, before anything is put in front of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Record {
    /// How severe it is.
    pub(crate) level: Level,
    /// The part of the program that it comes from.
    pub(crate) target: String,
    /// Message and fields.
    pub(crate) text: String,
}

/// How severe a record is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// The process that a record comes from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The kind, as in the second field of a line: `Controller`, `Router`, …
    pub(crate) kind: &'static str,
    /// The process id.
    pub(crate) pid: u32,
}

impl Level {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [
            Self::Error,
            Self::Warn,
            Self::Info,
            Self::Debug,
            Self::Trace,
        ]
        .into_iter()
        .find(|level| level.name() == name)
    }
}

impl From<&tracing::Level> for Level {
    fn from(level: &tracing::Level) -> Self {
        match *level {
            tracing::Level::ERROR => Self::Error,
            tracing::Level::WARN => Self::Warn,
            tracing::Level::INFO => Self::Info,
            tracing::Level::DEBUG => Self::Debug,
            tracing::Level::TRACE => Self::Trace,
        }
    }
}

impl Source {
    /// Names this process.
    pub(crate) fn own(kind: &'static str) -> Self {
        let pid = std::process::id();
        Self { kind, pid }
    }
}

impl Record {
    /// Writes the record to standard output, for the controller.
    pub(crate) fn send(&self) {
        let mut line = self.to_json().to_string();
        line.push('\n');
        // There is nobody to tell when the controller is gone; the worker ends for that reason anyway.
        let _ = io::stdout().lock().write_all(line.as_bytes());
    }

    /// Reads a line of a worker's standard output. What is no record is taken as text.
    pub(crate) fn receive(line: &str) -> Self {
        Self::parse(line).unwrap_or_else(|| Self::text(Level::Info, line))
    }

    /// Makes a record of a line that a process wrote by itself.
    pub(crate) fn text(level: Level, line: &str) -> Self {
        Self {
            level,
            target: String::new(),
            text: line.to_owned(),
        }
    }

    /// Gives the record as the management API shows it.
    pub(crate) fn to_json(&self) -> Value {
        let level = self.level.name();
        json!({"level": level, "namespace": self.target, "text": self.text})
    }

    fn parse(line: &str) -> Option<Self> {
        if !line.starts_with('{') {
            return None;
        }
        let value: Value = serde_json::from_str(line).ok()?;
        Some(Self {
            level: Level::from_name(value.get("level")?.as_str()?)?,
            target: value.get("namespace")?.as_str()?.to_owned(),
            text: value.get("text")?.as_str()?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_the_pipe() {
        let record = Record {
            level: Level::Warn,
            target: "crossbar_net::listen".to_owned(),
            text: "line one\n\"two\"".to_owned(),
        };
        let line = record.to_json().to_string();
        assert!(!line.contains('\n'));
        assert_eq!(Record::receive(&line), record);
    }

    #[test]
    fn other_lines_are_text() {
        for line in [
            "hello",
            "{",
            r#"{"level": "loud", "namespace": "", "text": ""}"#,
        ] {
            assert_eq!(Record::receive(line), Record::text(Level::Info, line));
        }
    }
}
