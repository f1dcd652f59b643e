//! The `crossbar` command.
fn main() {}
