//! A logo of any bytes: see `logo/tests/random.rs`.
//!
//! Invariant: none of its own.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _answer = logo::read(bytes);
});
