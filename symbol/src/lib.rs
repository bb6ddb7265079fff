//! QR symbols: from text to modules to files (ISO/IEC 18004:2024).
//!
//! Invariant: pure functions of their input. No I/O, no clock, no state but tables that are built once, and no panic
//! on any input.

pub mod file;
mod level;
mod mask;
mod matrix;
pub mod payload;
mod symbol;
mod version;

pub use level::Level;
pub use mask::Mask;
pub use matrix::{Matrix, Row, Runs};
pub use symbol::Symbol;
pub use version::Version;
