//! Log lines that peers could cause without end.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Lets one line of a kind through in a while.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    hidden: u64,
}

/// How often one warning is repeated at most.
const WARNING: Duration = Duration::from_secs(10);

impl Throttle {
    /// Says whether a line is due, and how many were left out since the last.
    pub(crate) fn due(&self) -> Option<u64> {
        let mut state = self.0.lock();
        let now = Instant::now();
        if state.last.is_some_and(|last| now - last < WARNING) {
            state.hidden += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.hidden))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_line_in_a_while_tells_how_many_were_left_out() {
        let throttle = Throttle::default();
        assert_eq!(throttle.due(), Some(0));
        assert_eq!(throttle.due(), None);
        assert_eq!(throttle.due(), None);
        tokio::time::advance(WARNING).await;
        assert_eq!(throttle.due(), Some(2));
        assert_eq!(throttle.due(), None);
    }
}
