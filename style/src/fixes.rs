//! What would make a picture better: single changes, found by trying.

use symbol::{Symbol, file::Ink};

use crate::{
    compose,
    grade::{Grade, grade},
    style::{EyeInks, EyeShape, Pattern, Style},
};

/// Light modules that the standard asks for (ISO/IEC 18004 §9.1).
const QUIET_ZONE: u8 = 4;

/// One change of what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// To so many light modules.
    QuietZone(u8),
    Ink(Ink),
    Ground(Ink),
    Pattern(Pattern),
    Eyes(EyeShape),
    /// Eyes in the ink of the rest.
    EyeInks,
    /// Every colour at this share of its lightness, in percent.
    DarkerGradient(u8),
    /// The ink, and the ground, are exchanged.
    Exchange,
}

/// A change, and the grade that it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fix {
    pub change: Change,
    pub grade: Grade,
}

/// Single changes that lead to a better grade, the best first; of equal ones the smaller change.
#[must_use]
pub fn fixes(symbol: &Symbol, style: &Style, quiet_zone: u8) -> Vec<Fix> {
    let now = grade(&compose(symbol, style, quiet_zone), symbol).grade();
    let black = Ink::BLACK;
    let changes = [
        Change::QuietZone(QUIET_ZONE),
        Change::Exchange,
        Change::DarkerGradient(70),
        Change::DarkerGradient(40),
        Change::EyeInks,
        Change::Ink(black),
        Change::Ground(Ink::WHITE),
        Change::Eyes(EyeShape::RoundedSquare),
        Change::Eyes(EyeShape::Square),
        Change::Pattern(Pattern::Rounded),
        Change::Pattern(Pattern::Square),
    ];
    let tried = changes.into_iter().filter_map(|change| {
        let (style, quiet_zone) = changed(style, quiet_zone, change)?;
        let grade = grade(&compose(symbol, &style, quiet_zone), symbol).grade();
        (grade > now).then_some(Fix { change, grade })
    });
    let mut better: Vec<_> = tried.collect();
    better.sort_by_key(|fix| std::cmp::Reverse(fix.grade));
    better
}

/// `None`: it is so already.
fn changed(style: &Style, quiet_zone: u8, change: Change) -> Option<(Style, u8)> {
    let mut new = style.clone();
    let mut zone = quiet_zone;
    match change {
        Change::QuietZone(modules) => zone = zone.max(modules),
        Change::Ink(ink) => new.ink = ink,
        Change::Ground(ink) => new.ground = ink,
        Change::Pattern(pattern) => new.pattern = pattern,
        Change::Eyes(shape) => (new.eyes.border, new.eyes.centre) = shape.parts(),
        Change::EyeInks => new.eyes.inks = EyeInks::default(),
        Change::DarkerGradient(percent) => {
            let darker = |c: u8| (u16::from(c) * u16::from(percent) / 100) as u8;
            for stop in &mut new.gradient.as_mut()?.stops {
                stop.rgb = stop.rgb.map(darker);
            }
        }
        Change::Exchange => (new.ink, new.ground) = (style.ground, style.ink),
    }
    (new != *style || zone != quiet_zone).then_some((new, zone))
}
