use std::time::Instant;

use crossbar_wire::{Format, SessionId, Text};

/// What a session has sent and received in a cycle, as the shell has counted it (Crossbar.io: session statistics).
#[derive(Clone, Debug)]
pub struct SessionTraffic {
    /// The session; it may have ended.
    pub session: SessionId,
    /// Its authid.
    pub authid: Text,
    /// Its authrole.
    pub authrole: Text,
    /// Its serializer.
    pub format: Format,
    /// The number of the cycle, from 1 on.
    pub cycle: u64,
    /// When the cycle began.
    pub since: Instant,
    /// What the client sent.
    pub received: Traffic,
    /// What the client was sent.
    pub sent: Traffic,
    /// Whether nothing was told of the session before.
    pub first: bool,
    /// Whether the session has ended.
    pub last: bool,
}

/// Messages of one direction.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Traffic {
    /// How many.
    pub messages: u64,
    /// How many, if every so many octets count as one (Crossbar.io).
    pub rated_messages: u64,
    /// Their octets, without those of the framing.
    pub octets: u64,
}

impl Traffic {
    /// Counts a message of `octets`; `rated` octets count as one.
    pub fn count(&mut self, octets: usize, rated: u32) {
        let octets = u64::try_from(octets).unwrap_or(u64::MAX);
        self.messages += 1;
        self.rated_messages += octets.div_ceil(u64::from(rated.max(1)));
        self.octets += octets;
    }

    /// Adds what else was counted.
    pub const fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.rated_messages += other.rated_messages;
        self.octets += other.octets;
    }
}
