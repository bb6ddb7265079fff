//! Whether a symbol holds the content.
//!
//! Invariant: says what [`symbol::encode`] would, so what is accepted can be drawn.

use symbol::{Declare, Error, Level, Options, Version, measure};

use super::{Reason, reason::Fault};

/// The version of the symbol that is drawn for `text`.
///
/// # Errors
/// By how much it is too long, and at which level it would fit.
pub(super) fn version(text: &str, level: Level) -> Result<Version, Fault> {
    let options = Options {
        level,
        declare_utf8: Some(Declare::Auto),
        ..Options::default()
    };
    let error = match measure(text, &options) {
        Ok((version, _)) => return Ok(version),
        Err(error) => error,
    };
    let message = match error {
        Error::TooLong {
            needed_bits,
            available_bits,
            level,
            fits,
            ..
        } => {
            let (needed, available) = (needed_bits.div_ceil(8), available_bits / 8);
            let instead = fits.map_or(String::new(), |level| {
                format!(", or ask for error_level {}", level.label())
            });
            format!(
                "needs {needed} bytes, the largest symbol has {available} at error_level {}: shorten it by {}{instead}",
                level.label(),
                needed.saturating_sub(available).max(1),
            )
        }
        // Nothing else is asked of it.
        other => other.to_string(),
    };
    Err(Fault::new(Reason::Capacity, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(text: &str, level: Level) -> Option<u8> {
        version(text, level).ok().map(Version::number)
    }

    #[test]
    fn capacity_is_that_of_the_standard_in_every_mode() {
        // ISO/IEC 18004 table 7, version 40.
        for (level, digits, capitals, bytes, kanji) in [
            (Level::L, 7089, 4296, 2953, 1817),
            (Level::M, 5596, 3391, 2331, 1435),
            (Level::Q, 3993, 2420, 1663, 1024),
            (Level::H, 3057, 1852, 1273, 784),
        ] {
            for (c, most) in [("1", digits), ("A", capitals), ("a", bytes), ("点", kanji)] {
                assert_eq!(held(&c.repeat(most), level), Some(40), "{c} {level:?}");
                assert_eq!(held(&c.repeat(most + 1), level), None, "{c} {level:?}");
            }
        }
    }

    #[test]
    fn the_version_is_the_smallest() {
        assert_eq!(held("HELLO WORLD", Level::Q), Some(1));
        assert_eq!(held(&"1".repeat(41), Level::L), Some(1));
        assert_eq!(held(&"1".repeat(42), Level::L), Some(2));
    }

    #[test]
    fn a_refusal_says_by_how_much_and_what_would_fit() {
        let fault = version(&"a".repeat(1664), Level::H).unwrap_err();
        assert_eq!(
            fault.message,
            "needs 1667 bytes, the largest symbol has 1276 at error_level h: shorten it by 391, or ask for error_level m"
        );
        let fault = version(&"a".repeat(2954), Level::H).unwrap_err();
        assert!(!fault.message.contains("or ask"), "{}", fault.message);
    }
}
