//! Symbols without a stored code (`/api/v2/qr`): styled, in any format, with a grade.

pub mod analytics;
pub mod append;
pub mod batch;
pub mod counts;
mod decoration;
mod encoding;
pub mod generate;
mod graded;
pub mod made;
mod options;
pub mod preview;
pub mod validate;
