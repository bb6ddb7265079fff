//! Mails ready to be sent.
//!
//! Invariant: every byte of a value that is not unreserved (RFC 3986 §2.3) is percent-encoded; only `@` stays, which has
//! no meaning there.

use super::{
    Payload,
    address::address,
    check,
    error::{Error, Faults, Wrong},
    escape,
};

/// A mail (RFC 6068). Spaces are `%20` and `+` is `%2B`: ZXing reads a bare `+` as a space even in an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Email {
    /// 1..=10 plain addresses, `name@example.com`.
    pub to: Vec<String>,
    /// At most 10.
    pub cc: Vec<String>,
    /// At most 10.
    pub bcc: Vec<String>,
    /// 1..=200 characters on one line.
    pub subject: Option<String>,
    /// 1..=2000 characters. Line breaks become `%0D%0A` (§5).
    pub body: Option<String>,
}

impl Email {
    /// # Errors
    /// Names `to`, `to[0]`, …, `subject`, `body`.
    pub fn build(&self) -> Result<Payload, Error> {
        let mut faults = Faults::default();
        if self.to.is_empty() {
            faults.add("to", Wrong::new("is empty", "must have at least 1 address"));
        }
        let mut text = String::from("mailto:");
        text.push_str(&addresses(&mut faults, "to", &self.to));
        let mut headers = Vec::new();
        for (name, list) in [("cc", &self.cc), ("bcc", &self.bcc)] {
            if !list.is_empty() {
                headers.push(format!("{name}={}", addresses(&mut faults, name, list)));
            }
        }
        let subject = self.subject.as_deref();
        if let Some(subject) =
            faults.keep_some("subject", subject, |subject| check::line(subject, 200))
        {
            headers.push(format!(
                "subject={}",
                escape::percent(&subject, escape::is_unreserved)
            ));
        }
        let body = self.body.as_deref();
        if let Some(body) = faults.keep_some("body", body, |body| check::lines(body, 2000)) {
            let body = body.replace('\n', "\r\n");
            headers.push(format!(
                "body={}",
                escape::percent(&body, escape::is_unreserved)
            ));
        }
        if !headers.is_empty() {
            text.push('?');
            text.push_str(&headers.join("&"));
        }
        faults.finish(text)
    }
}

/// Separated by commas, which no plain address contains.
fn addresses(faults: &mut Faults, field: &'static str, list: &[String]) -> String {
    faults.keep(field, check::entries(list.len(), 10));
    let mut out = Vec::new();
    for (i, text) in list.iter().take(10).enumerate() {
        let address = faults.keep(format!("{field}[{i}]"), address(text));
        out.push(escape::percent(&address, |b| {
            escape::is_unreserved(b) || b == b'@'
        }));
    }
    out.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(email: &Email) -> Result<String, String> {
        email
            .build()
            .map(Payload::into_text)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn examples_of_rfc_6068() {
        let mut email = Email {
            to: vec!["infobot@example.com".into()],
            subject: Some("current-issue".into()),
            ..Email::default()
        };
        assert_eq!(
            build(&email).unwrap(),
            "mailto:infobot@example.com?subject=current-issue"
        );
        email.subject = None;
        email.body = Some("send current-issue\nsend index".into());
        assert_eq!(
            build(&email).unwrap(),
            "mailto:infobot@example.com?body=send%20current-issue%0D%0Asend%20index"
        );
        let email = Email {
            to: vec![
                "addr1@an.example".into(),
                "gorby%kremvax@example.com".into(),
            ],
            cc: vec!["unlikely?address@example.com".into()],
            bcc: vec!["Mike&family@example.org".into(), "a+b@example.org".into()],
            subject: Some("café".into()),
            body: None,
        };
        assert_eq!(
            build(&email).unwrap(),
            "mailto:addr1@an.example,gorby%25kremvax@example.com?cc=unlikely%3Faddress@example.com\
             &bcc=Mike%26family@example.org,a%2Bb@example.org&subject=caf%C3%A9"
        );
    }

    #[test]
    fn every_bad_field_is_named() {
        let email = Email {
            to: vec!["a@example.com".into(), "b".into()],
            cc: vec!["a@example.com".into(); 11],
            subject: Some("x\r\nBcc: y".into()),
            body: Some("\0".into()),
            ..Email::default()
        };
        let error = email.build().unwrap_err();
        let fields: Vec<_> = error.faults().iter().map(|f| f.field.as_ref()).collect();
        assert_eq!(fields, ["to[1]", "cc", "subject", "body"]);
        assert_eq!(
            build(&Email::default()).unwrap_err(),
            "to is empty; must have at least 1 address"
        );
    }
}
