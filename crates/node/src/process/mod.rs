//! What the management API tells about a process, and what it does to it: `crossbar.*` for the controller,
//! `crossbar.worker.<id>.*` for a worker.

#[cfg(target_os = "linux")]
mod affinity;
#[cfg(not(target_os = "linux"))]
#[path = "no_affinity.rs"]
mod affinity;
pub(crate) mod descriptors;
mod inspect;
mod system;

use std::time::{Duration, Instant};

use crossbar_wire::Value;
use serde_json::json;

use crate::api::{ApiError, Arguments, Caller, error};
use crate::clock::Utc;

pub(crate) use affinity::set_affinity;
pub(crate) use system::system_stats;

/// The procedures of every process, by their last component.
pub(crate) const PROCEDURES: [&str; 10] = [
    "get_cpu_count",
    "get_cpus",
    "get_cpu_affinity",
    "set_cpu_affinity",
    "get_process_info",
    "get_process_stats",
    "get_process_monitor",
    "utcnow",
    "started",
    "uptime",
];

/// This process.
#[derive(Debug)]
pub(crate) struct Process {
    started: Instant,
    started_utc: String,
}

impl Process {
    /// Notes the time of the start.
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
            started_utc: Utc::now().iso(),
        }
    }

    /// Gives the time of the start.
    pub(crate) fn started(&self) -> &str {
        &self.started_utc
    }

    /// Gives the time since the start.
    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Does what one of [`PROCEDURES`] asks for; `publish` takes the last component of a topic, and an event.
    pub(crate) fn call(
        &self,
        name: &str,
        mut arguments: Arguments,
        caller: &Caller,
        publish: impl FnOnce(&str, serde_json::Value),
    ) -> Result<Value, ApiError> {
        if name == "set_cpu_affinity" {
            let (cpus, relative) = set_cpu_affinity(arguments)?;
            let who = caller.to_json();
            let event = json!({"cpus": cpus, "relative": relative, "affinity": cpus, "who": who});
            publish("on_cpu_affinity_set", event);
            return Ok(json!(cpus).into());
        }
        if name == "get_cpu_count" {
            arguments.flag("logical", true)?;
        }
        arguments.end()?;
        let result = match name {
            "get_cpu_count" => Value::from(affinity::allowed()?.len()),
            "get_cpus" => json!(affinity::allowed()?).into(),
            "get_cpu_affinity" => json!(affinity::current()?).into(),
            "get_process_info" => inspect::info().map_err(|fault| unavailable(&fault))?.into(),
            "get_process_stats" => inspect::stats()
                .map_err(|fault| unavailable(&fault))?
                .into(),
            "get_process_monitor" => inspect::monitor()
                .map_err(|fault| unavailable(&fault))?
                .into(),
            "utcnow" => Value::from(Utc::now().iso()),
            "started" => Value::from(self.started_utc.clone()),
            "uptime" => Value::from(self.uptime().as_secs_f64()),
            _ => return Err(ApiError::new(error::NO_SUCH_PROCEDURE, name)),
        };
        Ok(result)
    }
}

fn set_cpu_affinity(mut arguments: Arguments) -> Result<(Vec<usize>, bool), ApiError> {
    let list = arguments.required("cpus")?;
    let relative = arguments.flag("relative", true)?;
    arguments.end()?;
    let cpus = list.as_list().and_then(|list| {
        list.iter()
            .map(|cpu| usize::try_from(cpu.as_u64()?).ok())
            .collect::<Option<Vec<usize>>>()
    });
    let Some(cpus) = cpus else {
        let text = "argument \"cpus\": expected a list of processor numbers";
        return Err(ApiError::new(error::INVALID_ARGUMENT, text));
    };
    let cpus = set_affinity(&cpus, relative)?;
    Ok((cpus, relative))
}

fn unavailable(fault: &std::io::Error) -> ApiError {
    ApiError::new(error::FEATURE_UNAVAILABLE, fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str) -> Value {
        call_with(name, Arguments::default()).unwrap()
    }

    fn call_with(name: &str, arguments: Arguments) -> Result<Value, ApiError> {
        let caller = Caller::default();
        Process::start().call(name, arguments, &caller, |topic, _| panic!("{topic}"))
    }

    #[test]
    fn every_procedure_answers() {
        for name in PROCEDURES {
            if name != "set_cpu_affinity" {
                assert_ne!(call(name), Value::Null, "{name}");
            }
        }
        assert!(call_with("get_money", Arguments::default()).is_err());
    }

    #[test]
    fn the_statistics_are_those_of_this_process() {
        let stats = call("get_process_stats");
        let number = |key| stats.get(key).and_then(Value::as_u64).unwrap_or_default();
        assert_eq!(number("pid"), u64::from(std::process::id()));
        assert!(number("resident") > 100_000);
        assert!(number("virtual") >= number("resident"));
        let info = call("get_process_info");
        assert!(info.get("threads").and_then(Value::as_u64) >= Some(1));
    }

    #[test]
    fn an_unknown_processor_is_refused() {
        let cpus = Value::List(vec![Value::Integer(100_000)]);
        let arguments = Arguments::new(vec![cpus], Vec::new());
        let result = call_with("set_cpu_affinity", arguments);
        assert!(matches!(result, Err(error) if error.uri == "crossbar.error.runtime_error"));
    }
}
