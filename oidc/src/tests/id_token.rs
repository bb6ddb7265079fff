//! What an ID token must be (OpenID Connect Core §3.1.3.7).

use serde_json::{Value, json};

use super::{
    fake::{Fake, NOW},
    signer::{Signer, unsigned},
};
use crate::{Error, Kind, Start};

async fn refusal(changes: Value) -> Error {
    Fake::default().sign_in_with(changes).await.unwrap_err()
}

#[tokio::test]
async fn a_good_one_is_taken_with_each_algorithm() {
    for algorithm in ["RS256", "PS256", "ES256", "EdDSA"] {
        let fake = Fake::new(Signer::new(algorithm, "one"));
        let changes = json!({ "name": "Alice", "sid": "s1", "auth_time": NOW - 1 });
        let identity = fake.sign_in_with(changes).await.unwrap();
        assert_eq!(identity.issuer, fake.issuer, "{algorithm}");
        assert_eq!(identity.subject, "alice");
        assert_eq!(identity.name.as_deref(), Some("Alice"));
        assert_eq!(identity.sid.as_deref(), Some("s1"));
        assert_eq!(identity.auth_time, Some(NOW - 1));
    }
}

#[tokio::test]
async fn without_a_signature_it_is_refused() {
    let fake = Fake::default();
    let unsigned = |pending: &_| unsigned(&fake.claims(pending));
    let error = fake.sign_in(&Start::default(), unsigned).await;
    assert_eq!(error, Err(Error::Algorithm));
}

#[tokio::test]
async fn a_public_key_is_no_secret_for_hs256() {
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let fake = Fake::new(Signer::new(algorithm, "one"));
        let forge = |pending: &_| fake.signer.forge_hs256(&fake.claims(pending));
        let error = fake.sign_in(&Start::default(), forge).await;
        assert_eq!(error, Err(Error::Algorithm), "{algorithm}");
    }
}

#[tokio::test]
async fn other_algorithms_are_refused() {
    for algorithm in ["RS384", "RS512", "PS512", "ES384", "HS512", "ES512", "X"] {
        let fake = Fake::new(Signer::new("RS256", "one"));
        let header = json!({ "alg": algorithm, "kid": "one" });
        let sign = |pending: &_| fake.signer.sign_as(&header, &fake.claims(pending));
        let error = fake.sign_in(&Start::default(), sign).await;
        assert_eq!(error, Err(Error::Algorithm), "{algorithm}");
    }
}

#[tokio::test]
async fn a_changed_claim_breaks_the_signature() {
    let fake = Fake::default();
    let change = |pending: &_| {
        let token = fake.signer.sign(&fake.claims(pending));
        let other = fake.signer.sign(&json!({ "sub": "mallory" }));
        let part = |token: &str, i| token.split('.').nth(i).unwrap().to_owned();
        format!(
            "{}.{}.{}",
            part(&token, 0),
            part(&other, 1),
            part(&token, 2)
        )
    };
    let error = fake.sign_in(&Start::default(), change).await;
    assert_eq!(error, Err(Error::Signature));
}

#[tokio::test]
async fn critical_headers_that_are_unknown_are_refused() {
    let fake = Fake::default();
    let header = json!({ "alg": "ES256", "kid": "one", "crit": ["x"], "x": 1 });
    let sign = |pending: &_| fake.signer.sign_as(&header, &fake.claims(pending));
    let error = fake.sign_in(&Start::default(), sign).await;
    assert_eq!(error, Err(Error::Malformed));
}

#[tokio::test]
async fn text_that_is_no_token_is_refused() {
    for token in ["", "a", "..", "a.b", "a.b.c.d", "e30.e30.e30", "äö.ü.ß"] {
        let fake = Fake::default();
        let error = fake.sign_in(&Start::default(), |_| token.to_owned()).await;
        let refused = matches!(error, Err(Error::Malformed | Error::Algorithm));
        assert!(refused, "{token}: {error:?}");
    }
}

#[tokio::test]
async fn the_issuer_is_compared_to_the_last_byte() {
    let fake = Fake::default();
    let slash = format!("{}/", fake.issuer);
    for issuer in [slash.as_str(), "https://other.example", ""] {
        let error = fake
            .sign_in_with(json!({ "iss": issuer }))
            .await
            .unwrap_err();
        let expected = fake.issuer.clone();
        let found = issuer.to_owned();
        assert_eq!(error, Error::WrongIssuer { expected, found });
    }
}

#[tokio::test]
async fn the_client_is_among_the_audiences() {
    for audience in [
        json!("other"),
        json!(["other"]),
        json!([]),
        json!("trusted"),
    ] {
        assert_eq!(
            refusal(json!({ "aud": audience })).await,
            Error::WrongAudience,
            "{audience}"
        );
    }
    let odd = refusal(json!({ "aud": ["qr", 1], "azp": "qr" })).await;
    assert_eq!(odd, Error::WrongType("aud"));
    assert!(
        Fake::default()
            .sign_in_with(json!({ "aud": ["qr"] }))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn other_audiences_must_be_trusted() {
    let error = refusal(json!({ "aud": ["qr", "other"], "azp": "qr" })).await;
    assert_eq!(error, Error::UntrustedAudience("other".to_owned()));
    let trusted = json!({ "aud": ["trusted", "qr"], "azp": "qr" });
    assert!(Fake::default().sign_in_with(trusted).await.is_ok());
}

#[tokio::test]
async fn the_authorized_party_is_the_client() {
    for changes in [
        // Several audiences, and nobody says whose token it is.
        json!({ "aud": ["qr", "trusted"] }),
        json!({ "aud": ["qr", "trusted"], "azp": "trusted" }),
        json!({ "azp": "trusted" }),
        json!({ "azp": "" }),
    ] {
        assert_eq!(
            refusal(changes.clone()).await,
            Error::WrongParty,
            "{changes}"
        );
    }
    assert!(
        Fake::default()
            .sign_in_with(json!({ "azp": "qr" }))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn clocks_may_differ_by_a_minute() {
    for (claim, works, refused) in [("exp", -30, -120), ("iat", 30, 120), ("nbf", 30, 120)] {
        let fake = Fake::default();
        let skewed = fake.sign_in_with(json!({ claim: NOW + works })).await;
        assert!(skewed.is_ok(), "{claim}: {skewed:?}");
        let error = refusal(json!({ claim: NOW + refused })).await;
        let expected = match claim {
            "exp" => Error::TokenExpired { late_secs: 120 },
            _ => Error::NotYet {
                claim,
                ahead_secs: 120,
            },
        };
        assert_eq!(error, expected);
        assert_eq!(error.kind(), Kind::Refusal);
    }
    // To the second.
    assert!(
        Fake::default()
            .sign_in_with(json!({ "exp": NOW - 59 }))
            .await
            .is_ok()
    );
    let error = refusal(json!({ "exp": NOW - 60 })).await;
    assert_eq!(error, Error::TokenExpired { late_secs: 60 });
}

#[tokio::test]
async fn times_may_have_fractions_but_are_numbers() {
    let fractions = json!({ "exp": 1_800_000_300.5, "iat": 1.8e9 });
    assert!(Fake::default().sign_in_with(fractions).await.is_ok());
    for time in [json!("1800000300"), json!(true), json!(1e300)] {
        assert_eq!(
            refusal(json!({ "exp": time })).await,
            Error::WrongType("exp"),
            "{time}"
        );
    }
    assert!(matches!(
        refusal(json!({ "exp": i64::MIN })).await,
        Error::TokenExpired { .. }
    ));
}

#[tokio::test]
async fn the_nonce_is_that_of_the_sign_in() {
    assert_eq!(
        refusal(json!({ "nonce": "other" })).await,
        Error::NonceDiffers
    );
    assert_eq!(refusal(json!({ "nonce": "" })).await, Error::NonceDiffers);
}

#[tokio::test]
async fn claims_that_are_required_are_missed() {
    for claim in ["iss", "aud", "exp", "iat", "nonce", "sub"] {
        assert_eq!(refusal(json!({ claim: null })).await, Error::Missing(claim));
    }
    for subject in [String::new(), "x".repeat(256)] {
        assert_eq!(
            refusal(json!({ "sub": subject })).await,
            Error::WrongType("sub")
        );
    }
}

#[tokio::test]
async fn a_step_up_wants_a_new_authentication() {
    let fake = Fake::default();
    let at = |max_age_secs| Start {
        max_age_secs: Some(max_age_secs),
        prompt: None,
    };
    for (max_age, auth_time, works) in [
        (0, json!(NOW), true),
        (0, json!(NOW - 60), true),
        (0, json!(NOW - 61), false),
        (300, json!(NOW - 360), true),
        (300, json!(NOW - 361), false),
        (0, json!(i64::MIN), false),
    ] {
        let outcome = fake
            .sign_in_from(&at(max_age), json!({ "auth_time": auth_time }))
            .await;
        let expected = works || outcome == Err(Error::AuthenticationTooOld);
        assert!(
            outcome.is_ok() == works && expected,
            "{max_age} {auth_time}: {outcome:?}"
        );
    }
    let none = fake.sign_in_from(&at(0), json!({})).await;
    assert_eq!(none, Err(Error::Missing("auth_time")));
    let ahead = fake
        .sign_in_from(&at(0), json!({ "auth_time": NOW + 120 }))
        .await;
    let not_yet = Error::NotYet {
        claim: "auth_time",
        ahead_secs: 120,
    };
    assert_eq!(ahead, Err(not_yet));
    // Without one it may be as old as the session.
    assert!(fake.sign_in_with(json!({ "auth_time": 1 })).await.is_ok());
}
