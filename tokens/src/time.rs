//! Times in tokens: minutes since 2020, so that four bytes last until the year 10186.
//!
//! Everywhere else a time is seconds since 1970.

/// 2020-01-01T00:00:00Z in seconds since 1970.
pub const EPOCH: i64 = 1_577_836_800;
const MINUTE_SECS: i64 = 60;

/// The first whole minute that is not before `secs`. Times before 2020 are minute 0, which in a token means the event's end.
#[must_use]
pub fn minute(secs: i64) -> u32 {
    let since = secs.saturating_sub(EPOCH).max(0);
    let minutes = since / MINUTE_SECS + i64::from(since % MINUTE_SECS > 0);
    u32::try_from(minutes).unwrap_or(u32::MAX)
}

/// When this minute begins, in seconds since 1970.
#[must_use]
pub fn seconds(minute: u32) -> i64 {
    EPOCH + i64::from(minute) * MINUTE_SECS
}
