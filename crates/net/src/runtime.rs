//! The runtime that a router runs on.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// Builds the runtime for a process that routes: one thread for each processor.
///
/// One realm then uses all processors, since decoding, encoding and system calls happen outside its lock. A message costs
/// no more processor time than on a runtime of one thread: a task that is woken by another runs on the same thread
/// unless that one is busy.
///
/// # Errors
/// The system gives no threads.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .thread_name("router")
        .enable_all()
        .build()
}
