//! What every other module may rely on: the one error type, time, identifiers, the context of a request,
//! and the limits of what the product accepts. Imports nothing from this crate.

pub mod clock;
pub mod ctx;
pub mod error;
pub mod id;
pub mod limits;
pub mod secret;
pub mod signals;
pub mod task;
pub mod tls;

pub use clock::{Clock, SharedClock, SystemClock, Timestamp};
pub use ctx::{Ctx, ID_CHARS};
pub use error::{Error, Kind, Result};
pub use secret::Secret;
