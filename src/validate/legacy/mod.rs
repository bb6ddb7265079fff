//! The old rules, field by field. To be replaced; then this folder goes.

mod address;
mod fields;
mod target;
mod validator;

pub use validator::Validator;
