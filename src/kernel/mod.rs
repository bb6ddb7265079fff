//! What every other module may rely on: the one error type, time, identifiers, the context of a request,
//! and the limits of what the product accepts. Imports nothing from this crate.

pub mod clock;
pub mod color;
pub mod ctx;
pub mod error;
pub mod id;
mod label;
pub mod limits;
pub mod secret;
pub mod signals;
mod slug;
pub mod task;
pub mod tls;

pub use clock::{Clock, SharedClock, SystemClock, Timestamp};
pub use color::Color;
pub use ctx::{Ctx, ID_CHARS, QuotaLeft};
pub use error::{Error, Kind, Malformed, Result};
pub(crate) use label::label;
pub use secret::Secret;
pub use slug::Slug;
/// The one error correction level: the symbol's own, because nothing else gives it a meaning.
pub use symbol::Level;
