//! Work that holds up its thread.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Does what may wait for a disk or a name server: other tasks of the thread go on elsewhere meanwhile, where there are
/// other threads.
pub(crate) fn hold_up<T>(work: impl FnOnce() -> T) -> T {
    let is_one_of_many = Handle::try_current()
        .is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    if is_one_of_many {
        tokio::task::block_in_place(work)
    } else {
        work()
    }
}
