//! Buffers that outlive their use, one stock a thread.

use std::cell::RefCell;

/// How many buffers a thread keeps.
const KEPT: usize = 64;
/// The capacity of a new buffer, in octets.
const SMALL: usize = 1024;
/// The greatest capacity that is kept, in octets. What grows beyond is better spread over several buffers.
pub(crate) const LARGEST: usize = 64 * 1024;

thread_local! {
    static STOCK: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Gives an empty buffer with some capacity.
pub(crate) fn take() -> Vec<u8> {
    STOCK
        .with_borrow_mut(Vec::pop)
        .unwrap_or_else(|| Vec::with_capacity(SMALL))
}

/// Takes a buffer back.
pub(crate) fn give(mut buffer: Vec<u8>) {
    if buffer.capacity() == 0 || buffer.capacity() > LARGEST {
        return;
    }
    STOCK.with_borrow_mut(|stock| {
        if stock.len() < KEPT {
            buffer.clear();
            stock.push(buffer);
        }
    });
}
