//! Places.
//!
//! Invariant: numbers have neither exponents nor zeros that say nothing, and 0 has no sign.

use super::{
    Payload,
    error::{Checked, Error, Faults, Wrong},
};

/// A point on the Earth (RFC 5870, WGS 84).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Geo {
    /// Degrees north, -90..=90. Written with at most 7 decimals (about 1 cm).
    pub latitude_deg: f64,
    /// Degrees east, -180..=180. At a pole it says nothing and is written as 0 (§3.4.2).
    pub longitude_deg: f64,
    /// Metres above the ellipsoid, -12 000..=1 000 000, to the centimetre.
    pub altitude_m: Option<f64>,
    /// How far off, in metres, 0..=10 000 000, to the centimetre.
    pub uncertainty_m: Option<f64>,
}

impl Geo {
    /// # Errors
    /// Names the field that is out of its range or no number.
    pub fn build(&self) -> Result<Payload, Error> {
        let mut faults = Faults::default();
        let latitude = faults.keep("latitude_deg", decimal(self.latitude_deg, (-90.0, 90.0), 7));
        let mut longitude = faults.keep(
            "longitude_deg",
            decimal(self.longitude_deg, (-180.0, 180.0), 7),
        );
        if matches!(latitude.as_str(), "90" | "-90") {
            "0".clone_into(&mut longitude);
        }
        let mut text = format!("geo:{latitude},{longitude}");
        if let Some(altitude_m) = self.altitude_m {
            text.push(',');
            text.push_str(&faults.keep("altitude_m", decimal(altitude_m, (-12_000.0, 1e6), 2)));
        }
        if let Some(uncertainty_m) = self.uncertainty_m {
            text.push_str(";u=");
            text.push_str(&faults.keep("uncertainty_m", decimal(uncertainty_m, (0.0, 1e7), 2)));
        }
        faults.finish(text)
    }
}

/// `coord-a` of RFC 5870 §3.3: digits, with a dot and more digits if need be.
fn decimal(value: f64, (min, max): (f64, f64), decimals: usize) -> Checked<String> {
    if !(min..=max).contains(&value) {
        let wrong = if value.is_finite() {
            "is out of range"
        } else {
            "is no number"
        };
        return Err(Wrong::new(wrong, format!("must be {min} to {max}")));
    }
    let text = format!("{value:.decimals$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    Ok(if text == "-0" { "0" } else { text }.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(
        latitude_deg: f64,
        longitude_deg: f64,
        altitude_m: Option<f64>,
        uncertainty_m: Option<f64>,
    ) -> String {
        let geo = Geo {
            latitude_deg,
            longitude_deg,
            altitude_m,
            uncertainty_m,
        };
        geo.build()
            .map_or_else(|e| e.to_string(), Payload::into_text)
    }

    #[test]
    fn examples_of_rfc_5870() {
        assert_eq!(build(13.4125, 103.8667, None, None), "geo:13.4125,103.8667");
        assert_eq!(
            build(48.2010, 16.3695, Some(183.0), None),
            "geo:48.201,16.3695,183"
        );
        assert_eq!(build(66.0, 30.0, None, Some(6.5)), "geo:66,30;u=6.5");
        assert_eq!(build(90.0, -22.43, None, None), "geo:90,0");
    }

    #[test]
    fn plain_decimals() {
        assert_eq!(build(1e-9, -1e-9, Some(-0.001), Some(0.0)), "geo:0,0,0;u=0");
        assert_eq!(
            build(0.1 + 0.2, -180.0, Some(1e6), Some(1e7)),
            "geo:0.3,-180,1000000;u=10000000"
        );
        assert_eq!(build(10.0, 100.0, None, None), "geo:10,100");
    }

    #[test]
    fn ranges() {
        assert_eq!(
            build(90.001, f64::NAN, Some(f64::INFINITY), Some(-1.0)),
            "latitude_deg is out of range; must be -90 to 90. longitude_deg is no number; must be -180 to 180. \
             altitude_m is no number; must be -12000 to 1000000. uncertainty_m is out of range; must be 0 to 10000000"
        );
    }
}
