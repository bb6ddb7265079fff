//! Numbers, rings, rotation, and the set that is published.

use serde_json::json;
use tokens::{
    BadRing, KEY_LEEWAY_SECS, MAX_KEYS, PublicKey, Reason, Ring, SigningKey, WeakKey, verify,
};

use crate::made::{NOW, expect, key, none, number, public, token};

fn public_from(value: u8, not_before: i64) -> PublicKey {
    PublicKey::new(number(value), &key(value).public(), not_before, None).unwrap()
}

#[test]
fn a_signing_key_is_never_printed() {
    let secret = [0xA7; 32];
    let shown = format!("{:?}", SigningKey::new(number(3), &secret));
    assert_eq!(shown, "SigningKey { number: KeyNumber(3), .. }");
}

#[test]
fn weak_keys_are_refused() {
    // The neutral element, the point of order two, and points of order four and eight.
    let order_8 = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";
    let order_8: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&order_8[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut order_2 = [0xFF; 32];
    (order_2[0], order_2[31]) = (0xEC, 0x7F);
    let weak = [neutral, order_2, [0; 32], order_8.try_into().unwrap()];
    for bytes in weak {
        assert_eq!(PublicKey::new(number(1), &bytes, 0, None), Err(WeakKey));
    }
    // No point has this y.
    let mut off_curve = [0; 32];
    off_curve[0] = 2;
    assert_eq!(PublicKey::new(number(1), &off_curve, 0, None), Err(WeakKey));
}

#[test]
fn a_ring_has_bounds() {
    let keys = |count: u8| {
        let numbers = (1..=255).filter_map(tokens::KeyNumber::new);
        let numbers = numbers.take(count.into());
        numbers.map(|n| public(&key(n.value()))).collect::<Vec<_>>()
    };
    assert_eq!(Ring::new(keys(16)).unwrap().keys().len(), MAX_KEYS);
    assert_eq!(Ring::new(keys(17)), Err(BadRing::Full));
    let twice = vec![public(&key(1)), public(&key(2)), public(&key(1))];
    assert_eq!(Ring::new(twice), Err(BadRing::Twice(number(1))));
}

#[test]
fn numbers_go_around_and_leave_out_what_is_taken() {
    assert_eq!(Ring::default().next_number(), number(1));
    let after = |values: &[u8]| {
        // Each is newer than the one before it.
        let keys = values.iter().zip(0..).map(|(v, at)| public_from(*v, at));
        Ring::new(keys.collect()).unwrap().next_number().value()
    };
    assert_eq!(after(&[1]), 2);
    // 5 is none: a text would begin with a space.
    assert_eq!(after(&[4]), 6);
    assert_eq!(after(&[254]), 255);
    assert_eq!(after(&[255]), 1);
    assert_eq!(after(&[1, 2, 255]), 3);
    assert_eq!(after(&[2, 1]), 3);
}

#[test]
fn rotation_overlaps() {
    let (begins, ends) = (NOW + 3600, NOW + 7200);
    let old = Ring::new(vec![public(&key(1))]).unwrap();
    let next = public_from(old.next_number().value(), begins);
    let both = old.rotated(next.clone(), ends).unwrap();
    let signs = |now| both.signs(now).map(|key| key.number().value());
    assert_eq!(signs(NOW), Some(1));
    assert_eq!(signs(begins - 1), Some(1));
    assert_eq!(signs(begins), Some(2));
    assert_eq!(signs(ends), Some(2));

    let counts = |value: u8, now: i64| {
        let text = key(value).token(token()).to_symbol();
        verify(&text, &both, &expect(now), &none()).map(|_| ())
    };
    assert_eq!(counts(1, begins), Ok(()));
    assert_eq!(counts(1, ends - 1), Ok(()));
    assert_eq!(counts(1, ends), Err(Reason::UnknownKey));
    assert_eq!(counts(2, begins - KEY_LEEWAY_SECS), Ok(()));
    assert_eq!(counts(2, NOW), Err(Reason::NotYetValid));

    let no_overlap = old.rotated(next.clone(), begins - 1);
    assert_eq!(no_overlap, Err(BadRing::NoOverlap));
    let again = both.rotated(next, ends);
    assert_eq!(again, Err(BadRing::Twice(number(2))));
    assert_eq!(both.pruned(ends).keys().len(), 1);
    assert_eq!(both.pruned(ends - 1), both);
}

#[test]
fn a_second_rotation_does_not_prolong_the_first() {
    let ring = Ring::new(vec![public(&key(1))]).unwrap();
    let ring = ring.rotated(public_from(2, NOW), NOW + 10).unwrap();
    let ring = ring.rotated(public_from(3, NOW + 20), NOW + 30).unwrap();
    let retired: Vec<_> = ring.keys().iter().map(PublicKey::retired_at).collect();
    assert_eq!(retired, [Some(NOW + 10), Some(NOW + 30), None]);
}

#[test]
fn the_published_set_is_that_of_rfc_8037() {
    // RFC 8037 appendix A: the same secret, and the x of its JWK.
    let secret = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let secret: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&secret[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let key = SigningKey::new(number(7), &secret.try_into().unwrap());
    let public = PublicKey::new(number(7), &key.public(), NOW, Some(NOW + 1)).unwrap();
    let ring = Ring::new(vec![public]).unwrap();
    let jwks = ring.to_jwks(NOW);
    let expected = json!({"keys": [{
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "7",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "nbf": NOW, "exp": NOW + 1,
    }]});
    assert_eq!(jwks, expected);
    assert_eq!(Ring::from_jwks(&jwks), Ok(ring.clone()));
    assert_eq!(ring.to_jwks(NOW + 1), json!({"keys": []}));
}

#[test]
fn a_set_is_read_whole_or_not_at_all() {
    let good = Ring::new(vec![public(&key(1))]).unwrap().to_jwks(NOW);
    let with = |name: &str, value: serde_json::Value| {
        let mut set = good.clone();
        set["keys"][0][name] = value;
        Ring::from_jwks(&set)
    };
    for kid in [
        json!("01"),
        json!("+1"),
        json!("0"),
        json!("5"),
        json!("256"),
        json!(1),
        json!("../1"),
    ] {
        assert!(with("kid", kid.clone()).is_err(), "{kid}");
    }
    let x = good["keys"][0]["x"].as_str().unwrap();
    for x in [
        json!(""),
        json!(format!("{x}=")),
        json!(&x[1..]),
        json!(format!("{x}AA")),
        json!(7),
    ] {
        assert!(with("x", x.clone()).is_err(), "{x}");
    }
    assert!(with("nbf", json!("now")).is_err());
    assert!(with("exp", json!(1.5)).is_err());
    // Another type of key is somebody else's.
    assert_eq!(with("kty", json!("RSA")), Ok(Ring::default()));
    for set in [json!(null), json!([]), json!({"keys": {}}), json!({})] {
        assert!(Ring::from_jwks(&set).is_err());
    }
    let many = vec![good["keys"][0].clone(); 100_000];
    assert!(Ring::from_jwks(&json!({"keys": many})).is_err());
}
