//! What tests of several crates share: the stage, on which a script plays with one realm.
//!
//! Everything here ends a test that fails by a panic.

pub mod stage;
