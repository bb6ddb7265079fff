//! A place is where it was, to the centimetre, in plain decimals.

use symbol::payload::Geo;

use super::{built, input::Input};

/// A number as RFC 5870's grammar has it, in its one shortest form.
fn number(text: &str) -> f64 {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "1"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    assert!(is_digits(whole) && is_digits(fraction), "{text}");
    assert!(whole == "0" || !whole.starts_with('0'), "{text}");
    assert!(!fraction.ends_with('0') && text != "-0", "{text}");
    text.parse().unwrap()
}

fn is_near(text: &str, given: f64, most: f64) -> bool {
    (number(text) - given).abs() <= most
}

pub fn check(bytes: &[u8]) -> bool {
    let mut input = Input::new(bytes);
    let geo = Geo {
        latitude_deg: input.float(90.0),
        longitude_deg: input.float(180.0),
        altitude_m: input.maybe(|input| input.float(12_000.0)),
        uncertainty_m: input.maybe(|input| input.float(10_000_000.0).abs()),
    };
    let Some(out) = built(geo.build()) else {
        return false;
    };
    let rest = out.strip_prefix("geo:").unwrap();
    let (place, uncertainty) = match rest.split_once(";u=") {
        Some((place, uncertainty)) => (place, Some(uncertainty)),
        None => (rest, None),
    };
    let parts: Vec<&str> = place.split(',').collect();
    assert_eq!(
        parts.len(),
        2 + usize::from(geo.altitude_m.is_some()),
        "{out}"
    );
    assert!(is_near(parts[0], geo.latitude_deg, 6e-8), "{out}");
    let is_pole = number(parts[0]).abs() >= 90.0;
    assert!(
        is_near(
            parts[1],
            if is_pole { 0.0 } else { geo.longitude_deg },
            6e-8
        ),
        "{out}"
    );
    assert!(
        geo.altitude_m
            .is_none_or(|altitude_m| is_near(parts[2], altitude_m, 6e-3)),
        "{out}"
    );
    assert_eq!(uncertainty.is_some(), geo.uncertainty_m.is_some());
    assert!(
        uncertainty.is_none_or(|text| is_near(text, geo.uncertainty_m.unwrap(), 6e-3)),
        "{out}"
    );
    true
}
