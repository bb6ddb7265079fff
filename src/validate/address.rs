//! Which addresses cannot be reached from the internet.
//!
//! Invariant: an IPv4 address inside an IPv6 address is judged as the IPv4 address that it stands for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

const fn v4(octets: [u8; 4], bits: u8) -> Ipv4Net {
    let [a, b, c, d] = octets;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(a: u16, b: u16, bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), bits)
}

/// IANA's special-purpose registry (RFC 6890) where it says "not globally reachable", multicast, and what clouds answer
/// to their own machines. The first that holds an address names it.
const V4: [(Ipv4Net, &str); 17] = [
    (v4([169, 254, 169, 254], 32), "a cloud's metadata address"),
    (v4([168, 63, 129, 16], 32), "a cloud's metadata address"),
    (v4([0, 0, 0, 0], 8), "an unspecified address"),
    (v4([10, 0, 0, 0], 8), "a private address"),
    (v4([100, 64, 0, 0], 10), "an address behind a carrier's NAT"),
    (v4([127, 0, 0, 0], 8), "a loopback address"),
    (v4([169, 254, 0, 0], 16), "a link-local address"),
    (v4([172, 16, 0, 0], 12), "a private address"),
    (v4([192, 0, 0, 0], 24), "a reserved address"),
    (v4([192, 0, 2, 0], 24), "an address for documentation"),
    (v4([192, 88, 99, 0], 24), "a reserved address"),
    (v4([192, 168, 0, 0], 16), "a private address"),
    (v4([198, 18, 0, 0], 15), "an address for benchmarks"),
    (v4([198, 51, 100, 0], 24), "an address for documentation"),
    (v4([203, 0, 113, 0], 24), "an address for documentation"),
    (v4([224, 0, 0, 0], 4), "a multicast address"),
    (v4([240, 0, 0, 0], 4), "a reserved address"),
];

/// Beside those, only [`GLOBAL`] is given out.
const V6: [(Ipv6Net, &str); 9] = [
    (v6(0x0064, 0xff9b, 32), "a private address"),
    (v6(0x0100, 0, 16), "an address that discards"),
    (v6(0x2001, 0, 23), "a reserved address"),
    (v6(0x2001, 0xdb8, 32), "an address for documentation"),
    (v6(0x3fff, 0, 20), "an address for documentation"),
    (v6(0xfc00, 0, 7), "a unique local address"),
    (v6(0xfe80, 0, 10), "a link-local address"),
    (v6(0xfec0, 0, 10), "a site-local address"),
    (v6(0xff00, 0, 8), "a multicast address"),
];

/// All of IANA's global unicast space (RFC 4291 §2.4, RFC 3587).
const GLOBAL: Ipv6Net = v6(0x2000, 0, 3);

/// What kind of not public address it is.
pub(super) fn private(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => private_v4(address),
        IpAddr::V6(address) => private_v6(address),
    }
}

/// An IPv6 address that leads to an IPv4 address as that.
pub(super) fn unwrapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => inside(v6).map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

fn private_v4(address: Ipv4Addr) -> Option<&'static str> {
    let listed = V4.iter().find(|(net, _)| net.contains(&address));
    listed.map(|(_, kind)| *kind)
}

fn private_v6(address: Ipv6Addr) -> Option<&'static str> {
    if let Some(inner) = inside(address) {
        return private_v4(inner);
    }
    if address.is_unspecified() {
        return Some("an unspecified address");
    }
    if address.is_loopback() {
        return Some("a loopback address");
    }
    let listed = V6.iter().find(|(net, _)| net.contains(&address));
    let kind = listed.map(|(_, kind)| *kind);
    kind.or_else(|| isatap(address).and_then(private_v4))
        .or_else(|| (!GLOBAL.contains(&address)).then_some("a reserved address"))
}

fn inside(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        // Unspecified and loopback are in the space of IPv4-compatible ones, but none of them.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        // IPv4-compatible and -mapped (RFC 4291 §2.5.5), -translated (RFC 2765), NAT64 (RFC 6052).
        [0, 0, 0, 0, 0, 0 | 0xffff, g, h]
        | [0, 0, 0, 0, 0xffff, 0, g, h]
        | [0x64, 0xff9b, 0, 0, 0, 0, g, h] => Some(ipv4(g, h)),
        // 6to4 (RFC 3056).
        [0x2002, b, c, ..] => Some(ipv4(b, c)),
        _ => None,
    }
}

/// What the end of a tunnel's address says (RFC 5214 §6.1), in any network.
fn isatap(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [_, _, _, _, 0 | 0x200, 0x5efe, g, h] => Some(ipv4(g, h)),
        _ => None,
    }
}

fn ipv4(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests;
