//! A message over several symbols (ISO/IEC 18004 §8).
//!
//! Invariant: the parts one after another are the message, and none of them is empty.

use crate::{
    Append, Content, Error, Feature, Mode, Options, Version, Versions,
    data::{data_codewords, parity},
};

/// Bytes of the longest content of a symbol: 7089 digits in 40-L.
const LONGEST: usize = 7089;

/// Splits `content` into at most `at_most` parts (1..=16) for symbols of one version: the smallest that
/// [`Options::versions`] allow and that it takes. Micro QR cannot be appended.
///
/// Each part comes with the options that make its symbol; `options.append` is ignored. A message that fits into one
/// symbol is left whole, without [`Options::append`]. Text is split between characters, bytes anywhere, but between
/// pairs where [`Mode::Kanji`] is forced. The parity is that of the message as byte mode would have it.
///
/// # Errors
///
/// Those of encoding `content` whole: [`Error::TooLong`] if so many of the largest symbols do not hold it.
pub fn append_parts<'a>(
    content: Content<'a>,
    at_most: u8,
    options: &Options,
) -> Result<Vec<(Content<'a>, Options)>, Error> {
    let (first, last) = options.versions.ends();
    let versions: Vec<Version> = match options.versions {
        Versions::Exactly(version) => vec![version],
        _ => Version::all_qr()
            .filter(|version| (first..=last).contains(version))
            .collect(),
    };
    let at_most = usize::from(at_most.clamp(1, 16));
    let of = |version, append| Options {
        versions: Versions::Exactly(version),
        append,
        ..options.clone()
    };
    let Some(&largest) = versions.last() else {
        return Err(Error::NotInVersion {
            version: last,
            feature: Feature::Append,
        });
    };
    let whole = data_codewords(content, &of(largest, None), &mut Vec::new());
    match whole {
        Ok(_) | Err(Error::TooLong { .. }) => {}
        Err(other) => return Err(other),
    }
    let split = |version| split(content, at_most, &of(version, None));
    let too_small = versions.partition_point(|&version| split(version).is_none());
    let parts = versions
        .get(too_small)
        .and_then(|&version| Some((version, split(version)?)));
    let Some((version, parts)) = parts else {
        return Err(whole.err().unwrap_or(Error::NotInVersion {
            version: largest,
            feature: Feature::Append,
        }));
    };
    let parity = parity(content, options)?;
    let total = u8::try_from(parts.len()).unwrap_or(16);
    let place = |(part, position)| (part, of(version, Append::new(position, total, parity)));
    Ok(parts.into_iter().zip(0..).map(place).collect())
}

/// Fills one symbol after the other. `None` if that takes more than `at_most`.
fn split<'a>(content: Content<'a>, at_most: usize, options: &Options) -> Option<Vec<Content<'a>>> {
    let mut scratch = Vec::new();
    let mut fits = |part, options: &Options| data_codewords(part, options, &mut scratch).is_ok();
    if fits(content, options) {
        return Some(vec![content]);
    }
    let appended = Options {
        append: Append::new(0, 2, 0),
        ..options.clone()
    };
    let mut parts = Vec::new();
    let mut rest = content;
    while !rest.as_bytes().is_empty() {
        // More content never takes fewer bits, so what fits can be searched for by halves.
        let (mut fitting, mut too_long) = (0, rest.as_bytes().len().min(LONGEST) + 1);
        while too_long - fitting > 1 {
            let middle = fitting.midpoint(too_long);
            let (part, _) = cut(rest, middle, options);
            if fits(part, &appended) {
                fitting = middle;
            } else {
                too_long = middle;
            }
        }
        let (part, behind) = cut(rest, fitting, options);
        if part.as_bytes().is_empty() || parts.len() == at_most {
            return None;
        }
        parts.push(part);
        rest = behind;
    }
    (at_most > 1).then_some(parts)
}

/// Splits at byte `at`, or at the last allowed boundary before it.
fn cut<'a>(content: Content<'a>, at: usize, options: &Options) -> (Content<'a>, Content<'a>) {
    match content {
        Content::Text(text) => {
            let (part, behind) = text.split_at(text.floor_char_boundary(at));
            (part.into(), behind.into())
        }
        Content::Bytes(bytes) => {
            let pairs = options.mode == Some(Mode::Kanji);
            let (part, behind) = bytes.split_at(if pairs { at & !1 } else { at });
            (part.into(), behind.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;
    use proptest::prelude::*;

    fn joined(parts: &[(Content, Options)]) -> Vec<u8> {
        let bytes = parts.iter().map(|(part, _)| part.as_bytes());
        bytes.collect::<Vec<_>>().concat()
    }

    proptest! {
        #[test]
        fn parts_fit_and_are_the_message(
            text in "([0-9]{0,300}|[a-z0-9]{0,300}|[A-Zäß漢字😀]{0,100}){0,4}",
            at_most in 0_u8..20,
            number in 1_u8..=40,
            any_version in any::<bool>(),
        ) {
            let only = Versions::Exactly(Version::qr(number).unwrap());
            let options = Options {
                versions: if any_version { Versions::Qr } else { only },
                level: Level::L,
                ..Options::default()
            };
            let parts = append_parts((&text).into(), at_most, &options);
            let Ok(parts) = parts else {
                let too_long = matches!(parts, Err(Error::TooLong { .. }));
                prop_assert!(too_long);
                return Ok(());
            };
            prop_assert_eq!(joined(&parts), text.as_bytes());
            prop_assert!(parts.len() <= usize::from(at_most.clamp(1, 16)));
            let parity = text.bytes().fold(0, |parity, byte| parity ^ byte);
            for (position, (part, options)) in (0..).zip(&parts) {
                let (version, _) = data_codewords(*part, options, &mut Vec::new()).unwrap();
                prop_assert_eq!(options.versions, Versions::Exactly(version));
                let total = u8::try_from(parts.len()).unwrap();
                prop_assert_eq!(options.append, Append::new(position, total, parity));
                let smaller = version.number().checked_sub(1).and_then(Version::qr);
                if let Some(smaller) = smaller.filter(|_| any_version && position == 0) {
                    let options = Options { versions: Versions::Exactly(smaller), ..options.clone() };
                    prop_assert!(append_parts((&text).into(), at_most, &options).is_err());
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_encoded_cannot_be_split() {
        let micro = Options {
            versions: Versions::Micro,
            ..Options::default()
        };
        assert!(matches!(
            append_parts("1".into(), 2, &micro),
            Err(Error::NotInVersion { .. })
        ));
        let numeric = Options {
            mode: Some(Mode::Numeric),
            ..Options::default()
        };
        assert!(matches!(
            append_parts("a".into(), 2, &numeric),
            Err(Error::NotInMode { .. })
        ));
        let kanji = Options {
            mode: Some(Mode::Kanji),
            versions: Versions::Exactly(Version::MIN),
            ..Options::default()
        };
        let bytes = b"\x88\x9F".repeat(30);
        let parts = append_parts(Content::Bytes(&bytes), 16, &kanji).unwrap();
        assert_eq!(joined(&parts), bytes);
    }
}
