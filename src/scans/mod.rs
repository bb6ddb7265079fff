//! Scans: accepted by a redirect, made durable in a local spool before the redirect is answered, moved from
//! there to the database exactly once.
//!
//! Invariant: a scan leaves the memory only for the spool (or, if the spool fails, for the database), and the
//! spool only after the database has committed it. Whatever dies in between, it is found again.
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
mod keeper;
mod look_ahead;
mod refresh;
mod rollups;
mod user_agent;
mod writer;

pub use address::kept_address;
pub use codec::Scan;
pub use intake::{Accepted, Intake};
pub use keeper::{Keeper, open_spool};
pub use rollups::{Rebuilt, rebuild, rebuildable};

use http::HeaderMap;

pub use crate::store::scans::Country;
use crate::store::scans::Excluded;

/// Why a scan is not a person's, as far as the request itself tells (RFC 9110 §9.3.2, and the headers of
/// `look_ahead`). Bots are told apart later, off the request path.
#[must_use]
pub fn excluded_by_request(head: bool, headers: &HeaderMap) -> Option<Excluded> {
    if head {
        return Some(Excluded::Head);
    }
    look_ahead::is_announced(headers).then_some(Excluded::Prefetch)
}
