//! Scans: accepted by a redirect, made durable in a local spool before the redirect is answered, moved from
//! there to the database exactly once.
//!
//! Invariant: a scan leaves the memory only for the spool (or, if the spool fails, for the database), and the
//! spool only after the database has committed it. A crash in between loses none.
//!
//! ```text
//! request ─ accept ─▶ open batch ─ writer ─▶ spool (one row per commit) ─ drainer ─▶ scans + counters
//!     ▲                                │
//!     └────── released when durable ───┘   (or after SCAN_ACK_TIMEOUT_MS: answered, counted as unsynced)
//! ```

mod address;
mod codec;
mod drainer;
mod intake;
mod look_ahead;
mod pipeline;
mod refresh;
mod rollups;
mod user_agent;
mod writer;

pub use address::kept_address;
pub use codec::Scan;
pub use intake::{Accepted, Intake};
pub use pipeline::{Pipeline, open_spool};
pub use rollups::{Rebuilt, rebuild, rebuildable};
pub use user_agent::{device_words, is_bot};

use http::HeaderMap;

pub use crate::store::scans::Country;
use crate::store::scans::Excluded;

/// Why a scan is not a person's, by the request alone (RFC 9110 §9.3.2, and the headers of `look_ahead`). Bots are found later,
/// off the request path.
#[must_use]
pub fn excluded_by_request(head: bool, headers: &HeaderMap) -> Option<Excluded> {
    if head {
        return Some(Excluded::Head);
    }
    look_ahead::is_announced(headers).then_some(Excluded::Prefetch)
}
