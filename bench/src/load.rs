//! What is measured, and at what.

use std::time::{Duration, Instant};

use crossbar_wire::Format;
use serde_json::{Value, json};

use crate::process;

/// One measurement.
pub(crate) struct Load {
    pub(crate) target: Target,
    pub(crate) payload: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) window: usize,
    pub(crate) duration: Duration,
    pub(crate) sessions: usize,
    pub(crate) pids: Vec<u32>,
}

/// A router and how to speak to it.
#[derive(Clone)]
pub(crate) enum Target {
    /// A WAMP router.
    Wamp(WampTarget),
    /// A NATS server, at `host:port`.
    Nats(String),
    /// The bare forwarder, at `host:port`.
    Raw(String),
}

/// A WAMP router.
#[derive(Clone)]
pub(crate) struct WampTarget {
    pub(crate) url: String,
    pub(crate) realm: String,
    pub(crate) format: Format,
}

impl Target {
    pub(crate) fn parse(url: &str, realm: &str, format: &str) -> Result<Self, String> {
        if let Some(address) = url.strip_prefix("nats://") {
            return Ok(Self::Nats(address.to_owned()));
        }
        if let Some(address) = url.strip_prefix("raw://") {
            return Ok(Self::Raw(address.to_owned()));
        }
        let format = match format {
            "json" => Format::Json,
            "msgpack" => Format::MsgPack,
            "cbor" => Format::Cbor,
            "ubjson" => Format::Bjdata,
            "flatbuffers" => Format::FlatBuffers,
            other => {
                return Err(format!(
                    "unknown format {other}: json, msgpack, cbor, ubjson or flatbuffers"
                ));
            }
        };
        Ok(Self::Wamp(WampTarget {
            url: url.to_owned(),
            realm: realm.to_owned(),
            format,
        }))
    }
}

/// Takes the time and the router's CPU time between start and end of a measurement.
pub(crate) struct Meter<'a> {
    load: &'a Load,
    started: Instant,
    cpu: Duration,
}

impl<'a> Meter<'a> {
    pub(crate) fn start(load: &'a Load) -> Self {
        Self {
            load,
            started: Instant::now(),
            cpu: process::cpu(&load.pids),
        }
    }

    /// Gives the result as a JSON object: how many, in what time, for what CPU time.
    pub(crate) fn stop(self, count: u64) -> Value {
        let seconds = self.started.elapsed().as_secs_f64();
        let cpu = process::cpu(&self.load.pids)
            .saturating_sub(self.cpu)
            .as_secs_f64();
        json!({ "count": count, "seconds": seconds, "cpu": cpu })
    }
}

/// The time before a measurement in which caches fill and connections settle.
pub(crate) const WARM_UP: Duration = Duration::from_millis(300);
