//! Batches: the first octet says of which serializer. What is a batch gives itself again when its messages are joined.
#![no_main]

use bytes::Bytes;
use crossbar_wire::{Batch, Format, Separator, put_batched};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Some((&choice, octets)) = octets.split_first() else {
        return;
    };
    let format = Format::ALL[usize::from(choice) % Format::ALL.len()];
    let Ok(batch) = Batch::new(format, Bytes::copy_from_slice(octets)) else {
        return;
    };
    let separator = batch.separator().unwrap_or(Separator::Record);
    let mut again = Vec::new();
    for message in batch {
        put_batched(format, separator, &message, &mut again);
    }
    // Both separators may stand in one batch.
    let same = |(a, b): (&u8, &u8)| a == b || (matches!(a, 0x18 | 0x1e) && matches!(b, 0x18 | 0x1e));
    assert_eq!(again.len(), octets.len());
    assert!(again.iter().zip(octets).all(same));
});
