//! The old rules, field by field. To be replaced; then this folder goes.

mod address;
mod fields;
mod judge;
mod target;
mod validator;

pub use judge::{Fact, Judge};
pub use validator::Validator;
