//! Which addresses and names cannot be reached from the internet.
//!
//! Invariant: an IPv4 address inside an IPv6 address is judged as the IPv4 address that it stands for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(a: u16, b: u16, c: u16, bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), bits)
}

/// From IANA's special-purpose registry (RFC 6890): what is not globally reachable, and multicast.
const V4: [(Ipv4Net, &str); 15] = [
    (v4(0, 0, 0, 0, 8), "an unspecified address"),
    (v4(10, 0, 0, 0, 8), "a private address"),
    (v4(100, 64, 0, 0, 10), "an address behind a carrier's NAT"),
    (v4(127, 0, 0, 0, 8), "a loopback address"),
    (v4(169, 254, 0, 0, 16), "a link-local address"),
    (v4(172, 16, 0, 0, 12), "a private address"),
    (v4(192, 0, 0, 0, 24), "a reserved address"),
    (v4(192, 0, 2, 0, 24), "an address for documentation"),
    (v4(192, 88, 99, 0, 24), "a reserved address"),
    (v4(192, 168, 0, 0, 16), "a private address"),
    (v4(198, 18, 0, 0, 15), "an address for benchmarks"),
    (v4(198, 51, 100, 0, 24), "an address for documentation"),
    (v4(203, 0, 113, 0, 24), "an address for documentation"),
    (v4(224, 0, 0, 0, 4), "a multicast address"),
    (v4(240, 0, 0, 0, 4), "a reserved address"),
];

const V6: [(Ipv6Net, &str); 9] = [
    (v6(0x0064, 0xff9b, 1, 48), "a private address"),
    (v6(0x0100, 0, 0, 64), "an address that discards"),
    (v6(0x2001, 0, 0, 23), "a reserved address"),
    (v6(0x2001, 0xdb8, 0, 32), "an address for documentation"),
    (v6(0x3fff, 0, 0, 20), "an address for documentation"),
    (v6(0xfc00, 0, 0, 7), "a unique local address"),
    (v6(0xfe80, 0, 0, 10), "a link-local address"),
    (v6(0xfec0, 0, 0, 10), "a site-local address"),
    (v6(0xff00, 0, 0, 8), "a multicast address"),
];

/// Names that mean a machine or a network of one's own (RFC 6761, 6762, 8375, 9476, and habit).
const NAMES: [&str; 9] = [
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home.arpa",
    "corp",
    "private",
];

/// What kind of not public address it is.
pub fn private_address(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => private_v4(address),
        IpAddr::V6(address) => private_v6(address),
    }
}

fn private_v4(address: Ipv4Addr) -> Option<&'static str> {
    let listed = V4.iter().find(|(net, _)| net.contains(&address));
    listed.map(|(_, kind)| *kind)
}

fn private_v6(address: Ipv6Addr) -> Option<&'static str> {
    if address.is_unspecified() {
        return Some("an unspecified address");
    }
    if address.is_loopback() {
        return Some("a loopback address");
    }
    if let Some(inner) = embedded(address) {
        return private_v4(inner);
    }
    let listed = V6.iter().find(|(net, _)| net.contains(&address));
    listed.map(|(_, kind)| *kind)
}

/// The IPv4 address that an IPv6 address leads to.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let last = |g: u16, h: u16| Some(Ipv4Addr::from(u32::from(g) << 16 | u32::from(h)));
    match address.segments() {
        // IPv4-compatible and -mapped (RFC 4291 §2.5.5), -translated (RFC 2765), NAT64 (RFC 6052).
        [0, 0, 0, 0, 0, 0 | 0xffff, g, h]
        | [0, 0, 0, 0, 0xffff, 0, g, h]
        | [0x64, 0xff9b, 0, 0, 0, 0, g, h] => last(g, h),
        // 6to4 (RFC 3056).
        [0x2002, b, c, ..] => last(b, c),
        _ => None,
    }
}

/// What kind of not public name it is. In lower case, without a final dot.
pub fn private_name(name: &str) -> Option<&'static str> {
    let is_below = |parent: &str| {
        name.strip_suffix(parent)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if NAMES.into_iter().any(is_below) {
        Some("a name of a private network")
    } else if !name.contains('.') {
        Some("a name without a domain")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::cases::{PRIVATE, PUBLIC};

    #[test]
    fn private_addresses_are_known_in_every_disguise() {
        for (address, _) in PRIVATE {
            let kind = private_address(address.parse().unwrap());
            assert!(kind.is_some(), "{address}");
        }
        for address in PUBLIC {
            assert_eq!(private_address(address.parse().unwrap()), None, "{address}");
        }
    }

    #[test]
    fn names_of_private_networks() {
        for name in [
            "localhost",
            "a.localhost",
            "printer.local",
            "vault.internal",
            "nas",
            "x.home.arpa",
        ] {
            assert!(private_name(name).is_some(), "{name}");
        }
        for name in [
            "example.com",
            "notlocal.com",
            "local.example.com",
            "mylocal.io",
            "a.xn--p1ai",
        ] {
            assert_eq!(private_name(name), None, "{name}");
        }
    }
}
