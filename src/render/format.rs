//! The file formats, and how they are spelled.
//!
//! Invariant: parsing never guesses. What is not one of the listed spellings is refused with the list.

use std::str::FromStr;

use crate::kernel::Malformed;

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
        for format in Format::ALL {
            assert_eq!(format.label().parse(), Ok(format));
        }
        assert_eq!("jpg".parse(), Ok(Format::Jpeg));
    }

    #[test]
    fn anything_else_is_refused_with_the_list() {
        let e = "gif".parse::<Format>().unwrap_err();
        assert!(e.to_string().contains("png"));
        assert_eq!(
            e.in_field("image_format").details()[0].field,
            "image_format"
        );
    }
}
