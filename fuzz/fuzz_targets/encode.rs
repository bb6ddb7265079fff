//! See `symbol/tests/encode/invariants.rs`.
//!
//! Invariant: none of its own.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzz::encode::check(bytes);
});
