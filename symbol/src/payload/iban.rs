//! Bank codes with check digits: account numbers (ISO 13616) and creditor references (ISO 11649).
//!
//! Invariant: what passes is in electronic format: upper case, no spaces.

use super::{
    check,
    error::{Checked, Wrong},
};

/// How long an IBAN is in the countries of SEPA (EPC409-09). Others are held to 15..=34 only: the area grows.
const LENGTHS: [(&str, usize); 45] = [
    ("AD", 24),
    ("AL", 28),
    ("AT", 20),
    ("BE", 16),
    ("BG", 22),
    ("CH", 21),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("EE", 20),
    ("ES", 24),
    ("FI", 18),
    ("FR", 27),
    ("GB", 22),
    ("GI", 23),
    ("GR", 27),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IS", 26),
    ("IT", 27),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MT", 31),
    ("NL", 18),
    ("NO", 15),
    ("PL", 28),
    ("PT", 25),
    ("RO", 24),
    ("RS", 22),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("XK", 20),
];

/// An account number, spaces and lower case allowed.
pub(super) fn iban(text: &str) -> Checked<String> {
    let right = "must be an IBAN such as DE71 1102 2033 0123 4567 89";
    let iban = check::code(text);
    let bytes = iban.as_bytes();
    if !matches!(bytes, [a, b, c, d, rest @ ..] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic()
        && c.is_ascii_digit() && d.is_ascii_digit() && rest.iter().all(u8::is_ascii_alphanumeric))
    {
        let wrong = "does not consist of two letters, two digits and letters or digits";
        return Err(Wrong::new(wrong, right));
    }
    let len = bytes.len();
    match LENGTHS
        .iter()
        .find(|(country, _)| iban.starts_with(country))
    {
        Some(&(country, wanted)) if wanted != len => {
            let right = format!("must have {wanted} in {country}");
            return Err(Wrong::new(format!("has {len} characters"), right));
        }
        None if !matches!(len, 15..=34) => {
            return Err(Wrong::new(
                format!("has {len} characters"),
                "must have 15 to 34",
            ));
        }
        _ => {}
    }
    if !has_good_check_digits(bytes) {
        return Err(Wrong::new("has check digits that do not fit", right));
    }
    Ok(iban)
}

/// `RF`, two check digits and 1..=21 letters or digits.
pub(super) fn creditor_reference(text: &str) -> Checked<String> {
    let right = "must be an ISO 11649 reference such as RF18 5390 0754 7034";
    let reference = check::code(text);
    let bytes = reference.as_bytes();
    if !matches!(bytes, [b'R', b'F', c, d, rest @ ..] if c.is_ascii_digit() && d.is_ascii_digit()
        && matches!(rest.len(), 1..=21) && rest.iter().all(u8::is_ascii_alphanumeric))
    {
        let wrong = "does not consist of RF, two digits and 1 to 21 letters or digits";
        return Err(Wrong::new(wrong, right));
    }
    if !has_good_check_digits(bytes) {
        return Err(Wrong::new("has check digits that do not fit", right));
    }
    Ok(reference)
}

/// ISO/IEC 7064 MOD 97-10 with the first four characters moved to the end and letters as 10..=35. 00, 01 and 99 would
/// pass for 97, 98 and 02, but are never given.
fn has_good_check_digits(code: &[u8]) -> bool {
    let (head, tail) = code.split_at(code.len().min(4));
    let is_given = !matches!(&head[2..], b"00" | b"01" | b"99");
    let remainder = tail.iter().chain(head).fold(0_u32, |sum, byte| match byte {
        b'A'..=b'Z' => (sum * 100 + u32::from(byte - b'A' + 10)) % 97,
        digit => (sum * 10 + u32::from(digit & 15)) % 97,
    });
    is_given && remainder == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts() {
        for good in [
            "DE71110220330123456789",
            "be72 0000 0000 1616",
            "GB82 WEST 1234 5698 7654 32",
            "NO9386011117947",
        ] {
            assert!(iban(good).is_ok(), "{good}");
        }
        assert_eq!(
            iban("be72 0000 0000 1616").ok().as_deref(),
            Some("BE72000000001616")
        );
        for bad in [
            "",
            "DE",
            "DE7",
            "DE72110220330123456789",
            "DE7111022033012345678",
            "BE7200000000161Ä",
            "7211",
            "DE71-1102",
            "BE01000000001616",
            "XX1",
            "ＤE71110220330123456789",
        ] {
            assert!(iban(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn references() {
        assert_eq!(
            creditor_reference("rf18 5390 0754 7034").ok().as_deref(),
            Some("RF18539007547034")
        );
        for bad in [
            "RF18",
            "RF19539007547034",
            "RF18 5390 0754 7034 1234 5678 90",
            "XF18539007547034",
            "RF1853900754703_",
        ] {
            assert!(creditor_reference(bad).is_err(), "{bad}");
        }
    }
}
