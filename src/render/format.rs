//! The file formats, and how they are spelled.
//!
//! Invariant: parsing never guesses. What is not one of the listed spellings is refused with the list.

use std::str::FromStr;

use crate::kernel::{Malformed, label};

label! {
    /// The file format of the answer, with its metric label and canonical spelling.
    #[derive(Default)]
    Format {
        #[default]
        Png = "png",
        Jpeg = "jpeg",
        /// Always lossless: two flat colours compress better that way, and the `image` crate writes no other.
        Webp = "webp",
        Svg = "svg",
    }
}

impl Format {
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
        let lower = text.to_ascii_lowercase();
        let label = if lower == "jpg" { "jpeg" } else { &lower };
        Self::from_label(label).ok_or(Malformed {
            expected: "must be one of png, svg, jpeg, jpg, webp",
        })
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
