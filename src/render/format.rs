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
        Pdf = "pdf",
        Eps = "eps",
        /// Characters, for terminals.
        Text = "text",
        /// Of at most 256 colours. What is half clear is clear.
        Gif = "gif",
    }
}

impl Format {
    /// Those that dialect v1 serves, and that every arm draws.
    pub const ON_SCREENS: [Self; 4] = [Self::Png, Self::Jpeg, Self::Webp, Self::Svg];

    /// Without pixels of their own.
    #[must_use]
    pub const fn is_vector(self) -> bool {
        matches!(self, Self::Svg | Self::Text) || self.is_for_print()
    }

    #[must_use]
    pub const fn is_for_print(self) -> bool {
        matches!(self, Self::Pdf | Self::Eps)
    }

    /// Whether its bytes are UTF-8.
    #[must_use]
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Svg | Self::Text)
    }

    /// As registered with IANA.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Svg => "image/svg+xml",
            Self::Pdf => "application/pdf",
            Self::Eps => "application/postscript",
            Self::Text => "text/plain; charset=utf-8",
            Self::Gif => "image/gif",
        }
    }
}

impl FromStr for Format {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let lower = text.to_ascii_lowercase();
        let label = if lower == "jpg" { "jpeg" } else { &lower };
        let format = Self::ON_SCREENS
            .into_iter()
            .find(|format| format.label() == label);
        format.ok_or(Malformed {
            expected: "must be one of png, svg, jpeg, jpg, webp",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_parse_back() {
        for format in Format::ON_SCREENS {
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
