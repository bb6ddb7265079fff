//! The unit of a split: equal questions have the same unit, and a unit always goes the same way.

use uuid::Uuid;

/// Longest text of a unit, in bytes.
pub const TEXT_BYTES: usize = 64;

/// A sticky unit. Flags are decided on its text, here and on an Unleash server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Of a canonical request: 64 hexadecimal digits, lower case.
    Digest([u8; 32]),
    /// Of a code: hyphenated, lower case.
    Id(Uuid),
}

impl Unit {
    /// The text, written into `buffer`.
    pub fn text<'a>(&self, buffer: &'a mut [u8; TEXT_BYTES]) -> &'a str {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        match self {
            Self::Digest(bytes) => {
                for (pair, byte) in buffer.chunks_exact_mut(2).zip(bytes) {
                    pair[0] = DIGITS[usize::from(byte >> 4)];
                    pair[1] = DIGITS[usize::from(byte & 15)];
                }
                std::str::from_utf8(buffer).unwrap_or_default()
            }
            Self::Id(id) => id.hyphenated().encode_lower(buffer),
        }
    }

    /// A number for telling units apart. Independent of how flags divide them: it is no part of the text's murmur hash.
    #[must_use]
    pub fn number(&self) -> u64 {
        let (bytes, salt) = match self {
            Self::Digest(digest) => (&digest[..16], 0x9e37_79b9_7f4a_7c15),
            Self::Id(id) => (&id.as_bytes()[..], 0xc2b2_ae3d_27d4_eb4f),
        };
        let half = |range: std::ops::Range<usize>| {
            bytes[range]
                .iter()
                .fold(0_u64, |n, byte| n << 8 | u64::from(*byte))
        };
        // The finalizer of splitmix64: ids of one millisecond differ in few bits.
        let mut n = half(0..8) ^ half(8..16).rotate_left(31) ^ salt;
        n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_has_one_text() {
        let mut buffer = [0; TEXT_BYTES];
        let digest = Unit::Digest(std::array::from_fn(|i| u8::try_from(i).unwrap() * 8));
        assert_eq!(
            digest.text(&mut buffer),
            "0008101820283038404850586068707880889098a0a8b0b8c0c8d0d8e0e8f0f8"
        );
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_00af);
        assert_eq!(
            Unit::Id(id).text(&mut buffer),
            "01900000-0000-7000-8000-0000000000af"
        );
    }

    #[test]
    fn units_have_numbers_of_their_own() {
        let numbers: std::collections::HashSet<u64> = (0..10_000)
            .map(|i| Unit::Id(Uuid::from_u128(i)).number())
            .collect();
        assert_eq!(numbers.len(), 10_000);
    }
}
