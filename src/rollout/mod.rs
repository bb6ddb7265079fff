//! Moving traffic from one implementation to another. So far: the shape that every implementation has.

pub mod arm;

pub use arm::{Arm, ReadOnly};
