//! Everything but the target: texts, numbers, colours.

use std::ops::RangeInclusive;

use qrcode::EcLevel;

use crate::{
    kernel::{
        Color,
        error::Detail,
        limits::{BORDER_MODULES, CONTENT_CHARS, DESCRIPTION_CHARS, SIZE_STEPS, TITLE_CHARS},
    },
    validate::{Purpose, Style, Submission},
};

/// Collects what is wrong, so that the caller can mend all of it in one go.
#[derive(Default)]
pub struct Findings(pub Vec<Detail>);

impl Findings {
    pub fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push(Detail {
            field: field.into(),
            message: message.into().into(),
        });
    }

    fn text(&mut self, field: &'static str, value: Option<&String>, limit: usize) {
        let Some(value) = value else { return };
        let chars = value.chars().count();
        if chars > limit {
            self.add(
                field,
                format!("has {chars} characters: shorten it to {limit}"),
            );
        }
        // No database column holds it.
        if value.contains('\0') {
            self.add(field, "must not hold the character U+0000: remove it");
        }
    }

    fn number(&mut self, field: &'static str, value: Option<i64>, range: &RangeInclusive<u8>) {
        let (from, to) = (range.start(), range.end());
        if value.is_some_and(|n| n < i64::from(*from) || n > i64::from(*to)) {
            self.add(field, format!("must be between {from} and {to}"));
        }
    }

    /// In either case.
    fn choice(&mut self, field: &'static str, value: Option<&String>, choices: &[&str]) {
        let listed = |v: &&String| choices.iter().any(|c| c.eq_ignore_ascii_case(v));
        if value.is_some_and(|v| !listed(&v)) {
            self.add(field, format!("must be one of {}", choices.join(", ")));
        }
    }

    /// `None` if absent or unparsable; the latter is noted.
    fn color(&mut self, field: &'static str, value: Option<&String>) -> Option<Color> {
        let value = value?;
        let color = value.parse().ok();
        if color.is_none() {
            self.add(field, "must be an opaque colour such as #RGB or #RRGGBB");
        }
        color
    }
}

pub fn check(submission: &Submission, findings: &mut Findings) {
    content(submission, findings);
    findings.text("title", submission.title.as_ref(), TITLE_CHARS);
    findings.text(
        "description",
        submission.description.as_ref(),
        DESCRIPTION_CHARS,
    );
    style(&submission.style, findings);
}

fn content(submission: &Submission, findings: &mut Findings) {
    if submission.purpose != Purpose::CreateStatic {
        return;
    }
    let content = submission.content.as_ref();
    match content {
        None => findings.add(
            "content",
            "is missing: give the text that the code shall hold",
        ),
        Some(text) if text.is_empty() => {
            findings.add(
                "content",
                "must not be empty: give the text that the code shall hold",
            );
        }
        Some(text) => {
            findings.text("content", content, CONTENT_CHARS);
            if text.chars().count() <= CONTENT_CHARS {
                capacity(text, submission.style.error_level.as_deref(), findings);
            }
        }
    }
}

/// What no symbol holds at the asked level could be stored, but never shown.
fn capacity(text: &str, level: Option<&str>, findings: &mut Findings) {
    // ISO/IEC 18004 table 7, version 40, byte mode; from the strongest level to the weakest.
    let levels = [
        ("h", EcLevel::H, 1273),
        ("q", EcLevel::Q, 1663),
        ("m", EcLevel::M, 2331),
        ("l", EcLevel::L, 2953),
    ];
    let asked = level.unwrap_or("m");
    let asked = levels
        .iter()
        .position(|(name, ..)| name.eq_ignore_ascii_case(asked));
    let Some((&(name, level, bytes), weaker)) = asked.and_then(|at| levels[at..].split_first())
    else {
        return;
    };
    // Digits and capitals take less than a byte each; what is not ASCII is always written in bytes.
    let fits = |level, bytes| {
        text.len() <= bytes
            || text.is_ascii() && qrcode::bits::encode_auto(text.as_bytes(), level).is_ok()
    };
    if fits(level, bytes) {
        return;
    }
    let helps = weaker.iter().find(|&&(_, level, bytes)| fits(level, bytes));
    let instead = helps.map_or(String::new(), |(name, ..)| {
        format!(" or ask for error_level {name}")
    });
    let message = format!(
        "has {} bytes, at error_level {name} a symbol holds {bytes}: shorten it{instead}",
        text.len()
    );
    findings.add("content", message);
}

fn style(style: &Style, findings: &mut Findings) {
    findings.number("size", style.size, &SIZE_STEPS);
    findings.number("border", style.border, &BORDER_MODULES);
    findings.choice(
        "error_level",
        style.error_level.as_ref(),
        &["l", "m", "q", "h"],
    );
    let mut color = |field, value: &Option<String>, absent| match value {
        None => Some(absent),
        Some(_) => findings.color(field, value.as_ref()),
    };
    let fill = color("fill_color", &style.fill_color, Color::BLACK);
    let back = color("back_color", &style.back_color, Color::WHITE);
    if fill.is_some() && fill == back {
        // The one that was given.
        let (field, other) = match style.fill_color {
            Some(_) => ("fill_color", "back_color"),
            None => ("back_color", "fill_color"),
        };
        let message = format!("must differ from {other}: the symbol would be invisible");
        findings.add(field, message);
    }
}

#[cfg(test)]
mod tests;
