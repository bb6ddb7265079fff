//! What stands in the value of an attribute or property: numbers, references, strokes.
//!
//! Invariant: no number and no reference that usvg would find is missed.

use std::iter;

/// Arcs become curves by the sixth root of their radius: coordinates, and percentages and multiples of the font's size.
const LARGEST: f64 = 1e5;
const LARGEST_RELATIVE: f64 = 1e3;

/// Whether declarations hold a `stroke` other than none, or what cannot be told from one.
pub fn strokes(declarations: &str) -> bool {
    declarations.split("stroke").skip(1).any(|rest| {
        let value = rest.trim_start().strip_prefix(':').unwrap_or(rest);
        !rest.starts_with('-') && !value.trim_start().starts_with("none")
    })
}

/// The ids in `#id` of a link and in each `url(#id)`, read as usvg reads them; `None` if one is no id.
pub fn references<'a>(name: &str, value: &'a str) -> Option<Vec<&'a str>> {
    if name == "href" {
        return Some(vec![value.trim_matches([' ', '\t', '\n', '\r', '#'])]);
    }
    let mut ids = Vec::new();
    let lower = value.to_ascii_lowercase();
    for (at, function) in lower.match_indices("url(") {
        let rest = value.get(at + function.len()..).unwrap_or_default();
        let end = rest.find(')').unwrap_or(rest.len());
        let inner = rest.get(..end).unwrap_or_default();
        let inner = inner.trim_matches([' ', '\t', '\n', '\r', '\'', '"']);
        ids.push(inner.strip_prefix('#')?);
    }
    Some(ids)
}

/// The numbers in a value, without their sign, and how large each may be.
pub fn numbers<'a>(name: &'a str, value: &'a str) -> impl Iterator<Item = (f64, f64)> + 'a {
    let named = name.starts_with("data-")
        || name.starts_with("aria-")
        || ["class", "href", "id"].contains(&name);
    let mut rest = if named { "" } else { value };
    iter::from_fn(move || {
        loop {
            let first = rest.chars().next()?;
            let length = |of: &dyn Fn(char) -> bool| rest.find(|c| !of(c)).unwrap_or(rest.len());
            if first.is_ascii_digit() || first == '.' {
                let end = number_end(rest.as_bytes());
                let (number, after) = rest.split_at_checked(end)?;
                rest = after;
                let relative = after.starts_with(['%', 'e']);
                // Width and height chain: each is a share of the one around it.
                let most = match relative {
                    true if matches!(name, "width" | "height") && after.starts_with('%') => 100.0,
                    true => LARGEST_RELATIVE,
                    false if matches!(name, "font" | "font-size") => LARGEST_RELATIVE,
                    false => LARGEST,
                };
                return Some((number.parse().unwrap_or_default(), most));
            }
            // A colour or a word, but a command in a path.
            let skipped = match first {
                '#' => {
                    1 + rest
                        .get(1..)?
                        .find(|c: char| !c.is_alphanumeric())
                        .unwrap_or(rest.len() - 1)
                }
                c if c.is_alphabetic() && name != "d" => length(&|c| c.is_alphanumeric()),
                c => c.len_utf8(),
            };
            rest = rest.get(skipped..)?;
        }
    })
}

/// Where a number without a sign ends.
fn number_end(bytes: &[u8]) -> usize {
    let digits = |from: usize| {
        bytes
            .iter()
            .skip(from)
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end += 1 + digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    end
}
