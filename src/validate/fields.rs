//! Texts, numbers and choices: everything but the target and the colours.
//!
//! Invariant: each field is judged whatever is wrong with the others, so all of it can be mended in one go.

use std::ops::RangeInclusive;

use symbol::Version;

use super::{Concern, Purpose, Reason, Style, Submission, Verdict, capacity, colors};
use crate::kernel::{
    Level,
    limits::{
        BORDER_MODULES, CONTENT_CHARS, DEFAULT_SIZE_STEPS, DESCRIPTION_CHARS, QUIET_ZONE_MODULES,
        SIZE_STEPS, STEP_PX, TITLE_CHARS,
    },
};

pub(super) fn check(submission: &Submission, verdict: &mut Verdict) {
    let style = &submission.style;
    let version = content(submission, verdict);
    verdict.version = version.map(Version::number);
    for (field, value, limit) in [
        ("title", &submission.title, TITLE_CHARS),
        ("description", &submission.description, DESCRIPTION_CHARS),
    ] {
        text(field, value.as_deref(), limit, verdict);
    }
    number("size", style.size, &SIZE_STEPS, verdict);
    number("border", style.border, &BORDER_MODULES, verdict);
    if let Some(Err(unknown)) = style.error_level.as_deref().map(str::parse::<Level>) {
        verdict.refuse("error_level", Reason::Choice, unknown.to_string());
    }
    colors::check(style, verdict);
    quiet_zone(style, verdict);
    if let Some(version) = version {
        cramped(version, style, verdict);
    }
}

fn text(field: &'static str, value: Option<&str>, limit: usize, verdict: &mut Verdict) {
    let Some(value) = value else { return };
    let chars = value.chars().count();
    if chars > limit {
        let message = format!("has {chars} characters: shorten it to {limit}");
        verdict.refuse(field, Reason::Length, message);
    }
    // No database column holds it.
    if value.contains('\0') {
        let message = "must not hold the character U+0000: remove it";
        verdict.refuse(field, Reason::Character, message);
    }
}

fn number(
    field: &'static str,
    value: Option<i64>,
    range: &RangeInclusive<u8>,
    verdict: &mut Verdict,
) {
    let (from, to) = (range.start(), range.end());
    if let Some(n) = value.filter(|&n| n < i64::from(*from) || n > i64::from(*to)) {
        let message = format!("is {n}: must be between {from} and {to}");
        verdict.refuse(field, Reason::Range, message);
    }
}

/// Only a new static code's: a dynamic one holds `{base_url}/r/{slug}?scan_ref=qr`, which fits at any level.
fn content(submission: &Submission, verdict: &mut Verdict) -> Option<Version> {
    if submission.purpose != Purpose::CreateStatic {
        return None;
    }
    let field = "content";
    let Some(content) = submission.content.as_deref() else {
        let message = "is missing: give the text that the code shall hold";
        verdict.refuse(field, Reason::Missing, message);
        return None;
    };
    if content.is_empty() {
        let message = "must not be empty: give the text that the code shall hold";
        verdict.refuse(field, Reason::Empty, message);
        return None;
    }
    let before = verdict.reasons.len();
    text(field, Some(content), CONTENT_CHARS, verdict);
    if verdict.reasons[before..].contains(&Reason::Length) {
        return None;
    }
    // One that is no level is refused for itself.
    let level = submission.style.error_level.as_deref();
    let level = level.map_or(Ok(Level::default()), str::parse).ok()?;
    capacity::version(content, level)
        .map_err(|fault| verdict.refuse(field, fault.reason, fault.message))
        .ok()
}

fn quiet_zone(style: &Style, verdict: &mut Verdict) {
    let border = style.border.and_then(|border| u8::try_from(border).ok());
    if let Some(modules) = border.filter(|modules| *modules < QUIET_ZONE_MODULES) {
        verdict.concerns.push(Concern::QuietZone { modules });
    }
}

/// A module is at least a pixel, so an image grows if it must.
fn cramped(version: Version, style: &Style, verdict: &mut Verdict) {
    let within = |value: Option<i64>, default: u8, range: &RangeInclusive<u8>| {
        let value = value.map_or(Ok(default), u8::try_from).ok();
        value.filter(|n| range.contains(n)).map(u32::from)
    };
    let size = within(style.size, DEFAULT_SIZE_STEPS, &SIZE_STEPS);
    let border = within(style.border, QUIET_ZONE_MODULES, &BORDER_MODULES);
    let (Some(size), Some(border)) = (size, border) else {
        return;
    };
    // At most 177 and twice the border.
    let modules = u32::try_from(version.modules())
        .unwrap_or(u32::MAX)
        .saturating_add(2 * border);
    if size * STEP_PX < modules {
        let size = modules.div_ceil(STEP_PX);
        verdict.concerns.push(Concern::Cramped { modules, size });
    }
}

#[cfg(test)]
mod tests;
