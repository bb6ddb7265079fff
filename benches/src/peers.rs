//! The other encoders that live in a Rust process.
//!
//! Invariant: each is called as its documentation shows, at level M, with the smallest version and its own choice of
//! mask.

mod make;
mod segments;

pub use make::{ALL, Output, Peer};
pub use segments::{capacity_bits, kanji, level, qrcodegen_matrix, qrcodegen_symbol};
