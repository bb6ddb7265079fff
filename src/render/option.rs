//! The closed choices of a request, and how they are spelled.
//!
//! Invariant: parsing never guesses. What is not one of the listed spellings is refused with the list.

use std::{fmt, str::FromStr};

use crate::kernel::Error;

/// A value that could not be parsed. Says what would be right; the dialect knows what the field is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    pub expected: &'static str,
}

impl Malformed {
    /// As a 422 about the caller's field.
    #[track_caller]
    #[must_use]
    pub fn in_field(self, field: &'static str) -> Error {
        Error::invalid(field, self.expected)
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }
}

impl std::error::Error for Malformed {}

/// Error correction level (ISO/IEC 18004 §7.5.1): how much of the symbol may be lost, about 7, 15, 25, 30 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    L,
    #[default]
    M,
    Q,
    H,
}

impl Level {
    pub const ALL: [Self; 4] = [Self::L, Self::M, Self::Q, Self::H];

    /// Lower case, as dialect v1 spells it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::L => "l",
            Self::M => "m",
            Self::Q => "q",
            Self::H => "h",
        }
    }
}

impl FromStr for Level {
    type Err = Malformed;

    /// Either case: dialect v1 writes lower case, the organizations' dialect upper case.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        match text {
            "l" | "L" => Ok(Self::L),
            "m" | "M" => Ok(Self::M),
            "q" | "Q" => Ok(Self::Q),
            "h" | "H" => Ok(Self::H),
            _ => Err(Malformed {
                expected: "must be one of l, m, q, h",
            }),
        }
    }
}

/// The file format of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    #[default]
    Png,
    Jpeg,
    /// Always lossless: two flat colours compress better that way, and the `image` crate writes no other.
    Webp,
    Svg,
}

impl Format {
    pub const ALL: [Self; 4] = [Self::Png, Self::Jpeg, Self::Webp, Self::Svg];

    /// The metric label, and the canonical spelling.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
            Self::Svg => "svg",
        }
    }

    /// As registered with IANA.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Svg => "image/svg+xml",
        }
    }
}

impl FromStr for Format {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        match text.to_ascii_lowercase().as_str() {
            "png" => Ok(Self::Png),
            "jpeg" | "jpg" => Ok(Self::Jpeg),
            "webp" => Ok(Self::Webp),
            "svg" => Ok(Self::Svg),
            _ => Err(Malformed {
                expected: "must be one of png, svg, jpeg, jpg, webp",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_parse_back() {
        for level in Level::ALL {
            assert_eq!(level.label().parse(), Ok(level));
            assert_eq!(level.label().to_uppercase().parse(), Ok(level));
        }
        for format in Format::ALL {
            assert_eq!(format.label().parse(), Ok(format));
        }
        assert_eq!("jpg".parse(), Ok(Format::Jpeg));
    }

    #[test]
    fn anything_else_is_refused_with_the_list() {
        assert!("".parse::<Level>().is_err());
        assert!("high".parse::<Level>().is_err());
        let e = "gif".parse::<Format>().unwrap_err();
        assert!(e.to_string().contains("png"));
        assert_eq!(
            e.in_field("image_format").details()[0].field,
            "image_format"
        );
    }
}
