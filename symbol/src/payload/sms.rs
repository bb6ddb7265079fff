//! Text messages.
//!
//! Invariant: the number is digits, so the first thing after it that is no digit is ours.

use super::{
    Payload, check,
    error::{Error, Faults},
    escape, phone,
};

/// A message to one number, ready to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sms {
    /// As [`Phone::number`](super::Phone::number).
    pub number: String,
    /// 1..=1600 characters (ten parts), line breaks allowed (they become LF).
    pub body: Option<String>,
    pub syntax: SmsSyntax,
}

/// The syntax, by the symbol's readers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmsSyntax {
    /// `SMSTO:number:body`, NTT DoCoMo's form: the one that scanners on both Android and iOS fill the message from. The
    /// body is the rest of the text, as it is.
    #[default]
    SmsTo,
    /// `sms:number?body=…` (RFC 5724): the standard, and what a link on a page should be. iOS has long wanted `&body=`
    /// in its place and left the message empty.
    Uri,
}

impl Sms {
    /// # Errors
    /// Names `number`, `body`.
    pub fn build(&self) -> Result<Payload, Error> {
        let mut faults = Faults::default();
        let number = faults.keep("number", phone::number(&self.number));
        let body = faults.keep_some("body", self.body.as_deref(), |body| {
            check::lines(body, 1600)
        });
        let text = match (self.syntax, body) {
            (SmsSyntax::SmsTo, None) => format!("SMSTO:{number}"),
            (SmsSyntax::SmsTo, Some(body)) => format!("SMSTO:{number}:{body}"),
            (SmsSyntax::Uri, None) => format!("sms:{number}"),
            (SmsSyntax::Uri, Some(body)) => {
                format!(
                    "sms:{number}?body={}",
                    escape::percent(&body, escape::is_unreserved)
                )
            }
        };
        faults.finish(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(number: &str, body: Option<&str>, syntax: SmsSyntax) -> Result<String, String> {
        let sms = Sms {
            number: number.into(),
            body: body.map(Into::into),
            syntax,
        };
        sms.build()
            .map(Payload::into_text)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn both_syntaxes() {
        // RFC 5724 §2.5.
        let body = Some("hello there");
        assert_eq!(
            build("+15105550101", body, SmsSyntax::Uri).unwrap(),
            "sms:+15105550101?body=hello%20there"
        );
        assert_eq!(
            build("+1 510 555 0101", None, SmsSyntax::Uri).unwrap(),
            "sms:+15105550101"
        );
        let body = Some("a:b?c&d\r\n;+é");
        assert_eq!(
            build("12345", body, SmsSyntax::SmsTo).unwrap(),
            "SMSTO:12345:a:b?c&d\n;+é"
        );
        assert_eq!(
            build("12345", body, SmsSyntax::Uri).unwrap(),
            "sms:12345?body=a%3Ab%3Fc%26d%0A%3B%2B%C3%A9"
        );
        assert_eq!(
            build("12345", None, SmsSyntax::SmsTo).unwrap(),
            "SMSTO:12345"
        );
    }

    #[test]
    fn both_fields_are_named() {
        assert_eq!(
            build("12345:x", Some(" "), SmsSyntax::SmsTo)
                .unwrap_err()
                .matches(';')
                .count(),
            2,
        );
        assert!(build("12345", Some(&"a".repeat(1601)), SmsSyntax::SmsTo).is_err());
    }
}
