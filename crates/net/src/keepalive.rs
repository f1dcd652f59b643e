//! Pings that find out whether a WebSocket peer is still there.

use std::time::Duration;

use crossbar_config::AutoPing;
use crossbar_wire::websocket::{self, Opcode};
use tokio::time::Instant;

/// When a connection sends pings, and what it knows of its peer.
#[derive(Debug)]
pub(crate) struct KeepAlive {
    options: AutoPing,
    /// The ping that is out, and when it went.
    out: Option<(Vec<u8>, Instant)>,
    /// When something came in, or the last ping was answered.
    heard: Instant,
    count: u64,
}

/// What is to be done.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Tick {
    /// Nothing for so long.
    Wait(Duration),
    /// This frame is sent; then nothing for so long.
    Ping(Vec<u8>, Duration),
    /// The peer has not answered in time.
    Dead,
}

impl KeepAlive {
    /// Makes one for a connection that has just opened.
    pub(crate) fn new(options: AutoPing) -> Self {
        Self {
            options,
            out: None,
            heard: Instant::now(),
            count: 0,
        }
    }

    /// Gives the time between pings.
    pub(crate) const fn interval(&self) -> Duration {
        self.options.interval
    }

    /// Takes note that something came in.
    pub(crate) fn heard(&mut self) {
        if self.options.restart_on_any_traffic {
            self.heard = Instant::now();
            self.out = None;
        }
    }

    /// Takes note that nothing is read of the peer.
    pub(crate) fn excuse(&mut self) {
        self.heard = Instant::now();
        self.out = None;
    }

    /// Takes note of a pong.
    pub(crate) fn answered(&mut self, payload: &[u8]) {
        if self.out.as_ref().is_some_and(|(ping, _)| ping == payload) {
            self.out = None;
            self.heard = Instant::now();
        }
    }

    /// Says what is to be done at this time.
    pub(crate) fn tick(&mut self) -> Tick {
        let now = Instant::now();
        match (&self.out, self.options.timeout) {
            (Some((_, sent)), Some(timeout)) => {
                let left = timeout.saturating_sub(now - *sent);
                if left.is_zero() {
                    return Tick::Dead;
                }
                return Tick::Wait(left);
            }
            (Some(_), None) => {}
            (None, _) => {
                let left = self.options.interval.saturating_sub(now - self.heard);
                if !left.is_zero() {
                    return Tick::Wait(left);
                }
            }
        }
        self.count += 1;
        let mut payload = vec![0; usize::from(self.options.size).clamp(8, 125)];
        payload[..8].copy_from_slice(&self.count.to_be_bytes());
        let mut frame = Vec::new();
        websocket::put_control(&mut frame, Opcode::Ping, &payload, None);
        self.out = Some((payload, now));
        Tick::Ping(frame, self.options.timeout.unwrap_or(self.options.interval))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: AutoPing = AutoPing {
        interval: Duration::from_secs(10),
        timeout: Some(Duration::from_secs(3)),
        size: 12,
        restart_on_any_traffic: true,
    };

    fn ping(keep_alive: &mut KeepAlive) -> Vec<u8> {
        match keep_alive.tick() {
            Tick::Ping(frame, next) => {
                assert_eq!(next, Duration::from_secs(3));
                frame[2..].to_vec()
            }
            tick @ (Tick::Wait(_) | Tick::Dead) => panic!("{tick:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_peer_is_dead_after_the_timeout() {
        let mut keep_alive = KeepAlive::new(OPTIONS);
        assert_eq!(keep_alive.tick(), Tick::Wait(Duration::from_secs(10)));
        tokio::time::advance(Duration::from_secs(10)).await;
        let payload = ping(&mut keep_alive);
        assert_eq!(payload.len(), 12);
        tokio::time::advance(Duration::from_secs(2)).await;
        keep_alive.answered(b"another");
        assert_eq!(keep_alive.tick(), Tick::Wait(Duration::from_secs(1)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(keep_alive.tick(), Tick::Dead);
    }

    #[tokio::test(start_paused = true)]
    async fn answers_and_traffic_postpone_the_next_ping() {
        let mut keep_alive = KeepAlive::new(OPTIONS);
        tokio::time::advance(Duration::from_secs(10)).await;
        let payload = ping(&mut keep_alive);
        keep_alive.answered(&payload);
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(keep_alive.tick(), Tick::Wait(Duration::from_secs(7)));
        keep_alive.heard();
        assert_eq!(keep_alive.tick(), Tick::Wait(Duration::from_secs(10)));
    }
}
