//! Remembering answers. So far: in the memory of this process.

mod local;

pub use local::{Bounds, Found, Local};
