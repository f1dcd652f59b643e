//! Web services asked over real sockets.
#![expect(clippy::unwrap_used, reason = "a helper that fails, fails its test")]

mod attacks;
mod files;
mod longpoll;
mod server;
mod services;
mod tree;
