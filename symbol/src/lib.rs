//! QR symbols: from text to modules to files (ISO/IEC 18004:2024).
//!
//! Invariant: pure functions of their input. No I/O, no clock, no state but tables that are built once, and no panic
//! on any input.

mod append;
mod content;
// The other half of the encoder will call it.
#[allow(dead_code)]
mod data;
mod error;
pub mod file;
mod header;
mod level;
mod mask;
mod matrix;
mod options;
mod symbol;
// The other half of the encoder will use what is left.
#[allow(dead_code)]
mod tables;
mod version;

pub use append::append_parts;
pub use content::Content;
pub use error::{Error, Feature, Found};
pub use header::{Append, Eci, Fnc1};
pub use level::Level;
pub use mask::Mask;
pub use matrix::{Matrix, Row, Runs};
pub use options::{Mode, Options, Versions};
pub use symbol::Symbol;
pub use version::Version;
