//! The runtime that a router runs on.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// Builds the runtime for a process that routes: one thread for each processor.
///
/// # Errors
/// The system gives no threads.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .thread_name("router")
        .enable_all()
        .build()
}
