//! Symbols as files. Every dialect parses its own words into the one [`Request`]; an arm answers it with an
//! [`Image`].
//!
//! Invariant: a pure function of the request (and of the arm's own logo). No I/O, no caches, no clock in the bytes.

mod color;
mod concern;
#[cfg(test)]
mod decoded;
mod digest;
mod engine;
mod fit;
mod format;
mod image;
mod layout;
pub mod legacy;
mod logo;
mod request;
mod room;
mod size;

pub use color::Colors;
pub use concern::Concern;
pub use engine::Engine;
pub use format::Format;
pub use image::Image;
pub use request::{Request, Spec};
pub use room::Room;
pub use size::{Physical, Size, Unit};

use std::sync::Arc;

use crate::kernel::{Color, Level};

/// What an arm of this capability is asked. Cheap to clone.
pub type In = Arc<Request>;
