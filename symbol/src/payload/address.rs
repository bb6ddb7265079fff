//! E-mail addresses, as a part of mails and contacts.
//!
//! Invariant: an address is ASCII, has one `@`, and none of `,;:\"<>` or white space, so that no format has to escape it.

use ::url::Host;

use super::error::{Checked, Wrong};

/// `local@domain` with an ASCII dot-atom before the `@` (RFC 5322 §3.4.1, at most 64 bytes) and a host name of at least
/// two labels after it, in Punycode; at most 254 bytes (RFC 5321 §4.5.3.1).
///
/// Quoted local parts, address literals and local parts beyond ASCII are valid, but mail programs on phones differ about
/// them.
pub(super) fn address(text: &str) -> Checked<String> {
    let right = "must be an address such as name@example.com";
    let Some((local, domain)) = text.rsplit_once('@') else {
        return Err(Wrong::new("has no @", right));
    };
    if local.len() > 64 || !local.split('.').all(is_atom) {
        let right =
            "must have 1 to 64 letters, digits, !#$%&'*+-/=?^_`{|}~ or single dots before its @";
        return Err(Wrong::new("has a mailbox that is not plain", right));
    }
    let domain = match Host::parse(domain) {
        Ok(Host::Domain(domain)) if is_domain(&domain) && domain.contains('.') => domain,
        _ => return Err(Wrong::new("has no host name after its @", right)),
    };
    let address = format!("{local}@{domain}");
    super::check::at_most_bytes(&address, 254)?;
    Ok(address)
}

/// RFC 5322 §3.2.3.
fn is_atom(text: &str) -> bool {
    let is_atext = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    !text.is_empty() && text.bytes().all(is_atext)
}

/// RFC 1123 §2.1: letters, digits and inner hyphens, labels of 1..=63, in all 1..=253.
pub(super) fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        matches!(label.len(), 1..=63)
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses() {
        for (given, wanted) in [
            ("name+tag@example.com", "name+tag@example.com"),
            ("o'neil@mail.Example.COM", "o'neil@mail.example.com"),
            ("me@bücher.example", "me@xn--bcher-kva.example"),
        ] {
            assert_eq!(address(given).ok().as_deref(), Some(wanted));
        }
        for bad in [
            "",
            "@",
            "a",
            "a@",
            "@example.com",
            "a@localhost",
            "a b@example.com",
            "a..b@example.com",
            ".a@example.com",
            "a@b@example.com",
            "a,b@example.com",
            "a@[192.0.2.1]",
            "a@192.0.2.1",
            "a@-x.example",
            "ä@example.com",
            "a@example.com\n",
            "\"a\"@example.com",
            "a@example.com?cc=b@example.com",
            "a@exa_mple.com",
        ] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
