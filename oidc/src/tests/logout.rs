//! What a logout token must be (OpenID Connect Back-Channel Logout §2.4 and §2.6).

use serde_json::{Value, json};

use super::{
    fake::{Fake, NOW, changed},
    signer::unsigned,
};
use crate::{Error, Kind, Logout};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

fn claims(fake: &Fake, changes: Value) -> Value {
    let good = json!({
        "iss": fake.issuer, "aud": "qr", "iat": NOW, "exp": NOW + 120, "jti": "j1", "sub": "alice", "sid": "s1",
        "events": { EVENT: {} },
    });
    changed(good, changes)
}

async fn taken(changes: Value) -> Result<Logout, Error> {
    let fake = Fake::default();
    let token = fake.signer.sign(&claims(&fake, changes));
    fake.provider().logout(&token, NOW).await
}

#[tokio::test]
async fn it_names_a_session_or_a_subject() {
    let alice = Some("alice".to_owned());
    let s1 = Some("s1".to_owned());
    let logout = |subject, sid| Logout {
        subject,
        sid,
        jti: "j1".to_owned(),
        remember_until: NOW + 180,
    };
    assert_eq!(
        taken(json!({})).await,
        Ok(logout(alice.clone(), s1.clone()))
    );
    assert_eq!(taken(json!({ "sid": null })).await, Ok(logout(alice, None)));
    assert_eq!(taken(json!({ "sub": null })).await, Ok(logout(None, s1)));
    let neither = taken(json!({ "sub": null, "sid": null })).await;
    assert_eq!(neither, Err(Error::Missing("sub")));
}

#[tokio::test]
async fn it_has_its_required_claims() {
    for claim in ["iss", "aud", "iat", "jti"] {
        assert_eq!(
            taken(json!({ claim: null })).await,
            Err(Error::Missing(claim))
        );
    }
    assert_eq!(
        taken(json!({ "jti": "" })).await,
        Err(Error::WrongType("jti"))
    );
    assert_eq!(
        taken(json!({ "sid": 1 })).await,
        Err(Error::WrongType("sid"))
    );
}

#[tokio::test]
async fn it_is_an_event_and_no_id_token() {
    for changes in [
        json!({ "events": null }),
        json!({ "events": [EVENT] }),
        json!({ "events": { "other": {} } }),
        json!({ "events": { EVENT: true } }),
        json!({ "nonce": "n" }),
        json!({ "nonce": "" }),
    ] {
        assert_eq!(
            taken(changes.clone()).await,
            Err(Error::NoLogoutToken),
            "{changes}"
        );
    }
}

#[tokio::test]
async fn it_is_by_the_issuer_for_the_client() {
    let other = taken(json!({ "iss": "https://other.example" })).await;
    assert!(matches!(other, Err(Error::WrongIssuer { .. })), "{other:?}");
    assert_eq!(
        taken(json!({ "aud": "other" })).await,
        Err(Error::WrongAudience)
    );
    assert_eq!(
        taken(json!({ "azp": "other" })).await,
        Err(Error::WrongParty)
    );
    assert!(taken(json!({ "aud": ["qr", "trusted"] })).await.is_ok());
}

#[tokio::test]
async fn it_is_new() {
    for (changes, works) in [
        (json!({ "exp": NOW - 30 }), true),
        (json!({ "exp": NOW - 120 }), false),
        (json!({ "iat": NOW + 30 }), true),
        (json!({ "iat": NOW + 120 }), false),
        // Without exp it is taken for two minutes, and the leeway.
        (json!({ "exp": null, "iat": NOW - 179 }), true),
        (json!({ "exp": null, "iat": NOW - 180 }), false),
    ] {
        let outcome = taken(changes.clone()).await;
        assert_eq!(outcome.is_ok(), works, "{changes}: {outcome:?}");
    }
}

#[tokio::test]
async fn it_is_signed() {
    let fake = Fake::default();
    let provider = fake.provider();
    let claims = claims(&fake, json!({}));
    for token in [unsigned(&claims), fake.signer.forge_hs256(&claims)] {
        assert_eq!(provider.logout(&token, NOW).await, Err(Error::Algorithm));
    }
    let long = "x".repeat(100_000);
    let long = fake.signer.sign(&changed(claims, json!({ "x": long })));
    assert_eq!(provider.logout(&long, NOW).await, Err(Error::Malformed));
}

#[tokio::test]
async fn while_keys_are_away_it_is_worth_another_try() {
    let fake = Fake::default();
    fake.answer("/jwks", 503, &json!({}));
    let token = fake.signer.sign(&claims(&fake, json!({})));
    let error = fake.provider().logout(&token, NOW).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Transient);
}

#[tokio::test]
async fn it_signs_nobody_in() {
    let fake = Fake::default();
    let sign = |_: &_| fake.signer.sign(&claims(&fake, json!({})));
    let error = fake.sign_in(&crate::Start::default(), sign).await;
    assert_eq!(error, Err(Error::Missing("nonce")));
}
