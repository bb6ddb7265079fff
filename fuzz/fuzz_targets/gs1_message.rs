//! See `invariants/gs1_message.rs`.
//!
//! Invariant: none of its own.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzz::invariants::gs1_message::check(bytes);
});
