//! The Application Identifiers and what their data fields look like (GS1 General Specifications §3.2, release 24).
//!
//! Invariant: no AI is in two rows. What is not here is refused: its data could not be checked. Left out are coupons
//! (8110, 8112), signatures (8030) and model numbers with their own check characters (8013).

use super::super::error::{Checked, Wrong};

/// A part of a data field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) set: Set,
    pub(super) min: usize,
    pub(super) max: usize,
    pub(super) rule: Rule,
    /// May be left out, and then so is what follows it.
    pub(super) is_optional: bool,
}

/// Which characters (§7.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {
    Digits,
    Cset82,
    Cset39,
    /// A minus sign after a temperature.
    Hyphen,
}

/// What else must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    None,
    /// The last digit is the check digit (§7.9).
    CheckDigit,
    /// YYMMDD, in which day 00 is the last of the month.
    DateOrMonth,
    /// YYMMDD.
    Date,
    /// A number of at most this: hours, minutes, yes or no.
    AtMost(u8),
    Iban,
}

/// How one AI, or a family of them, is used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    pub(super) parts: &'static [Part],
    /// May describe an item that is identified by a GTIN, in the query of its link. Keys, their qualifiers and what
    /// describes something else may not.
    pub(super) is_attribute: bool,
    /// Its length is told by its first two digits, so that no separator follows (§7.8.5, figure 7.8.5-2).
    pub(super) is_predefined: bool,
}

struct Row {
    first: u16,
    last: u16,
    /// Of the AI. Where it is one more than `first` has, the AI's last digit is a number of decimals, at most `decimals`.
    decimals: Option<u16>,
    is_attribute: bool,
    parts: &'static [Part],
}

const fn part(set: Set, min: usize, max: usize, rule: Rule) -> Part {
    Part {
        set,
        min,
        max,
        rule,
        is_optional: false,
    }
}

/// `max` digits.
const fn n(max: usize) -> Part {
    part(Set::Digits, max, max, Rule::None)
}

/// 1..=`max` digits.
const fn n_to(max: usize) -> Part {
    part(Set::Digits, 1, max, Rule::None)
}

/// 1..=`max` characters of set 82.
const fn x(max: usize) -> Part {
    part(Set::Cset82, 1, max, Rule::None)
}

/// `max` characters of set 82.
const fn x_all(max: usize) -> Part {
    part(Set::Cset82, max, max, Rule::None)
}

const fn check(max: usize) -> Part {
    part(Set::Digits, max, max, Rule::CheckDigit)
}

/// Two digits up to `most`.
const fn two(most: u8) -> Part {
    part(Set::Digits, 2, 2, Rule::AtMost(most))
}

const fn maybe(of: Part) -> Part {
    Part {
        is_optional: true,
        ..of
    }
}

const MONTH: Part = part(Set::Digits, 6, 6, Rule::DateOrMonth);
const DAY: Part = part(Set::Digits, 6, 6, Rule::Date);
const YES_NO: Part = part(Set::Digits, 1, 1, Rule::AtMost(1));
const ZERO: Part = part(Set::Digits, 1, 1, Rule::AtMost(0));
const MINUS: Part = maybe(part(Set::Hyphen, 1, 1, Rule::None));

/// Describes an item with a GTIN.
const fn has(first: u16, last: u16, parts: &'static [Part]) -> Row {
    Row {
        first,
        last,
        decimals: None,
        is_attribute: true,
        parts,
    }
}

/// A key, a qualifier of a key, or what describes something else.
const fn is(first: u16, last: u16, parts: &'static [Part]) -> Row {
    Row {
        is_attribute: false,
        ..has(first, last, parts)
    }
}

/// A family: three digits, and one that says how many decimals the value has.
const fn decimals(first: u16, last: u16, most: u16, parts: &'static [Part]) -> Row {
    Row {
        decimals: Some(most),
        ..has(first, last, parts)
    }
}

/// Two-digit AIs.
const TWO: &[Row] = &[
    is(0, 0, &[check(18)]),
    is(1, 2, &[check(14)]),
    is(10, 10, &[x(20)]),
    has(11, 11, &[MONTH]),
    is(12, 12, &[MONTH]),
    has(13, 13, &[MONTH]),
    has(15, 17, &[MONTH]),
    has(20, 20, &[n(2)]),
    is(21, 22, &[x(20)]),
    has(30, 30, &[n_to(8)]),
    is(37, 37, &[n_to(8)]),
    has(90, 90, &[x(30)]),
    has(91, 99, &[x(90)]),
];

/// Three-digit AIs.
const THREE: &[Row] = &[
    is(235, 235, &[x(28)]),
    has(240, 241, &[x(30)]),
    has(242, 242, &[n_to(6)]),
    has(243, 243, &[x(20)]),
    has(250, 251, &[x(30)]),
    is(253, 253, &[check(13), maybe(x(17))]),
    is(254, 254, &[x(20)]),
    is(255, 255, &[check(13), maybe(n_to(12))]),
    has(400, 400, &[x(30)]),
    is(401, 401, &[x(30)]),
    is(402, 402, &[check(17)]),
    is(403, 403, &[x(30)]),
    has(410, 413, &[check(13)]),
    is(414, 415, &[check(13)]),
    has(416, 416, &[check(13)]),
    is(417, 417, &[check(13)]),
    has(420, 420, &[x(20)]),
    has(421, 421, &[n(3), x(9)]),
    has(422, 422, &[n(3)]),
    has(
        423,
        423,
        &[n(3), maybe(n(3)), maybe(n(3)), maybe(n(3)), maybe(n(3))],
    ),
    has(424, 424, &[n(3)]),
    has(
        425,
        425,
        &[n(3), maybe(n(3)), maybe(n(3)), maybe(n(3)), maybe(n(3))],
    ),
    has(426, 426, &[n(3)]),
    has(427, 427, &[x(3)]),
    has(710, 715, &[x(20)]),
];

/// Four-digit AIs.
const FOUR: &[Row] = &[
    decimals(310, 316, 5, &[n(6)]),
    decimals(320, 337, 5, &[n(6)]),
    decimals(340, 357, 5, &[n(6)]),
    decimals(360, 369, 5, &[n(6)]),
    Row {
        is_attribute: false,
        ..decimals(390, 390, 9, &[n_to(15)])
    },
    Row {
        is_attribute: false,
        ..decimals(391, 391, 9, &[n(3), n_to(15)])
    },
    decimals(392, 392, 9, &[n_to(15)]),
    decimals(393, 393, 9, &[n(3), n_to(15)]),
    Row {
        is_attribute: false,
        ..decimals(394, 394, 3, &[n(4)])
    },
    decimals(395, 395, 5, &[n(6)]),
    is(4300, 4301, &[x(35)]),
    is(4302, 4306, &[x(70)]),
    is(4307, 4307, &[x_all(2)]),
    is(4308, 4308, &[x(30)]),
    is(4309, 4309, &[n(20)]),
    is(4310, 4311, &[x(35)]),
    is(4312, 4316, &[x(70)]),
    is(4317, 4317, &[x_all(2)]),
    is(4318, 4318, &[x(20)]),
    is(4319, 4319, &[x(30)]),
    is(4320, 4320, &[x(35)]),
    is(4321, 4323, &[YES_NO]),
    // The time may be 9999: none.
    is(4324, 4325, &[MONTH, n(4)]),
    is(4326, 4326, &[DAY]),
    is(4330, 4333, &[n(6), MINUS]),
    has(7001, 7001, &[n(13)]),
    has(7002, 7002, &[x(30)]),
    has(7003, 7003, &[DAY, two(23), two(59)]),
    has(7004, 7004, &[n_to(4)]),
    has(7005, 7005, &[x(12)]),
    has(7006, 7006, &[DAY]),
    has(7007, 7007, &[DAY, maybe(DAY)]),
    has(7008, 7008, &[x(3)]),
    has(7009, 7009, &[x(10)]),
    has(7010, 7010, &[x(2)]),
    has(7011, 7011, &[DAY, maybe(two(23)), maybe(two(59))]),
    has(7020, 7022, &[x(20)]),
    has(7023, 7023, &[x(30)]),
    has(7030, 7039, &[n(3), x(27)]),
    is(7040, 7040, &[n(1), x_all(3)]),
    has(7230, 7239, &[x_all(2), x(28)]),
    has(7240, 7240, &[x(20)]),
    is(7241, 7241, &[n(2)]),
    is(7242, 7242, &[x(25)]),
    has(8001, 8001, &[n(14)]),
    has(8002, 8002, &[x(20)]),
    is(8003, 8003, &[ZERO, check(13), maybe(x(16))]),
    is(8004, 8004, &[x(30)]),
    has(8005, 8005, &[n(6)]),
    is(8006, 8006, &[check(14), n(4)]),
    is(8007, 8007, &[part(Set::Cset82, 1, 34, Rule::Iban)]),
    has(8008, 8008, &[DAY, two(23), maybe(two(59)), maybe(two(59))]),
    has(8009, 8009, &[x(50)]),
    is(8010, 8010, &[part(Set::Cset39, 1, 30, Rule::None)]),
    is(8011, 8011, &[n_to(12)]),
    has(8012, 8012, &[x(20)]),
    is(8017, 8018, &[check(18)]),
    is(8019, 8019, &[n_to(10)]),
    is(8020, 8020, &[x(25)]),
    is(8026, 8026, &[check(14), n(4)]),
    is(8111, 8111, &[n(4)]),
    has(8200, 8200, &[x(70)]),
];

/// The format of an AI.
pub(super) fn find(ai: &str) -> Checked<Format> {
    let right = "must be 2 to 4 digits of a known Application Identifier such as 01, 10 or 3103";
    let rows = match ai.len() {
        2 => TWO,
        3 => THREE,
        4 => FOUR,
        _ => &[],
    };
    let code: Option<u16> = if ai.bytes().all(|b| b.is_ascii_digit()) {
        ai.parse().ok()
    } else {
        None
    };
    let code = code.ok_or_else(|| Wrong::new("is no number", right))?;
    let row = rows.iter().find(|row| match row.decimals {
        None => (row.first..=row.last).contains(&code),
        Some(most) => (row.first..=row.last).contains(&(code / 10)) && code % 10 <= most,
    });
    let row = row.ok_or_else(|| Wrong::new("is not known", right))?;
    let is_predefined = matches!(
        ai.as_bytes(),
        [b'0', b'0'..=b'4', ..]
            | [b'1', b'1'..=b'9', ..]
            | [b'2', b'0', ..]
            | [b'3', b'1'..=b'6', ..]
            | [b'4', b'1', ..]
    );
    Ok(Format {
        parts: row.parts,
        is_attribute: row.is_attribute,
        is_predefined,
    })
}
