//! Where a dynamic code may lead.
//!
//! Invariant: what is accepted is the normalised text of the very URL that was checked, so nobody can read it
//! differently later.

use std::net::IpAddr;

use url::{Host, Url};

use super::address::{private_address, private_name};
use crate::{kernel::limits::TARGET_CHARS, validate::Rules};

/// The normalised target.
///
/// # Errors
/// What is wrong and what to do, for the caller.
pub fn check(rules: &Rules, text: &str) -> Result<String, String> {
    if text.chars().count() > TARGET_CHARS {
        return Err(format!("must have at most {TARGET_CHARS} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("must not hold line breaks or other control characters: remove them".into());
    }
    let text = text.trim();
    if text.is_empty() {
        return Err("must not be empty: give an address such as https://example.com/page".into());
    }
    let url = parse(text)?;
    check_host(rules, &url)?;
    if rules.bases.iter().any(|base| leads_to_us(base, &url)) {
        return Err("leads back to a code of this server: give the page that it shall open".into());
    }
    let target = String::from(url);
    if target.len() > TARGET_CHARS {
        return Err(format!(
            "must have at most {TARGET_CHARS} characters once others than ASCII are encoded"
        ));
    }
    Ok(target)
}

fn parse(text: &str) -> Result<Url, String> {
    let scheme_ok = ["http://", "https://"].iter().any(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    if !scheme_ok {
        return Err("must begin with http:// or https://".into());
    }
    let url = Url::parse(text)
        .map_err(|e| format!("is not an address such as https://example.com/page: {e}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "must not hold a user name or password: whoever scans it could read them".into(),
        );
    }
    Ok(url)
}

fn check_host(rules: &Rules, url: &Url) -> Result<(), String> {
    let Some(host) = url.host() else {
        return Err("must have a host, such as https://example.com".into());
    };
    let name = host.to_string();
    let name = name.strip_suffix('.').unwrap_or(&name);
    if name.split('.').any(str::is_empty) {
        return Err("has an empty part in its host name: remove the extra dot".into());
    }
    let domains = &rules.allowed_domains;
    if domains.iter().any(|domain| domain == name) {
        return Ok(());
    }
    let is_below = |domain: &String| {
        matches!(host, Host::Domain(_))
            && name
                .strip_suffix(domain.as_str())
                .is_some_and(|rest| rest.ends_with('.'))
    };
    if !domains.is_empty() && !domains.iter().any(is_below) {
        return Err(format!("must lead to {}", listed(domains)));
    }
    let private = match host {
        Host::Domain(_) => private_name(name),
        Host::Ipv4(address) => private_address(IpAddr::V4(address)),
        Host::Ipv6(address) => private_address(IpAddr::V6(address)),
    };
    match private {
        Some(kind) if !rules.allow_private_targets => Err(format!(
            "must lead to a public host: this is {kind}, which others cannot reach"
        )),
        _ => Ok(()),
    }
}

/// The first few, so that the answer stays readable.
fn listed(domains: &[String]) -> String {
    const SHOWN: usize = 5;
    let mut text = domains
        .iter()
        .take(SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if domains.len() > SHOWN {
        text.push_str(" or another allowed domain");
    }
    text
}

/// Under `{base}/r/`, whatever the scheme and however the path is spelled.
fn leads_to_us(base: &Url, url: &Url) -> bool {
    let host = |u: &Url| {
        let name = u.host_str().unwrap_or_default();
        name.strip_suffix('.').unwrap_or(name).to_owned()
    };
    if host(base) != host(url) || base.port() != url.port() {
        return false;
    }
    let mut ours = decoded(base.path());
    while ours.last() == Some(&b'/') {
        ours.pop();
    }
    let theirs = decoded(url.path());
    let below = theirs.strip_prefix(ours.as_slice());
    below.is_some_and(|below| below.starts_with(b"/r/") || below.starts_with(b"/R/"))
}

/// Percent-decoded (RFC 3986 §2.1); what is no valid escape stands for itself.
fn decoded(path: &str) -> Vec<u8> {
    let nibble = |c: &u8| {
        char::from(*c)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    let mut rest = path.as_bytes();
    let mut out = Vec::with_capacity(rest.len());
    while let Some((&first, after)) = rest.split_first() {
        let escape = match (first, after) {
            (b'%', [high, low, tail @ ..]) => nibble(high).zip(nibble(low)).map(|n| (n, tail)),
            _ => None,
        };
        if let Some(((high, low), tail)) = escape {
            out.push(high << 4 | low);
            rest = tail;
        } else {
            out.push(first);
            rest = after;
        }
    }
    out
}

#[cfg(test)]
mod tests;
