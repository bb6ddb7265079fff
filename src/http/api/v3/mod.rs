//! Symbols in parts, for pages that draw them without raw HTML (`/api/v3/qr`). Options are those of v2 in `snake_case`.

pub mod answer;
pub mod batch;
pub mod generate;
mod options;
mod parts;
pub mod preview;
pub mod validate;
