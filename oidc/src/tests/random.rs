//! No input panics: tokens, claims, keys, callbacks and settings of any kind.

use proptest::{collection::vec, prelude::*};
use serde_json::{Map, Value, json};

use super::{
    fake::NOW,
    signer::{Signer, unsigned},
};
use crate::{
    Callback, Error, Identity, Pending, RoleMap,
    claims::{Expected, check_id_token, check_logout_token},
    crypto, metadata,
    token::{self, Keys},
};

const NAMES: [&str; 19] = [
    "iss",
    "aud",
    "azp",
    "sub",
    "exp",
    "iat",
    "nbf",
    "nonce",
    "auth_time",
    "sid",
    "jti",
    "events",
    "email",
    "email_verified",
    "groups",
    "kid",
    "use",
    "kty",
    "keys",
];
const EXPECTED: Expected = Expected {
    issuer: "https://i.example",
    client_id: "qr",
    trusted_audiences: &[],
};

fn pending() -> Pending {
    Pending {
        state: "s".to_owned(),
        nonce: "n".to_owned(),
        verifier: "v".to_owned(),
        issuer: EXPECTED.issuer.to_owned(),
        started_at: NOW,
        max_age_secs: Some(u32::MAX),
    }
}

/// JSON in which the claims' names and values of the standards are likely.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
        prop::sample::select(vec![
            "https://i.example",
            "qr",
            "n",
            "sig",
            "RSA",
            "EC",
            "P-256"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let name = prop_oneof![3 => prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned), 1 => ".*"];
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((name, inner), 0..8).prop_map(Value::from_iter),
        ]
    })
}

fn object() -> impl Strategy<Value = Map<String, Value>> {
    let name = prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned);
    vec((name, json()), 0..12).prop_map(Map::from_iter)
}

proptest! {
    #[test]
    fn text_as_a_token(text in ".*", parts in vec("[A-Za-z0-9_-]{0,40}", 0..5)) {
        crypto::install().unwrap();
        for token in [text, parts.join(".")] {
            prop_assert!(token::header(&token).is_err());
        }
    }

    #[test]
    fn headers_and_claims_as_a_token(header in json(), claims in json(), set in json()) {
        crypto::install().unwrap();
        let signer = Signer::new("ES256", "one");
        let signed = signer.sign(&claims);
        for token in [signer.sign_as(&header, &claims), unsigned(&claims), signed] {
            let Ok(header) = token::header(&token) else { continue };
            for keys in [set.clone(), json!({ "keys": [signer.jwk(), set.clone()] })] {
                let key = Keys::parse(&keys).and_then(|keys| keys.find(&header));
                // Whatever is taken was an object.
                let taken = key.map(|key| token::claims(&token, &header, &key));
                prop_assert!(claims.is_object() || !matches!(taken, Some(Ok(_))));
            }
        }
    }

    #[test]
    fn any_claims(claims in object(), userinfo in object(), now in any::<i64>()) {
        let _ = check_id_token(&claims, EXPECTED, &pending(), now);
        let _ = check_logout_token(&claims, EXPECTED, now);
        let _ = Identity::new(EXPECTED.issuer, "s".to_owned(), claims, Some(userinfo));
    }

    #[test]
    fn a_token_is_taken_only_between_its_times(exp in any::<i64>(), iat in any::<i64>(), now in any::<i64>()) {
        let claims = json!({
            "iss": EXPECTED.issuer, "aud": "qr", "sub": "a", "nonce": "n", "exp": exp, "iat": iat, "auth_time": NOW,
        });
        let Value::Object(claims) = claims else { unreachable!() };
        if check_id_token(&claims, EXPECTED, &pending(), now).is_ok() {
            prop_assert!(i128::from(iat) - 60 <= i128::from(now));
            prop_assert!(i128::from(now) < i128::from(exp) + 60);
        }
    }

    #[test]
    fn any_callback(query in ".*", now in any::<i64>(), promised in any::<bool>()) {
        if let Ok(callback) = Callback::parse(&query) {
            let refused = callback.code(&pending(), promised, now);
            prop_assert!(matches!(refused, Err(Error::Callback(_) | Error::StateDiffers)));
        }
    }

    #[test]
    fn any_roles(rules in ".*", paths in ".*", client in ".*", claims in object()) {
        for rules in [rules.as_str(), "qr=admin"] {
            for paths in [paths.as_str(), "groups,events.groups,iss.aud.sub"] {
                if let Ok(map) = RoleMap::parse(rules, paths, &client, &["admin"]) {
                    let _ = map.decide(&claims);
                }
            }
        }
    }

    #[test]
    fn any_issuer(issuer in ".*") {
        let _ = metadata::issuer(&issuer);
        let plain = format!("http://{issuer}.example");
        prop_assert!(metadata::issuer(&plain).is_err());
    }
}
