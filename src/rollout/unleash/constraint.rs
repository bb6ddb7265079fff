//! Constraints of strategies, as Unleash's Node SDK reads them. They are decided here because the Rust SDK differs from it
//! (docs/adr/0010-unleash-sdk.md), and because the Rust SDK decides constraints whose fields it does not have.
//!
//! Invariant: the fields known here are the same for every unit, so a constraint holds or not for a whole refresh.

use std::cmp::Ordering;

use regex::RegexBuilder;
use semver::Version;
use serde::Deserialize;

use crate::kernel::Timestamp;

/// The fields that constraints may ask for: every SDK puts them into its context by itself.
#[derive(Clone, Debug)]
pub struct Facts {
    pub app_name: String,
    /// Of the token.
    pub environment: String,
    pub now: Timestamp,
}

/// One constraint, as the server spells it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Constraint {
    context_name: String,
    operator: String,
    values: Option<Vec<String>>,
    value: Option<String>,
    #[serde(default)]
    inverted: bool,
    #[serde(default)]
    case_insensitive: bool,
}

/// Whether all of them hold. One that does not hold decides, also beside one that cannot be decided.
///
/// # Errors
/// Why it cannot be decided here.
pub fn all_hold(constraints: &[Constraint], facts: &Facts) -> Result<bool, String> {
    let mut unknown = None;
    for constraint in constraints {
        match constraint.holds(facts) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(why) => unknown = unknown.or(Some(why)),
        }
    }
    unknown.map_or(Ok(true), Err)
}

impl Constraint {
    fn holds(&self, facts: &Facts) -> Result<bool, String> {
        let holds = match self.operator.as_str() {
            // About the time, whichever field they name.
            "DATE_AFTER" => self.date()?.is_some_and(|date| facts.now > date),
            "DATE_BEFORE" => self.date()?.is_some_and(|date| facts.now < date),
            "IN" => self.any(self.field(facts)?, str::eq),
            "NOT_IN" => !self.any(self.field(facts)?, str::eq),
            "STR_STARTS_WITH" => self.any_cased(self.field(facts)?, |s, v| s.starts_with(v)),
            "STR_ENDS_WITH" => self.any_cased(self.field(facts)?, |s, v| s.ends_with(v)),
            "STR_CONTAINS" => self.any_cased(self.field(facts)?, |s, v| s.contains(v)),
            "NUM_EQ" => {
                self.numbers(facts, |a, b| a.partial_cmp(&b).is_some_and(Ordering::is_eq))?
            }
            "NUM_GT" => self.numbers(facts, |a, b| a > b)?,
            "NUM_GTE" => self.numbers(facts, |a, b| a >= b)?,
            "NUM_LT" => self.numbers(facts, |a, b| a < b)?,
            "NUM_LTE" => self.numbers(facts, |a, b| a <= b)?,
            "SEMVER_EQ" => self.versions(facts, Ordering::is_eq)?,
            "SEMVER_GT" => self.versions(facts, Ordering::is_gt)?,
            "SEMVER_GTE" => self.versions(facts, Ordering::is_ge)?,
            "SEMVER_LT" => self.versions(facts, Ordering::is_lt)?,
            "SEMVER_LTE" => self.versions(facts, Ordering::is_le)?,
            "REGEX" => self.matches(self.field(facts)?)?,
            other => return Err(format!("the operator {other} is not known here")),
        };
        Ok(holds != self.inverted)
    }

    fn field<'a>(&self, facts: &'a Facts) -> Result<&'a str, String> {
        match self.context_name.as_str() {
            "appName" => Ok(&facts.app_name),
            "environment" => Ok(&facts.environment),
            "userId" | "sessionId" => Err(
                "a constraint names users or sessions; what is divided here are images and codes"
                    .to_owned(),
            ),
            other => Err(format!(
                "a constraint asks for {other}, which is not known here"
            )),
        }
    }

    fn any(&self, field: &str, is: impl Fn(&str, &str) -> bool) -> bool {
        let mut values = self.values.iter().flatten().filter(|v| !v.is_empty());
        values.any(|value| is(field, trim(value)))
    }

    fn any_cased(&self, field: &str, is: impl Fn(&str, &str) -> bool) -> bool {
        if self.case_insensitive {
            self.any(&field.to_lowercase(), |f, v| is(f, &v.to_lowercase()))
        } else {
            self.any(field, is)
        }
    }

    fn numbers(&self, facts: &Facts, is: impl Fn(f64, f64) -> bool) -> Result<bool, String> {
        let field = number(self.field(facts)?);
        let value = self.value.as_deref().and_then(number);
        Ok(matches!((field, value), (Some(f), Some(v)) if is(f, v)))
    }

    fn versions(&self, facts: &Facts, is: impl Fn(Ordering) -> bool) -> Result<bool, String> {
        let field = version(self.field(facts)?);
        // A `v` is tolerated in the value only.
        let value = self.value.as_deref().map(trim);
        let value = value.and_then(|v| version(v.strip_prefix('v').unwrap_or(v)));
        Ok(matches!((field, value), (Some(f), Some(v)) if is(f.cmp_precedence(&v))))
    }

    fn matches(&self, field: &str) -> Result<bool, String> {
        let Some(pattern) = &self.value else {
            return Ok(false);
        };
        let regex = RegexBuilder::new(pattern)
            .case_insensitive(self.case_insensitive)
            .build();
        match regex {
            // Beyond ASCII, classes such as `\d` differ.
            Ok(regex) if field.is_ascii() => Ok(regex.is_match(field)),
            _ => Err("a regular expression cannot be used here".to_owned()),
        }
    }

    /// `None` without a value.
    fn date(&self) -> Result<Option<Timestamp>, String> {
        let Some(value) = &self.value else {
            return Ok(None);
        };
        let day = || {
            let day: jiff::civil::Date = value.parse().ok()?;
            let start = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
            (value.len() == 10).then(|| start.timestamp())
        };
        let date = value.parse().ok().or_else(day);
        date.map(Some)
            .ok_or_else(|| format!("a constraint has a date without a time zone: {value}"))
    }
}

/// White space as JavaScript knows it.
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}')
}

/// JavaScript's `Number(text)`; `None` for NaN.
fn number(text: &str) -> Option<f64> {
    let text = trim(text);
    let radix = match text.as_bytes() {
        [] => return Some(0.0),
        b"Infinity" | b"+Infinity" => return Some(f64::INFINITY),
        b"-Infinity" => return Some(f64::NEG_INFINITY),
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', b'o' | b'O', ..] => 8,
        [b'0', b'b' | b'B', ..] => 2,
        _ => {
            // Rust also reads `inf` and `nan`.
            let plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
            return text.parse().ok().filter(|_| text.chars().all(plain));
        }
    };
    let digits = text[2..].chars().map(|c| c.to_digit(radix));
    let whole = digits.collect::<Option<Vec<u32>>>()?;
    let add = |sum: f64, digit: u32| sum.mul_add(f64::from(radix), f64::from(digit));
    (!whole.is_empty()).then(|| whole.into_iter().fold(0.0, add))
}

/// As the npm package `semver` parses it: numbers up to 2^53 - 1.
fn version(text: &str) -> Option<Version> {
    const COUNTABLE: u64 = (1 << 53) - 1;
    let version = Version::parse(trim(text)).ok()?;
    let parts = [version.major, version.minor, version.patch];
    (text.len() <= 256 && parts.iter().all(|part| *part <= COUNTABLE)).then_some(version)
}

#[cfg(test)]
mod tests;
