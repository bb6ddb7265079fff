//! Whether a data field has the format of its Application Identifier.
//!
//! Invariant: what passes has only characters of sets 82, 39 or digits, so no separator and nothing beyond ASCII.

use super::{
    super::{
        civil,
        error::{Checked, Wrong},
        iban,
    },
    ai::{Part, Rule, Set},
};

/// Takes each part as long as it can be.
pub(super) fn check(value: &str, parts: &[Part]) -> Checked<()> {
    let mut rest = value;
    for part in parts {
        let end = rest
            .bytes()
            .take(part.max)
            .take_while(|&b| part.set.has(b))
            .count();
        let (head, tail) = rest.split_at(end);
        if head.is_empty() && part.is_optional {
            break;
        }
        if head.len() < part.min {
            return Err(wrong_shape(
                value,
                head.len() + value.len() - rest.len(),
                parts,
            ));
        }
        part.rule.check(head)?;
        rest = tail;
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err(wrong_shape(value, value.len() - rest.len(), parts))
    }
}

/// Mod 10 with weights 3 and 1 from the right (GS1 General Specifications §7.9.1).
pub(super) fn check_digit(digits: &[u8]) -> u8 {
    let weighted = digits.iter().rev().zip([3, 1].into_iter().cycle());
    let sum = weighted.fold(0_u32, |sum, (digit, weight)| {
        sum + u32::from(digit & 15) * weight
    });
    // Below 10.
    b'0' + u8::try_from((10 - sum % 10) % 10).unwrap_or_default()
}

fn wrong_shape(value: &str, at: usize, parts: &[Part]) -> Wrong {
    let right: Vec<String> = parts.iter().map(Part::to_string).collect();
    let wrong = if at == value.len() {
        "ends too early".to_owned()
    } else {
        format!("does not fit at byte {}", at + 1)
    };
    Wrong::new(wrong, format!("must be {}", right.join(", then ")))
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { set, min, max, .. } = self;
        if self.is_optional {
            f.write_str("nothing or ")?;
        }
        if min == max {
            write!(f, "{max} ")?;
        } else {
            write!(f, "{min} to {max} ")?;
        }
        f.write_str(match set {
            Set::Digits => "digits",
            Set::Cset82 => "letters, digits or any of !\"%&'()*+,-./:;<=>?_",
            Set::Cset39 => "capitals, digits or any of #-/",
            Set::Hyphen => "-",
        })
    }
}

impl Set {
    /// GS1 General Specifications figures 7.11-1 and 7.11-2.
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Digits => byte.is_ascii_digit(),
            Self::Cset82 => {
                byte.is_ascii_alphanumeric() || b"!\"%&'()*+,-./:;<=>?_".contains(&byte)
            }
            Self::Cset39 => {
                byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"#-/".contains(&byte)
            }
            Self::Hyphen => byte == b'-',
        }
    }
}

impl Rule {
    fn check(self, text: &str) -> Checked<()> {
        let bytes = text.as_bytes();
        let number = |text: &str| text.parse::<u8>().unwrap_or(u8::MAX);
        match self {
            Self::None => Ok(()),
            Self::CheckDigit => match bytes.split_last() {
                Some((last, digits)) if *last == check_digit(digits) => Ok(()),
                _ => Err(Wrong::new(
                    "has a check digit that does not fit",
                    "must end in the GS1 check digit",
                )),
            },
            Self::Date | Self::DateOrMonth => {
                let [year, month, day] = [&text[..2], &text[2..4], &text[4..]].map(number);
                // Two digits stand for 1950s to 2050s (§7.12), among which every fourth year is a leap year, as 2000 is.
                let days = civil::days(2000 + u16::from(year), month);
                let first = u8::from(self == Self::Date);
                if days > 0 && (first..=days).contains(&day) {
                    Ok(())
                } else {
                    Err(Wrong::new(
                        "has a day that does not exist",
                        "must be YYMMDD",
                    ))
                }
            }
            Self::AtMost(most) if number(text) <= most => Ok(()),
            Self::AtMost(most) => Err(Wrong::new(
                format!("has {text} where at most {most} can be"),
                "must be at most that",
            )),
            Self::Iban => iban::iban(text).map(|_| ()),
        }
    }
}
