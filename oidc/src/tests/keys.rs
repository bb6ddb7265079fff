//! Which key a token is verified with (RFC 7517), and when keys are fetched again.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, crypto};
use ring::signature::KeyPair;
use serde_json::{Value, json};

use super::{
    fake::{Fake, NOW, changed},
    signer::{Key, Signer},
};
use crate::{Error, Identity, Provider, Start};

/// A sign-in with a provider that remembers its keys, by a token of this signer's.
async fn sign_in(
    fake: &Fake,
    provider: &Provider,
    signer: &Signer,
    now: i64,
) -> Result<Identity, Error> {
    let (_, pending) = provider.start(&Start::default(), now).await?;
    let times = json!({ "iat": now, "exp": now + 300 });
    fake.token_answer(&signer.sign(&changed(fake.claims(&pending), times)));
    let callback = fake.callback(&pending);
    provider.finish(pending, &callback, now).await
}

/// A sign-in at a provider with this set of keys.
async fn with_keys(fake: &Fake, keys: Value) -> Result<Identity, Error> {
    fake.answer("/jwks", 200, &json!({ "keys": keys }));
    fake.sign_in_with(json!({})).await
}

#[tokio::test]
async fn a_key_is_for_signatures() {
    let fake = Fake::default();
    let jwk = |changes: Value| changed(fake.signer.jwk(), changes);
    for (changes, works) in [
        (json!({ "use": "sig" }), true),
        (json!({ "use": null }), true),
        (json!({ "use": "enc" }), false),
        (json!({ "use": "other" }), false),
        (json!({ "use": null, "key_ops": ["verify"] }), true),
        (json!({ "use": null, "key_ops": ["encrypt"] }), false),
        (json!({ "alg": null }), true),
        (json!({ "alg": "ES384" }), false),
        (json!({ "alg": "RSA-OAEP" }), false),
        (json!({ "crv": "P-384" }), false),
        (json!({ "kid": "two" }), false),
        (json!({ "kid": null }), false),
    ] {
        let outcome = with_keys(&fake, json!([jwk(changes.clone())])).await;
        let expected = works || outcome == Err(Error::UnknownKey);
        assert!(
            outcome.is_ok() == works && expected,
            "{changes}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn an_algorithm_wants_its_own_type_of_key() {
    let fake = Fake::new(Signer::new("RS256", "one"));
    let header = json!({ "alg": "ES256", "kid": "one" });
    let sign = |pending: &_| fake.signer.sign_as(&header, &fake.claims(pending));
    let outcome = fake.sign_in(&Start::default(), sign).await;
    assert_eq!(outcome, Err(Error::UnknownKey));
    // And a key for RS256 is none for PS256.
    let fake = Fake::new(Signer::new("PS256", "one"));
    let jwk = changed(fake.signer.jwk(), json!({ "alg": "RS256" }));
    assert_eq!(with_keys(&fake, json!([jwk])).await, Err(Error::UnknownKey));
}

#[tokio::test]
async fn keys_of_unknown_types_are_left_out() {
    let fake = Fake::default();
    let jwk = fake.signer.jwk();
    let odd =
        json!([{ "kty": "AKP", "kid": "one" }, { "kty": "EC", "crv": "secp256k1" }, 1, {}, jwk]);
    assert!(with_keys(&fake, odd).await.is_ok());
}

#[tokio::test]
async fn an_encryption_key_may_have_the_same_kid() {
    let fake = Fake::default();
    let encryption = changed(fake.signer.jwk(), json!({ "use": "enc" }));
    assert!(
        with_keys(&fake, json!([encryption, fake.signer.jwk()]))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn without_kid_a_single_key_must_fit() {
    let fake = Fake::default();
    let header = json!({ "alg": "ES256" });
    let sign = |pending: &_| fake.signer.sign_as(&header, &fake.claims(pending));
    assert!(fake.sign_in(&Start::default(), sign).await.is_ok());
    let second = Signer::new("ES256", "two").jwk();
    fake.answer(
        "/jwks",
        200,
        &json!({ "keys": [fake.signer.jwk(), second] }),
    );
    let outcome = fake.sign_in(&Start::default(), sign).await;
    assert_eq!(outcome, Err(Error::UnknownKey));
}

#[tokio::test]
async fn another_key_with_the_same_kid_does_not_verify() {
    let fake = Fake::default();
    let other = Signer::new("ES256", "one");
    let outcome = sign_in(&fake, &fake.provider(), &other, NOW).await;
    assert_eq!(outcome, Err(Error::Signature));
}

#[tokio::test]
async fn an_unknown_kid_fetches_keys_once_a_minute() {
    let fake = Fake::default();
    let provider = fake.provider();
    let fetched = || fake.requests("/jwks").len();
    sign_in(&fake, &provider, &fake.signer, NOW).await.unwrap();
    assert_eq!(fetched(), 1);
    let new = Signer::new("ES256", "two");
    // The keys are younger than a minute.
    let early = sign_in(&fake, &provider, &new, NOW + 59).await;
    assert_eq!((early, fetched()), (Err(Error::UnknownKey), 1));
    let still_unknown = sign_in(&fake, &provider, &new, NOW + 60).await;
    assert_eq!((still_unknown, fetched()), (Err(Error::UnknownKey), 2));
    fake.answer(
        "/jwks",
        200,
        &json!({ "keys": [fake.signer.jwk(), new.jwk()] }),
    );
    let again = sign_in(&fake, &provider, &new, NOW + 119).await;
    assert_eq!((again, fetched()), (Err(Error::UnknownKey), 2));
    sign_in(&fake, &provider, &new, NOW + 120).await.unwrap();
    assert_eq!(fetched(), 3);
    // Known now: it costs nothing.
    sign_in(&fake, &provider, &new, NOW + 900).await.unwrap();
    assert_eq!(fetched(), 3);
}

#[tokio::test]
async fn a_fetch_that_failed_counts_for_the_minute() {
    let fake = Fake::default();
    let provider = fake.provider();
    sign_in(&fake, &provider, &fake.signer, NOW).await.unwrap();
    fake.answer("/jwks", 503, &json!({}));
    let new = Signer::new("ES256", "two");
    for later in [60, 61, 119] {
        let outcome = sign_in(&fake, &provider, &new, NOW + later).await;
        assert!(
            matches!(outcome, Err(Error::Away("key set", _))),
            "{outcome:?}"
        );
        assert_eq!(fake.requests("/jwks").len(), 2);
    }
    // Those with the old key are not held up.
    sign_in(&fake, &provider, &fake.signer, NOW + 119)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_withdrawn_key_is_forgotten_within_the_hour() {
    let fake = Fake::default();
    let provider = fake.provider();
    sign_in(&fake, &provider, &fake.signer, NOW).await.unwrap();
    fake.answer("/jwks", 200, &json!({ "keys": [] }));
    sign_in(&fake, &provider, &fake.signer, NOW + 3599)
        .await
        .unwrap();
    let outcome = sign_in(&fake, &provider, &fake.signer, NOW + 3600).await;
    assert_eq!(outcome, Err(Error::UnknownKey));
}

/// Whatever picks a key: bytes of one type of key are never read as another.
#[test]
fn the_crypto_verifies_with_keys_of_the_algorithm_alone() {
    crate::crypto::install().unwrap();
    let signer = Signer::new("ES256", "one");
    let token = signer.sign(&json!({}));
    let (message, signature) = token.rsplit_once('.').unwrap();
    let Key::Ec(key) = &signer.key else { panic!() };
    let point = key.public_key().as_ref();
    let verify =
        |key: &DecodingKey| crypto::verify(signature, message.as_bytes(), key, Algorithm::ES256);
    assert_eq!(verify(&DecodingKey::from_ec_der(point)), Ok(true));
    assert!(verify(&DecodingKey::from_ed_der(point)).is_err());
    assert!(verify(&DecodingKey::from_secret(point).unwrap()).is_err());
    // And it signs nothing.
    let secret = EncodingKey::from_secret(b"secret").unwrap();
    assert!(crypto::sign(b"x", &secret, Algorithm::HS256).is_err());
}
