//! Web addresses.
//!
//! Invariant: an absolute `http` or `https` URL of RFC 3986's characters only, which names the same resource as what was
//! given; building the result again changes nothing.

use ::url::{Host, Url as Parsed};

use super::{
    BYTES_MAX, Payload, check,
    error::{Checked, Error, Faults, Wrong},
    escape,
};

/// A link, as browsers read it (WHATWG URL Standard §4.4), in ASCII: the host in Punycode, the rest percent-encoded.
///
/// Only `http` and `https`: telephone numbers, mail, places and messages have builders of their own, and any other scheme
/// (`javascript`, `data`, `intent`) makes a phone run what somebody else wrote. What a browser would silently repair
/// (white space, `\` for `/`, missing slashes) and what hides where a link leads (`user@host`) is refused: scanners do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Url {
    /// With its scheme: `https://example.com/ä?q=1#f`. At most 7089 bytes when normalised.
    pub url: String,
    /// Write scheme, host and the digits of `%XX` in upper case, so that they fit alphanumeric mode (ISO/IEC 18004
    /// §7.4.4): 5.5 bits a character instead of 8. Those are the parts in which case says nothing (RFC 3986 §6.2.2.1);
    /// path and query stay.
    pub upper_case: bool,
}

impl Url {
    /// # Errors
    /// Names `url`.
    pub fn build(&self) -> Result<Payload, Error> {
        let mut faults = Faults::default();
        let text = faults.keep("url", normal(&self.url, self.upper_case));
        faults.finish(text)
    }
}

/// The URL in ASCII.
pub(super) fn normal(url: &str, upper_case: bool) -> Checked<String> {
    let parsed = parse(url)?;
    let text = escape::percent(parsed.as_str(), is_uri_character);
    check::at_most_bytes(&text, BYTES_MAX)?;
    Ok(if upper_case { upper(&text) } else { text })
}

/// Strictly: what the WHATWG parser would only warn of is an error where it may surprise.
pub(super) fn parse(url: &str) -> Checked<Parsed> {
    let right = "must be a web address such as https://example.com/path";
    check::not_blank(url)?;
    if url.contains(|c: char| c.is_whitespace() || check::is_forbidden(c)) {
        let right = "must be without; write %20 for a space";
        return Err(Wrong::new("has white space or a control character", right));
    }
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    if !scheme.is_some_and(|s| s.eq_ignore_ascii_case("http") || s.eq_ignore_ascii_case("https")) {
        return Err(Wrong::new("does not begin with http:// or https://", right));
    }
    let authority = url.split(['/', '?', '#']).nth(2).unwrap_or_default();
    if authority.is_empty() {
        return Err(Wrong::new("has no host", right));
    }
    if authority.contains('@') {
        return Err(Wrong::new("has a user name or password", right));
    }
    if url.contains('\\') {
        return Err(Wrong::new(
            "has a backslash",
            "must be without; write %5C for one",
        ));
    }
    if let Some(rest) = url
        .split('%')
        .skip(1)
        .find(|rest| !begins_with_two_digits(rest))
    {
        let at = url.len() - rest.len();
        return Err(Wrong::new(
            format!("has a % without two hexadecimal digits at byte {at}"),
            "must be without; write %25 for a percent sign",
        ));
    }
    let parsed = Parsed::parse(url).map_err(|e| Wrong::new(format!("has an {e}"), right))?;
    check_host(&parsed)?;
    Ok(parsed)
}

fn begins_with_two_digits(text: &str) -> bool {
    let digits = text.as_bytes().get(..2);
    digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

/// Names that a name server can have: letters, digits, hyphens and, in practice, underscores (RFC 1035 §2.3). The parser
/// lets other characters and longer names pass.
fn check_host(url: &Parsed) -> Checked<()> {
    let Some(Host::Domain(domain)) = url.host() else {
        return Ok(());
    };
    let is_label = |label: &str| {
        let has = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        matches!(label.len(), 1..=63) && label.bytes().all(has)
    };
    let name = domain.strip_suffix('.').unwrap_or(domain);
    if name.len() > 253 || !name.split('.').all(is_label) {
        let right = "must have labels of 1 to 63 letters, digits or hyphens, together at most 253";
        return Err(Wrong::new("has a host name that cannot exist", right));
    }
    Ok(())
}

/// RFC 3986 §2: reserved, unreserved, and the percent sign of what is encoded already. The WHATWG standard leaves more
/// as it is (`|`, `^`), but scanners take an address with those for plain text.
fn is_uri_character(byte: u8) -> bool {
    escape::is_unreserved(byte) || b":/?#[]@!$&'()*+,;=%".contains(&byte)
}

/// Scheme and host, which end at the third slash, and the digits of each `%XX`.
fn upper(url: &str) -> String {
    let end = url.match_indices('/').nth(2).map_or(url.len(), |(i, _)| i);
    let (origin, rest) = url.split_at(end);
    let mut out = origin.to_ascii_uppercase();
    let mut encoded = 0;
    for c in rest.chars() {
        out.push(if encoded > 0 {
            c.to_ascii_uppercase()
        } else {
            c
        });
        encoded = if c == '%' {
            2
        } else {
            i32::max(0, encoded - 1)
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(url: &str, upper_case: bool) -> Result<String, String> {
        let url = Url {
            url: url.into(),
            upper_case,
        };
        url.build()
            .map(Payload::into_text)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn becomes_ascii() {
        for (given, normal) in [
            ("HTTPS://Example.COM", "https://example.com/"),
            (
                "http://bücher.example/ä b".replace(' ', "%20").as_str(),
                "http://xn--bcher-kva.example/%C3%A4%20b",
            ),
            (
                "https://a.example:443/x/../y?q=ü|^{}#ß",
                "https://a.example/y?q=%C3%BC%7C%5E%7B%7D#%C3%9F",
            ),
            ("http://[2001:db8::1]:8080/", "http://[2001:db8::1]:8080/"),
            (
                "https://a.example/?u=https://b.example/@x",
                "https://a.example/?u=https://b.example/@x",
            ),
        ] {
            assert_eq!(build(given, false).as_deref(), Ok(normal));
        }
    }

    #[test]
    fn upper_case_where_case_says_nothing() {
        assert_eq!(
            build("https://bücher.example/a%2fB?c=%e4", true).unwrap(),
            "HTTPS://XN--BCHER-KVA.EXAMPLE/a%2FB?c=%E4"
        );
        assert_eq!(
            build("http://[2001:db8::a]:80", true).unwrap(),
            "HTTP://[2001:DB8::A]/"
        );
    }

    #[test]
    fn what_is_not_plainly_a_web_address_is_refused() {
        for bad in [
            "",
            "  ",
            "example.com",
            "ftp://a.example/",
            "javascript:alert(1)",
            "https:a.example",
            "https:///a.example",
            "https:\\\\a.example",
            "https://a.example\\@b.example",
            "https://bank.example@evil.example/",
            "https://a.example/a b",
            "https://a.example/\n",
            " https://a.example",
            "https://a.example/100%",
            "https://a..example/",
            "https://a\"b.example/",
            "https://example.com\"\u{301}/",
            "https://a$b.example/",
            "https://exa mple/",
            "https://a.example:99999/",
            "https://",
        ] {
            assert!(build(bad, false).is_err(), "{bad}");
        }
        assert_eq!(
            build("//a.example", false).unwrap_err(),
            "url does not begin with http:// or https://; must be a web address such as https://example.com/path"
        );
    }
}
