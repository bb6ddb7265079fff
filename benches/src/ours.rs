//! Our encoder, as the measuring and verifying binaries call it.
//!
//! Invariant: with `files` the only place that knows how ours is called.

pub use symbol::{
    Content, Cpu, Declare, Level, Mask, Matrix, Mode, Options, Symbol, Version, Versions, encode,
    encode_on,
};

/// QR version `number`, 1..=40; the largest where there is no such.
#[must_use]
pub fn qr(number: usize) -> Version {
    let number = u8::try_from(number).unwrap_or(u8::MAX);
    Version::qr(number).unwrap_or(Version::MAX)
}
