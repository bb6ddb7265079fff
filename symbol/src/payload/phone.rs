//! Telephone numbers: dialling one, and as a part of contacts and messages.
//!
//! Invariant: a number is an optional `+` and digits; nothing that a phone would obey as a service code.

use super::{
    Payload,
    error::{Checked, Error, Faults, Wrong},
};

/// A call (RFC 3966). Spaces and `-.()` are taken out, as they say nothing (§5.1.1).
///
/// `*` and `#` are refused although the RFC has them in local numbers: phones have run codes such as `*2767*3855#` (erase
/// everything) from a `tel:` link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phone {
    /// `+` and 4..=15 digits of which the first is not 0 (ITU-T E.164 §6.2.1), or, for a number that is dialled as it
    /// stands (112, a short code, an extension), 2..=15 digits.
    pub number: String,
    /// Where a number without `+` holds: the digits that a global number would begin with (`+44`), or a domain name.
    /// RFC 3966 §5.1.5 wants it, but few phones read it, and some dial its digits: leave it out unless the reader is
    /// known.
    pub context: Option<String>,
}

impl Phone {
    /// # Errors
    /// Names `number`, `context`.
    pub fn build(&self) -> Result<Payload, Error> {
        let mut faults = Faults::default();
        let number = faults.keep("number", number(&self.number));
        let mut text = format!("tel:{number}");
        if let Some(context) = faults.keep_some("context", self.context.as_deref(), context) {
            if number.starts_with('+') {
                let right = "must be left out for a number that begins with +";
                faults.add(
                    "context",
                    Wrong::new("says where a global number holds", right),
                );
            }
            text.push_str(";phone-context=");
            text.push_str(&context);
        }
        faults.finish(text)
    }
}

/// Without separators. See [`Phone::number`].
pub(super) fn number(text: &str) -> Checked<String> {
    let right = "must be + and 4 to 15 digits such as +44 1632 960961, or 2 to 15 digits that are dialled as they stand";
    if let Some(i) = text
        .chars()
        .position(|c| !(c.is_ascii_digit() || "+-.() ".contains(c)))
    {
        return Err(Wrong::new(
            format!("has neither digit nor separator at character {}", i + 1),
            right,
        ));
    }
    let bare: String = text
        .chars()
        .filter(|&c| c.is_ascii_digit() || c == '+')
        .collect();
    let (digits, digits_min) = bare
        .strip_prefix('+')
        .map_or((bare.as_str(), 2), |digits| (digits, 4));
    let is_global = digits_min == 4;
    if is_global && text.replace(' ', "").contains("(0)") {
        let right = "must be without: it is not dialled after the country code";
        return Err(Wrong::new("has (0) in a global number", right));
    }
    if digits.contains('+') {
        return Err(Wrong::new("has a + that is not its first character", right));
    }
    if !(digits_min..=15).contains(&digits.len()) {
        return Err(Wrong::new(format!("has {} digits", digits.len()), right));
    }
    if is_global && digits.starts_with('0') {
        let right = "must go on with a country code, which never begins with 0";
        return Err(Wrong::new("has 0 after the +", right));
    }
    Ok(bare)
}

/// RFC 3966 §3: `global-number-digits` or `domainname`.
fn context(text: &str) -> Checked<String> {
    let right = "must be + and 1 to 15 digits such as +44, or a domain name such as example.com";
    let is_good = match text.strip_prefix('+') {
        Some(digits) => {
            matches!(digits.len(), 1..=15) && digits.bytes().all(|b| b.is_ascii_digit())
        }
        None => super::address::is_domain(text),
    };
    if is_good {
        Ok(text.to_owned())
    } else {
        Err(Wrong::new("is neither", right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(number: &str, context: Option<&str>) -> Result<String, String> {
        let phone = Phone {
            number: number.into(),
            context: context.map(Into::into),
        };
        phone
            .build()
            .map(Payload::into_text)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn examples_of_rfc_3966() {
        assert_eq!(build("+1-201-555-0123", None).unwrap(), "tel:+12015550123");
        assert_eq!(
            build("7042", Some("example.com")).unwrap(),
            "tel:7042;phone-context=example.com"
        );
        assert_eq!(
            build("863-1234", Some("+1914555")).unwrap(),
            "tel:8631234;phone-context=+1914555"
        );
        assert_eq!(build("112", None).unwrap(), "tel:112");
    }

    #[test]
    fn what_cannot_be_dialled_is_refused() {
        for bad in [
            "",
            "+",
            "1",
            "+123",
            "+1234567890123456",
            "1234567890123456",
            "+0441632960961",
            "*#06#",
            "+44 (0) 1632 960961",
            "++441632",
            "44+1632",
            "12a",
            "１１２",
            "+4416329\n60961",
            "112;x=y",
        ] {
            assert!(build(bad, None).is_err(), "{bad}");
        }
        assert_eq!(
            build("+441632960961", Some("+44")).unwrap_err(),
            "context says where a global number holds; must be left out for a number that begins with +"
        );
        assert!(build("112", Some("a;b=c")).is_err());
    }
}
