//! Texts, numbers and choices: everything but the target and the colours.
//!
//! Invariant: each field is judged whatever is wrong with the others, so all of it can be mended in one go.

use std::ops::RangeInclusive;

use symbol::Version;

use super::{Concern, File, Purpose, Reason, Style, Submission, Verdict, capacity, colors};
use crate::kernel::limits::{CONTENT_CHARS, DESCRIPTION_CHARS, TITLE_CHARS};

/// What dialect v1 takes for an absent size and border.
const SIZE: i64 = 10;
const BORDER: i64 = 4;
/// Pixels of an image in one step of `size`.
const STEP_PX: i64 = 25;
/// Light modules that a reader may count on (ISO/IEC 18004 §9.1).
const QUIET_ZONE: u8 = 4;

const SIZES: RangeInclusive<i64> = 1..=50;
const BORDERS: RangeInclusive<i64> = 0..=20;
const QUALITIES: RangeInclusive<i64> = 1..=100;
const DENSITIES: RangeInclusive<i64> = 72..=1200;
const PHYSICAL_SIZES: RangeInclusive<f64> = 0.1..=100.0;

pub(super) fn check(submission: &Submission, verdict: &mut Verdict) {
    let (style, file) = (&submission.style, &submission.file);
    let version = content(submission, verdict);
    verdict.version = version.map(Version::number);
    for (field, value, limit) in [
        ("title", &submission.title, TITLE_CHARS),
        ("description", &submission.description, DESCRIPTION_CHARS),
    ] {
        text(field, value.as_deref(), limit, verdict);
    }
    number("size", style.size, &SIZES, verdict);
    number("border", style.border, &BORDERS, verdict);
    let levels = ["l", "m", "q", "h"];
    choice(
        "error_level",
        style.error_level.as_deref(),
        &levels,
        verdict,
    );
    colors::check(style, verdict);
    quiet_zone(style, verdict);
    if let Some(version) = version {
        cramped(version, style, file, verdict);
    }
    kind(file, verdict);
    physical(file, verdict);
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
    range: &RangeInclusive<i64>,
    verdict: &mut Verdict,
) {
    if let Some(n) = value.filter(|n| !range.contains(n)) {
        let (from, to) = (range.start(), range.end());
        let message = format!("is {n}: must be between {from} and {to}");
        verdict.refuse(field, Reason::Range, message);
    }
}

/// In either case.
fn choice(field: &'static str, value: Option<&str>, choices: &[&str], verdict: &mut Verdict) {
    let listed = |value: &&str| choices.iter().any(|c| c.eq_ignore_ascii_case(value));
    if value.is_some_and(|v| !listed(&v)) {
        let message = format!("must be one of {}", choices.join(", "));
        verdict.refuse(field, Reason::Choice, message);
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
    let level = capacity::level(submission.style.error_level.as_deref().unwrap_or("m"))?;
    capacity::version(content, level)
        .map_err(|fault| verdict.refuse(field, fault.reason, fault.message))
        .ok()
}

fn quiet_zone(style: &Style, verdict: &mut Verdict) {
    let border = style.border.and_then(|border| u8::try_from(border).ok());
    if let Some(modules) = border.filter(|modules| *modules < QUIET_ZONE) {
        verdict.concerns.push(Concern::QuietZone { modules });
    }
}

/// A module is at least a pixel, so an image of pixels grows if it must.
fn cramped(version: Version, style: &Style, file: &File, verdict: &mut Verdict) {
    let is_svg = file
        .image_format
        .as_deref()
        .is_some_and(|f| f.eq_ignore_ascii_case("svg"));
    if is_svg || file.physical_size.is_some() {
        return;
    }
    let size = style.size.unwrap_or(SIZE);
    let border = style.border.unwrap_or(BORDER);
    if !SIZES.contains(&size) || !BORDERS.contains(&border) {
        return;
    }
    // At most 177.
    let symbol = i64::try_from(version.modules()).unwrap_or(i64::MAX);
    let modules = symbol.saturating_add(2 * border);
    if size * STEP_PX < modules {
        let least = (modules + STEP_PX - 1) / STEP_PX;
        verdict.concerns.push(Concern::Cramped {
            modules: u32::try_from(modules).unwrap_or(u32::MAX),
            size: least,
        });
    }
}

fn kind(file: &File, verdict: &mut Verdict) {
    let formats = ["png", "svg", "jpeg", "jpg", "webp"];
    let format = file.image_format.as_deref();
    choice("image_format", format, &formats, verdict);
    number("image_quality", file.image_quality, &QUALITIES, verdict);
    for (field, value, limit) in [
        ("svg_title", &file.svg_title, TITLE_CHARS),
        ("svg_description", &file.svg_description, DESCRIPTION_CHARS),
    ] {
        text(field, value.as_deref(), limit, verdict);
    }
}

/// Three that go together.
fn physical(file: &File, verdict: &mut Verdict) {
    // No range holds what is not a number.
    if file
        .physical_size
        .is_some_and(|n| !PHYSICAL_SIZES.contains(&n))
    {
        let message = "must be between 0.1 and 100";
        verdict.refuse("physical_size", Reason::Range, message);
    }
    let unit = file.physical_unit.as_deref();
    choice("physical_unit", unit, &["in", "cm", "mm"], verdict);
    number("dpi", file.dpi, &DENSITIES, verdict);
    let given = [
        ("physical_size", file.physical_size.is_some()),
        ("physical_unit", file.physical_unit.is_some()),
        ("dpi", file.dpi.is_some()),
    ];
    if !given.iter().any(|(_, there)| *there) {
        return;
    }
    for (field, _) in given.into_iter().filter(|(_, there)| !there) {
        let message = "is missing: physical_size, physical_unit and dpi go together";
        verdict.refuse(field, Reason::Missing, message);
    }
}

#[cfg(test)]
mod tests;
