//! QR symbols: from text to modules to files (ISO/IEC 18004:2024).
//!
//! Invariant: pure functions of their input. No I/O, no clock, no state but tables that are built once, and no panic
//! on any input.

// Drawing is compiled once for each level of CPU features; only what is inlined into it profits.
#![allow(clippy::inline_always)]

mod content;
mod correction;
mod cpu;
mod data;
mod draw;
mod encode;
mod error;
pub mod file;
mod format;
mod galois;
mod header;
mod layout;
mod level;
mod lines;
mod mask;
mod matrix;
mod options;
mod patterns;
pub mod payload;
mod penalty;
pub mod read;
mod strips;
mod symbol;
mod tables;
mod transpose;
mod version;

pub use content::Content;
pub use cpu::Cpu;
pub use encode::{encode, encode_on};
pub use error::{Error, Feature, Found};
pub use header::{Append, Eci, Fnc1};
pub use level::Level;
pub use mask::Mask;
pub use matrix::{Matrix, Row, Runs};
pub use options::{Mode, Options, Versions};
pub use symbol::Symbol;
pub use version::Version;
