//! Truncates a visitor's address for storage.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::scans::Addresses;

/// The address as it may be stored: IPv4 to /24 and IPv6 to /48 unless configured otherwise. An IPv4 address
/// mapped into IPv6 is an IPv4 address (RFC 4291 §2.5.5.2), or truncating would keep all of it.
#[must_use]
pub fn kept_address(address: IpAddr, keep: Addresses) -> Option<IpAddr> {
    let address = address.to_canonical();
    match (keep, address) {
        (Addresses::None, _) => None,
        (Addresses::Full, address) => Some(address),
        (Addresses::Truncated, IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            Some(Ipv4Addr::new(a, b, c, 0).into())
        }
        (Addresses::Truncated, IpAddr::V6(v6)) => {
            let [a, b, c, ..] = v6.segments();
            Some(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_town_is_kept_and_a_person_is_not() {
        let kept = |a: &str| {
            kept_address(a.parse().unwrap(), Addresses::Truncated)
                .unwrap()
                .to_string()
        };
        assert_eq!(kept("198.51.100.77"), "198.51.100.0");
        assert_eq!(kept("2001:db8:12:3456::1"), "2001:db8:12::");
        assert_eq!(kept("::ffff:198.51.100.77"), "198.51.100.0");
        assert_eq!(
            kept_address("198.51.100.77".parse().unwrap(), Addresses::None),
            None
        );
    }
}
