//! Messages in FlatBuffers.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| crossbar_fuzz::flatbuffers(octets));
