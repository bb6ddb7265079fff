//! What proxies say of those before them: `X-Forwarded-For`, and `Forwarded` (RFC 7239).
//!
//! Invariant: text that a client sent cannot swallow what a proxy appended after it. An element that is not well-formed
//! names no client.

use std::{borrow::Cow, net::IpAddr};

use poem::http::{HeaderMap, HeaderName, HeaderValue, header};

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Whom each proxy saw, the one nearest to us last; `None` for one that it hides (`unknown`, `_hidden`) or garbles. From
/// `X-Forwarded-For` where that names anybody: most proxies write it, and pass a client's `Forwarded` on as it came.
pub(super) fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines = |name| headers.get_all(name).iter().map(text);
    let usual: Vec<_> = lines(&X_FORWARDED_FOR)
        .flat_map(|line| nodes(&line))
        .collect();
    if usual.is_empty() {
        return lines(&header::FORWARDED)
            .flat_map(|line| elements(&line))
            .collect();
    }
    usual
}

/// Bytes beyond ASCII are in no address, but they must not hide the others of their line.
fn text(value: &HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

/// The members of a list. Empty ones are no members (RFC 9110 §5.6.1.2).
fn nodes(line: &str) -> Vec<Option<IpAddr>> {
    let members = line.split(',').map(str::trim).filter(|m| !m.is_empty());
    members
        .map(|member| node(member.trim_matches('"')))
        .collect()
}

/// The elements of a `Forwarded` line: `for=192.0.2.43;proto=https, for="[2001:db8::17]:4711"`.
fn elements(line: &str) -> Vec<Option<IpAddr>> {
    let elements = unquoted_split(line, b',').into_iter().map(str::trim);
    elements.filter(|e| !e.is_empty()).map(element).collect()
}

fn element(text: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in unquoted_split(text, b';').into_iter().map(str::trim) {
        if pair.is_empty() {
            continue;
        }
        let (name, written) = pair.split_once('=')?;
        let value = value(written.trim())?;
        if name.trim().eq_ignore_ascii_case("for") {
            found = Some(node(&value)?);
        }
    }
    found
}

/// A token as it is, a quoted string without its quotes and escapes (RFC 9110 §5.6.4); `None` for a mixture.
fn value(written: &str) -> Option<Cow<'_, str>> {
    let Some(rest) = written.strip_prefix('"') else {
        return (!written.contains('"')).then_some(Cow::Borrowed(written));
    };
    let mut plain = String::with_capacity(rest.len());
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => break,
            '\\' => plain.push(chars.next()?),
            other => plain.push(other),
        }
    }
    chars.as_str().is_empty().then_some(Cow::Owned(plain))
}

/// Splits where a separator stands outside of quotes. A quote that is never closed is none: else a client's could swallow
/// everything that proxies add.
fn unquoted_split(text: &str, separator: u8) -> Vec<&str> {
    let (mut parts, mut from, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if byte == separator && !quoted => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    if quoted {
        return text.split(char::from(separator)).collect();
    }
    parts.push(&text[from..]);
    parts
}

/// An address as proxies spell it: with a port, in brackets, with a zone (RFC 7239 §6, RFC 4007 §11).
fn node(text: &str) -> Option<IpAddr> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            let port = if after.is_empty() {
                None
            } else {
                Some(after.strip_prefix(':')?)
            };
            (host, port)
        }
        None => match text.split_once(':') {
            // More than one colon: IPv6 without brackets, and so without a port.
            Some((host, port)) if !port.contains(':') => (host, Some(port)),
            _ => (text, None),
        },
    };
    if !port.is_none_or(is_port) {
        return None;
    }
    let host = match host.split_once('%') {
        Some((address, _zone)) if address.contains(':') => address,
        _ => host,
    };
    host.parse::<IpAddr>()
        .ok()
        .map(|address| address.to_canonical())
}

/// A number, or a name that hides it: `_` and letters.
fn is_port(text: &str) -> bool {
    let hidden = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    text.parse::<u16>().is_ok() || text.strip_prefix('_').is_some_and(hidden)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(hops: Vec<Option<IpAddr>>) -> Vec<String> {
        let one = |hop: Option<IpAddr>| hop.map_or("?".to_owned(), |a| a.to_string());
        hops.into_iter().map(one).collect()
    }

    #[test]
    fn addresses_are_read_however_proxies_spell_them() {
        for (line, expected) in [
            ("192.0.2.7", &["192.0.2.7"][..]),
            ("192.0.2.7:4711", &["192.0.2.7"]),
            ("[2001:db8::1]", &["2001:db8::1"]),
            ("[2001:db8::1]:4711", &["2001:db8::1"]),
            ("2001:DB8::1", &["2001:db8::1"]),
            ("\"[2001:db8::1]:4711\"", &["2001:db8::1"]),
            ("::ffff:192.0.2.7", &["192.0.2.7"]),
            ("[::ffff:192.0.2.7]:80", &["192.0.2.7"]),
            ("fe80::1%eth0", &["fe80::1"]),
            ("[fe80::1%25eth0]:80", &["fe80::1"]),
            (
                " \t192.0.2.7 ,,\t, 192.0.2.8:1 ,",
                &["192.0.2.7", "192.0.2.8"],
            ),
            ("192.0.2.7:_hidden", &["192.0.2.7"]),
            ("", &[]),
            (" , ", &[]),
            (
                "unknown, _hidden, 192.0.2.7:x, [192.0.2.7, [::1]x, 192.0.2.7:99999, 1.2.3, %eth0, ü",
                &["?"; 9],
            ),
        ] {
            assert_eq!(shown(nodes(line)), expected, "{line}");
        }
    }

    #[test]
    fn the_standard_header_is_read_with_quotes_cases_and_escapes() {
        for (line, expected) in [
            ("for=192.0.2.43", &["192.0.2.43"][..]),
            ("For=\"[2001:db8:cafe::17]:4711\"", &["2001:db8:cafe::17"]),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", &["192.0.2.60"]),
            ("proto=https ; FOR=\"192.0.2.60:80\" ;", &["192.0.2.60"]),
            (
                "for=192.0.2.43, for=198.51.100.17;by=\"a,b;c=d\"",
                &["192.0.2.43", "198.51.100.17"],
            ),
            ("for=\"192\\.0.2.43\"", &["192.0.2.43"]),
            ("for=unknown, for=_SEVKISEK, by=10.0.0.1, , for=", &["?"; 4]),
            // Clients that try to hide what the proxy appends, or to be believed beside it.
            ("for=\", for=192.0.2.43", &["?", "192.0.2.43"]),
            ("for=6.6.6.6;x=\", for=192.0.2.43", &["?", "192.0.2.43"]),
            (
                "for=6.6.6.6;x=\", for=\"[2001:db8::1]:80\"",
                &["?", "2001:db8::1"],
            ),
            (
                "for=6.6.6.6;x=\"\\, for=\"[2001:db8::1]:80\"",
                &["?", "2001:db8::1"],
            ),
            ("for=6.6.6.6;x=\"\", for=\"192.0.2.43\"x", &["6.6.6.6", "?"]),
            ("for=6.6.6.6 for=192.0.2.43", &["?"]),
        ] {
            assert_eq!(shown(elements(line)), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_a_client_sends_does_not_speak_for_the_proxy(sent in "[for=;,:.\"\\\\\\[\\]0-9a ]{0,40}") {
            for appended in ["for=192.0.2.43", "for=\"[2001:db8::1]:80\""] {
                let last = *elements(&format!("{sent}, {appended}")).last().unwrap();
                let right = elements(appended)[0];
                prop_assert!(last.is_none() || last == right, "{last:?}");
            }
            let last = *nodes(&format!("{sent}, 192.0.2.43")).last().unwrap();
            prop_assert_eq!(last, "192.0.2.43".parse().ok());
        }
    }
}
