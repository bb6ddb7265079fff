//! Moving traffic from one implementation to another. So far: the shape that every
//! implementation has, and how two of them are compared.

pub mod arm;
pub mod judge;

pub use arm::{Arm, ReadOnly};
pub use judge::{Judge, Match};
