//! What is encoded when speed is measured.
//!
//! Invariant: the same texts in every run and for every peer. At level M they fill the versions that `docs/PERFORMANCE.md`
//! names.

/// A name as it stands in tables, and the text.
pub struct Input {
    pub name: &'static str,
    pub text: String,
}

/// From the smallest symbol to the largest, then the two narrow modes.
#[must_use]
pub fn all() -> Vec<Input> {
    let urls = [
        ("url30", 30),
        ("url100", 100),
        ("url300", 300),
        ("url1000", 1000),
        ("url2300", 2300),
    ];
    let mut inputs: Vec<Input> = urls
        .map(|(name, length)| Input {
            name,
            text: url(length),
        })
        .into();
    inputs.push(Input {
        name: "digits500",
        text: cycled(b"0123456789", 7, 500),
    });
    inputs.push(Input {
        name: "alnum200",
        text: cycled(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", 11, 200),
    });
    inputs
}

/// An address in lower case, so that no mode but byte pays.
fn url(length: usize) -> String {
    let mut url = String::from("https://example.org/");
    url += &cycled(b"abcdefghijklmnopqrstuvwxyz/", 10, length - url.len());
    url
}

/// `length` of `letters`, each `step` after the one before and one further with each turn.
fn cycled(letters: &[u8], step: usize, length: usize) -> String {
    (0..length)
        .map(|at| char::from(letters[(at * step + at / letters.len()) % letters.len()]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use qrcodegen::{Mask, QrCode, QrCodeEcc, QrSegment, Version};

    #[test]
    fn the_addresses_fill_the_versions_that_the_tables_name() {
        let versions: Vec<u8> = all()[..5]
            .iter()
            .map(|input| {
                let segments = [QrSegment::make_bytes(input.text.as_bytes())];
                let (level, mask) = (QrCodeEcc::Medium, Some(Mask::new(0)));
                QrCode::encode_segments_advanced(
                    &segments,
                    level,
                    Version::MIN,
                    Version::MAX,
                    mask,
                    false,
                )
                .unwrap()
                .version()
                .value()
            })
            .collect();
        assert_eq!(versions, [3, 6, 13, 26, 40]);
    }
}
