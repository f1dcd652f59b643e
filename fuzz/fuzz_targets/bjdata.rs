//! Messages in BJData.
#![no_main]

use crossbar_wire::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| crossbar_fuzz::message(Format::Bjdata, octets));
