//! Dialects of other services: `docs/MOVING.md`. What their documentation says is what a caller gets who changed one host name.

mod drawn;
mod errors;
mod read;
mod short;
