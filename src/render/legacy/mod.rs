//! The old renderer: the `qrcode` crate finds the modules, the `image` crate writes the pixels.
//! To be replaced; then this folder goes.

mod judge;
mod raster;
mod renderer;
mod svg;
mod symbol;

pub use judge::{Fact, Judge};
pub use renderer::Renderer;

#[cfg(test)]
mod tests;
