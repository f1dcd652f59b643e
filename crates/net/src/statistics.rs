//! Counters of one router.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::throttle::Throttle;

/// What a router counts, since its start. Shared by all its tasks.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) connections_accepted: AtomicU64,
    pub(crate) connections_refused: AtomicU64,
    pub(crate) connections_open: AtomicU64,
    pub(crate) handshakes_failed: AtomicU64,
    pub(crate) authentications_failed: AtomicU64,
    pub(crate) sessions_late: AtomicU64,
    pub(crate) violations: AtomicU64,
    pub(crate) limited: AtomicU64,
    pub(crate) unfit: AtomicU64,
    pub(crate) paused: AtomicU64,
    pub(crate) expelled: AtomicU64,
    pub(crate) sessions_overflowed: AtomicU64,
    pub(crate) events_dropped: AtomicU64,
    pub(crate) undeliverable: AtomicU64,
    /// What has been logged lately.
    pub(crate) told: Told,
}

/// What has been logged lately of what peers can cause without end.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) violations: Throttle,
    pub(crate) limited: Throttle,
    pub(crate) unfit: Throttle,
    pub(crate) rates: Throttle,
    pub(crate) late: Throttle,
    pub(crate) crowds: Throttle,
    pub(crate) failures: Throttle,
    pub(crate) authenticators: Throttle,
    pub(crate) answers: Throttle,
    pub(crate) busy: Throttle,
    pub(crate) computing: Throttle,
}

impl Counters {
    /// Adds to a counter.
    pub(crate) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }

    /// Takes from a counter.
    pub(crate) fn subtract(counter: &AtomicU64, count: u64) {
        counter.fetch_sub(count, Ordering::Relaxed);
    }

    /// Reads all counters.
    pub(crate) fn read(&self) -> Statistics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Statistics {
            connections_accepted: read(&self.connections_accepted),
            connections_refused: read(&self.connections_refused),
            connections_open: read(&self.connections_open),
            handshakes_failed: read(&self.handshakes_failed),
            authentications_failed: read(&self.authentications_failed),
            sessions_late: read(&self.sessions_late),
            violations: read(&self.violations),
            limited: read(&self.limited),
            unfit: read(&self.unfit),
            paused: read(&self.paused),
            expelled: read(&self.expelled),
            sessions_overflowed: read(&self.sessions_overflowed),
            events_dropped: read(&self.events_dropped),
            undeliverable: read(&self.undeliverable),
        }
    }
}

/// What a router has counted since its start.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Statistics {
    /// Connections that were accepted.
    pub connections_accepted: u64,
    /// Connections that were closed at once, since the transport or their address had as many as it may.
    pub connections_refused: u64,
    /// Connections that are open.
    pub connections_open: u64,
    /// Connections that sent nothing in time, no RawSocket handshake that is understood, or failed in TLS or the PROXY protocol.
    pub handshakes_failed: u64,
    /// Clients that did not prove who they are, of those that have an IP address.
    pub authentications_failed: u64,
    /// Connections on which no session was open in time.
    pub sessions_late: u64,
    /// Peers that broke the protocol.
    pub violations: u64,
    /// Requests and sessions that were refused since a client had, or sent, as much as it may.
    pub limited: u64,
    /// Messages whose arguments did not fit the type that they are held to.
    pub unfit: u64,
    /// How often a client was not read for a while since it sent faster than it may.
    pub paused: u64,
    /// Sessions that were ended since their clients sent faster than they may.
    pub expelled: u64,
    /// Sessions that were closed since they did not read.
    pub sessions_overflowed: u64,
    /// Events that a subscriber did not get: too large, inexpressible in its serializer, or over its budget.
    pub events_dropped: u64,
    /// Other messages that could not be delivered; whoever waited for them got an error.
    pub undeliverable: u64,
}
