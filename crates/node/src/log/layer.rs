use std::fmt::{self, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::{Level, Record};

/// Turns what `tracing` brings into records.
pub(crate) struct Recorder<F> {
    emit: F,
}

impl<F: Fn(Record) + 'static> Recorder<F> {
    pub(crate) const fn new(emit: F) -> Self {
        Self { emit }
    }
}

impl<S: Subscriber, F: Fn(Record) + 'static> Layer<S> for Recorder<F> {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        (self.emit)(Record {
            level: Level::from(event.metadata().level()),
            target: event.metadata().target().to_owned(),
            text: line.message + &line.fields,
        });
    }
}

/// The message of an event, and ` name=value` for each of its fields.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.add(field, &format_args!("{value:?}"));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.add(field, value);
        }
    }
}

impl Line {
    fn add(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Fields hold what peers say: a control character would let them forge lines. Writing to a string never fails.
        let _ = write!(self.fields, " {}=", field.name());
        for character in format!("{value:?}").chars() {
            if character.is_control() {
                self.fields.extend(character.escape_default());
            } else {
                self.fields.push(character);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use crate::log::{LogLevel, subscriber};

    fn recorded(level: LogLevel, log: impl FnOnce()) -> Vec<(String, String)> {
        let records = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&records);
        let subscriber = subscriber(level, move |record| {
            let level = record.level.name().to_owned();
            into.lock().unwrap().push((level, record.text));
        });
        tracing::subscriber::with_default(subscriber, log);
        records.lock().unwrap().clone()
    }

    fn log_all() {
        tracing::error!(target: "crossbar_node", "an error");
        tracing::warn!(target: "crossbar_node", "a warning");
        tracing::info!(target: "crossbar_net::x", port = 8080, name = "a b", "listening");
        tracing::debug!(target: "crossbar_node", text = %"a\nb\u{1b}c", "a detail");
        tracing::debug!(target: "hyper", "of no interest");
    }

    #[test]
    fn fields_follow_the_message_and_cannot_forge_lines() {
        let records = recorded(LogLevel::Trace, log_all);
        let texts: Vec<&str> = records.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "an error",
                "a warning",
                "listening port=8080 name=\"a b\"",
                "a detail text=a\\nb\\u{1b}c",
            ]
        );
    }

    #[test]
    fn the_level_chooses() {
        assert_eq!(recorded(LogLevel::None, log_all), []);
        assert_eq!(recorded(LogLevel::Error, log_all).len(), 1);
        assert_eq!(recorded(LogLevel::Info, log_all).len(), 3);
    }
}
