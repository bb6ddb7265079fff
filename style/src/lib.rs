//! Styled QR symbols: from a [`Style`] and modules to a [`Scene`], from the scene to files, and a [`Grade`] that says
//! whether readers cope.
//!
//! - [`Style`] holds what a caller chooses: pattern, eyes, inks and gradients.
//! - [`compose()`] turns it and a symbol into a [`Scene`]: shapes in whole numbers and the paint of each.
//! - [`svg`], [`pdf`], [`eps`] and [`raster`] draw a scene; all see the same shapes, so that formats agree.
//! - [`grade()`] computes a grade after ISO/IEC 15415 from the scene, not from pixels.
//!
//! Invariant: pure functions of their input. No I/O, no clock, no randomness, and no panic on any input.

// Coordinates are bounded: a scene is less than 2^21 units wide, a picture at most 10 000 pixels.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap
)]

mod compose;
mod fixes;
mod frame;
pub mod geometry;
mod grade;
mod print;
pub mod raster;
mod scene;
mod style;
pub mod svg;
mod text;

pub use compose::{compose, compose_apart};
pub use fixes::{Change, Fix, fixes};
pub use frame::{Frame, FrameKind, Framed, Side};
pub use grade::{Grade, Parameter, Plain, Reason, Report, grade, grade_plain};
pub use print::{eps, pdf};
pub use scene::{
    Cast, Effects, Layer, Modules, Paint, Picture, Place, Role, Scene, Shape, border, centre, trace,
};
pub use style::{
    Border, Centre, Effect, EyeInks, EyeShape, Eyes, Gradient, Kind, Logo, LogoShape, NoOutline,
    Pattern, Stop, Stroke, Style,
};
pub use text::{Fonts, NotAFont, Set, Text, Unshaped};
