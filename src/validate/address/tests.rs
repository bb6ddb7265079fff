//! Every range at its edges, in every disguise.

use super::*;
use crate::validate::cases::{PRIVATE, PUBLIC};
use proptest::prelude::*;

fn kind(address: &str) -> Option<&'static str> {
    private(address.parse().unwrap())
}

#[test]
fn each_kind_is_named() {
    let more = [
        ("168.63.129.16", "metadata"),
        ("4000::1", "reserved"),
        ("5f00::1", "reserved"),
        ("1::1", "reserved"),
        ("2a00:1450::5efe:10.0.0.1", "private"),
        ("2a00:1450::200:5efe:127.0.0.1", "loopback"),
    ];
    for (address, what) in PRIVATE.iter().chain(&more) {
        let kind = kind(address).expect(address);
        assert!(kind.contains(what), "{address}: {kind}");
    }
}

#[test]
fn neighbours_are_public() {
    for address in PUBLIC {
        assert_eq!(kind(address), None, "{address}");
    }
}

proptest! {
    #[test]
    fn a_disguise_changes_nothing(bits: u32) {
        let address = Ipv4Addr::from(bits);
        let [a, b, c, d] = address.octets().map(u16::from);
        let (high, low) = (a << 8 | b, c << 8 | d);
        let plain = private_v4(address);
        for disguised in [
            Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
            Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
        ] {
            prop_assert_eq!(private_v6(disguised), plain);
            prop_assert_eq!(unwrapped(IpAddr::V6(disguised)), IpAddr::V4(address));
        }
    }
}
