//! QR symbols: from text to modules to files (ISO/IEC 18004:2024).
//!
//! ```
//! use symbol::{Options, encode, file::{Canvas, Inks, Picture, png}};
//!
//! let symbol = encode("https://example.com", &Options::default())?;
//! let picture = Picture {
//!     dark: symbol.matrix(),
//!     data: symbol.data_area(),
//!     canvas: Canvas::fit(symbol.matrix().modules(), 4, 300).ok_or("300 pixels are too few")?,
//!     inks: Inks::BLACK_ON_WHITE,
//!     dpi: None,
//! };
//! let mut file = Vec::new();
//! png::write(&picture, &mut file);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`encode()`] turns [`Content`] into a [`Symbol`] according to [`Options`], or fails with an [`Error`].
//!   On the way: `data` finds the shortest segments and writes codewords; `draw` adds those that correct errors, places
//!   their bits and finds the mask.
//! - [`mod@file`] has a module for each format that a symbol can become.
//! - [`payload`] writes texts that phones act on: networks, cards, events, payments.
//! - [`read`] decodes modules to text. It shares no code with the encoder but tables.
//!
//! Invariant: pure functions of their input. No I/O, no clock, no state but tables that are built once, and no panic
//! on any input.

// Drawing is compiled once for each level of CPU features; only what is inlined into it profits.
#![allow(clippy::inline_always)]

mod append;
mod content;
mod cpu;
mod data;
mod draw;
mod encode;
mod error;
pub mod file;
mod header;
mod level;
mod mask;
mod matrix;
mod options;
pub mod payload;
pub mod read;
mod symbol;
mod tables;
mod version;

pub use append::append_parts;
pub use content::Content;
pub use cpu::Cpu;
pub use encode::{encode, encode_on, measure};
pub use error::{Error, Feature, Unencodable};
pub use header::{Append, Eci, Fnc1};
pub use level::{Level, UnknownLevel};
pub use mask::Mask;
pub use matrix::{Matrix, Row, Runs};
pub use options::{Declare, Mode, Options, Versions};
pub use symbol::Symbol;
pub use version::Version;
