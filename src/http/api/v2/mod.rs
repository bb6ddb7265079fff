//! Symbols without a stored code (`/api/v2/qr`): styled, in any format, with a grade.

pub mod analytics;
pub mod batch;
pub mod counts;
mod decoration;
pub mod generate;
pub mod graded;
mod made;
pub mod options;
pub mod preview;
pub mod validate;
pub mod word;
