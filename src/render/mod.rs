//! Symbols as files. Every dialect parses its own words into the one [`Request`]; an arm answers it with a
//! [`Rendered`].
//!
//! Invariant: an arm is a pure function of the request. No I/O, no caches, no clock in the bytes.

#[cfg(test)]
mod checks;
mod color;
mod concern;
#[cfg(test)]
mod decoded;
mod digest;
mod encoding;
mod engine;
mod fault;
mod fit;
mod format;
mod grades;
mod layout;
pub mod legacy;
mod logo;
mod materials;
mod padding;
mod reading;
mod rendered;
mod request;
mod room;
mod size;
mod stamp;
mod styled;
mod terminal;

pub use color::Colors;
pub use concern::Concern;
pub use encoding::{Charset, Encoding};
pub use engine::Engine;
pub use fault::{Fault, Faults, Field, Names, NoRoom, Overflow, Problem};
pub use fit::appended;
pub use format::Format;
pub use logo::Logo;
pub use materials::Materials;
pub use padding::Padding;
pub use reading::{Reader, Unread};
pub use rendered::{Facts, File, Rendered};
pub use request::{Request, Spec};
pub use room::Room;
pub use size::{Physical, Size, Unit};
pub use terminal::Terminal;

use std::sync::Arc;

use crate::kernel::{Color, Level};

/// What an arm of this capability is asked. Cheap to clone.
pub type In = Arc<Request>;
