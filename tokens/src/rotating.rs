//! Windows of 30 s. A rotating token says from which one it is, and counts in it and the next two.
//!
//! So a screenshot counts for less than 90 s after it was taken, and for at least 60 s.

use crate::{EventId, Kind, Reason, Serial, Subject, Token, time::EPOCH};

/// Seconds of a window.
pub const WINDOW_SECS: i64 = 30;
/// Windows after its own in which a token still counts: the time to walk to the gate and be scanned.
pub const GRACE_WINDOWS: u32 = 2;
/// Windows that a token may be ahead of the verifier's clock, which may be late.
pub const AHEAD_WINDOWS: u32 = 1;

/// The window at this time: windows are counted from 2020. `now`: seconds since 1970.
#[must_use]
pub fn window(now: i64) -> u32 {
    let since = now.saturating_sub(EPOCH).max(0);
    u32::try_from(since / WINDOW_SECS).unwrap_or(u32::MAX)
}

/// Seconds until the next window begins, 1 to 30: when to ask for the next token.
#[must_use]
pub fn seconds_until_rotation(now: i64) -> i64 {
    WINDOW_SECS - now.saturating_sub(EPOCH).rem_euclid(WINDOW_SECS)
}

/// An attendee's token for the window at this time.
#[must_use]
pub fn token(event: EventId, subject: Subject, serial: Serial, now: i64) -> Token {
    Token {
        kind: Kind::Rotating,
        event,
        subject,
        time: window(now),
        serial,
    }
}

pub(crate) fn check(from: u32, now: i64) -> Result<(), Reason> {
    let current = window(now);
    if from > current.saturating_add(AHEAD_WINDOWS) {
        return Err(Reason::NotYetValid);
    }
    if current > from.saturating_add(GRACE_WINDOWS) {
        return Err(Reason::Expired);
    }
    Ok(())
}
