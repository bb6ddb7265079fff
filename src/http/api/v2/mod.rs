//! Symbols without a stored code (`/api/v2/qr`): styled, in any format, with a grade.

pub mod analytics;
pub mod append;
pub mod batch;
pub mod counts;
pub mod decoration;
pub mod encoding;
pub mod generate;
pub mod graded;
pub mod made;
pub mod options;
mod over;
pub mod preview;
pub mod validate;
