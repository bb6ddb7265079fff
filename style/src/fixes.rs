//! What would make a picture better: single changes, found by trying.

use symbol::{Level, Symbol, file::Ink};

use crate::{
    compose,
    grade::{Grade, grade},
    style::{EyeInks, EyeShape, Pattern, Style},
};

/// One change of what was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
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
    /// More error correction.
    Level(Level),
    /// A logo of this share of the symbol's width.
    LogoShare(f32),
    /// So many modules around a logo.
    LogoPadding(f32),
    NoStroke,
    /// Without the effect of this name.
    NoEffect(&'static str),
}

/// A change, and the grade that it leads to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fix {
    pub change: Change,
    pub grade: Grade,
}

/// Modules that are looked at for fixes of one symbol, and changes that are tried of the largest.
const MODULES_TRIED: usize = 250_000;
const LEAST_TRIED: usize = 8;

/// Single changes that lead to a better grade, the best first; of equal ones the smaller change. Of large symbols the first few are
/// tried. `again` makes a symbol of the same
/// content at another level.
#[must_use]
pub fn fixes(
    symbol: &Symbol,
    style: &Style,
    quiet_zone: u8,
    again: impl Fn(Level) -> Option<Symbol>,
) -> Vec<Fix> {
    let now = grade(&compose(symbol, style, quiet_zone), symbol).grade();
    let stronger = Level::ALL
        .into_iter()
        .filter(|level| *level > symbol.level());
    let levels = stronger.map(Change::Level);
    let shares = [0.25, 0.2, 0.15, 0.1, 0.05].map(Change::LogoShare);
    let effects = style
        .effects
        .iter()
        .map(|effect| Change::NoEffect(effect.label()));
    let others = [
        Change::QuietZone(symbol.version().quiet_zone()),
        Change::Exchange,
        Change::DarkerGradient(70),
        Change::DarkerGradient(40),
        Change::EyeInks,
        Change::Ink(Ink::BLACK),
        Change::Ground(Ink::WHITE),
        Change::Eyes(EyeShape::RoundedSquare),
        Change::Eyes(EyeShape::Square),
        Change::Pattern(Pattern::Rounded),
        Change::Pattern(Pattern::Square),
        Change::NoStroke,
        Change::LogoPadding(0.0),
    ];
    let changes = levels.chain(shares).chain(effects).chain(others);
    let possible = changes.filter_map(|change| {
        if let Change::Level(level) = change {
            return Some((change, again(level)?, style.clone(), quiet_zone));
        }
        let (style, quiet_zone) = changed(style, quiet_zone, change)?;
        Some((change, symbol.clone(), style, quiet_zone))
    });
    let modules = symbol.matrix().modules();
    let most = (MODULES_TRIED / (modules * modules)).max(LEAST_TRIED);
    let tried = possible
        .take(most)
        .filter_map(|(change, symbol, style, quiet_zone)| {
            let grade = grade(&compose(&symbol, &style, quiet_zone), &symbol).grade();
            (grade > now).then_some(Fix { change, grade })
        });
    let mut better: Vec<_> = tried.collect();
    better.sort_by_key(|fix| std::cmp::Reverse(fix.grade));
    // Of several sizes, and of several levels, the first is enough.
    let (mut sizes, mut levels) = (0, 0);
    better.retain(|fix| match fix.change {
        Change::LogoShare(_) => std::mem::replace(&mut sizes, 1) == 0,
        Change::Level(_) => std::mem::replace(&mut levels, 1) == 0,
        _ => true,
    });
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
        Change::Eyes(shape) => {
            (new.eyes.border, new.eyes.centre) = shape.parts();
            new.eyes.custom = None;
        }
        Change::EyeInks => new.eyes.inks = EyeInks::default(),
        Change::DarkerGradient(percent) => {
            let darker = |c: u8| (u16::from(c) * u16::from(percent) / 100) as u8;
            for stop in &mut new.gradient.as_mut()?.stops {
                stop.rgb = stop.rgb.map(darker);
            }
        }
        Change::Exchange => (new.ink, new.ground) = (style.ground, style.ink),
        Change::LogoShare(share) => {
            let logo = new.logo.as_mut().filter(|logo| share < logo.share)?;
            logo.share = share;
        }
        Change::LogoPadding(modules) => {
            let logo = new.logo.as_mut().filter(|logo| modules < logo.padding)?;
            logo.padding = modules;
        }
        Change::NoStroke => new.stroke = None,
        Change::NoEffect(label) => new.effects.retain(|effect| effect.label() != label),
        // Another symbol, the same style.
        Change::Level(_) => return None,
    }
    (new != *style || zone != quiet_zone).then_some((new, zone))
}
