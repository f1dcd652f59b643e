//! What other peers put on the wire, and what comes out of it here.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod vectors;
