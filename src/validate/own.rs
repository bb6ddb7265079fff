//! Whether a target is one of our own codes: a loop, or a second code that counts the scans of the first.
//!
//! Invariant: however scheme, host and path are spelled, and whatever a proxy before us may smooth.

use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::address;

/// Whether `url` is under `{base}/r/`.
#[must_use]
pub fn leads_to_us(base: &Url, url: &Url) -> bool {
    let same_host = machine(base).is_some_and(|ours| machine(url) == Some(ours));
    if !same_host || !same_port(base, url) {
        return false;
    }
    let (ours, theirs) = (decoded(base), decoded(url));
    let mut base = segments(&ours);
    base.retain(|part| !part.is_empty());
    // `/r` itself is no code.
    let theirs = theirs.as_slice();
    is_under(&base, &segments(theirs)) || is_under(&base, &walked(theirs))
}

#[derive(Debug, PartialEq, Eq)]
enum Machine<'a> {
    /// The machine itself, by any of its names.
    Itself,
    Address(IpAddr),
    Name(&'a str),
}

fn machine(url: &Url) -> Option<Machine<'_>> {
    let address = match url.host()? {
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            let is_itself = name == "localhost" || name.ends_with(".localhost");
            return Some(if is_itself {
                Machine::Itself
            } else {
                Machine::Name(name)
            });
        }
        Host::Ipv4(address) => IpAddr::V4(address),
        Host::Ipv6(address) => address::unwrapped(IpAddr::V6(address)),
    };
    // Systems take the unspecified address for the loopback one.
    Some(if address.is_loopback() || address.is_unspecified() {
        Machine::Itself
    } else {
        Machine::Address(address)
    })
}

/// Who is reached at the one default port is reached, or sent on from, the other one, too.
fn same_port(base: &Url, url: &Url) -> bool {
    let theirs = url.port_or_known_default();
    match base.port() {
        None => matches!(theirs, Some(80 | 443)),
        ours => ours == theirs,
    }
}

fn decoded(url: &Url) -> Vec<u8> {
    percent_decode_str(url.path()).collect()
}

/// Proxies take several slashes for one. The last segment is what follows the last slash, if only nothing.
fn segments(path: &[u8]) -> Vec<&[u8]> {
    let parts = path.split(|b| *b == b'/');
    let mut kept: Vec<&[u8]> = parts.filter(|part| !part.is_empty()).collect();
    if path.ends_with(b"/") && !kept.is_empty() {
        kept.push(b"");
    }
    kept
}

/// With the dots followed that were hidden behind an encoded slash.
fn walked(path: &[u8]) -> Vec<&[u8]> {
    let mut kept = Vec::new();
    for part in segments(path) {
        match part {
            b"." => {}
            b".." => {
                kept.pop();
            }
            part => kept.push(part),
        }
    }
    kept
}

/// Below `/r/` or `/R/` of this base.
fn is_under(base: &[&[u8]], path: &[&[u8]]) -> bool {
    let below = path.strip_prefix(base);
    below.is_some_and(|below| below.len() > 1 && below[0].eq_ignore_ascii_case(b"r"))
}

#[cfg(test)]
mod tests;
