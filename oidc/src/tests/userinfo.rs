//! Userinfo beside the ID token (OpenID Connect Core §5.3).

use serde_json::{Value, json};

use super::fake::Fake;
use crate::{Error, Identity, Kind};

async fn signed_in(token: Value, userinfo: Value) -> Result<Identity, Error> {
    let fake = Fake::default();
    fake.answer("/userinfo", 200, &userinfo);
    fake.sign_in_with(token).await
}

#[tokio::test]
async fn it_is_asked_with_the_access_token() {
    let fake = Fake::default();
    fake.sign_in_with(json!({})).await.unwrap();
    let [request] = &fake.requests("/userinfo")[..] else {
        panic!("not one request")
    };
    let bearer = "authorization: Bearer opaque".to_owned();
    assert!(request.headers.contains(&bearer), "{:?}", request.headers);
}

#[tokio::test]
async fn it_is_about_the_same_subject() {
    for userinfo in [
        json!({ "sub": "mallory" }),
        json!({}),
        json!({ "sub": "" }),
        json!({ "sub": 1 }),
    ] {
        let error = signed_in(json!({}), userinfo.clone()).await.unwrap_err();
        let refused = matches!(error, Error::SubjectDiffers | Error::WrongType("sub"));
        assert!(refused, "{userinfo}: {error:?}");
    }
}

#[tokio::test]
async fn the_id_token_wins() {
    let token = json!({ "name": "Token", "groups": ["a"] });
    let userinfo = json!({
        "sub": "alice", "name": "Userinfo", "groups": ["b"], "realm_access": { "roles": ["r"] },
    });
    let identity = signed_in(token, userinfo).await.unwrap();
    assert_eq!(identity.name.as_deref(), Some("Token"));
    assert_eq!(identity.claims["groups"], json!(["a"]));
    assert_eq!(identity.claims["realm_access"], json!({ "roles": ["r"] }));
}

#[tokio::test]
async fn it_says_nothing_about_the_token() {
    let userinfo = json!({ "sub": "alice", "sid": "other", "auth_time": 1, "acr": "high" });
    let identity = signed_in(json!({}), userinfo).await.unwrap();
    assert_eq!((identity.sid, identity.auth_time), (None, None));
    assert!(!identity.claims.contains_key("acr"));
}

#[tokio::test]
async fn an_address_counts_when_the_provider_verified_it() {
    let (a, b) = ("a@example.org", "b@example.org");
    let verified = |email: &str| json!({ "sub": "alice", "email": email, "email_verified": true });
    for (token, userinfo, email) in [
        (
            json!({ "email": a, "email_verified": true }),
            json!({ "sub": "alice" }),
            Some(a),
        ),
        (
            json!({ "email": a, "email_verified": "true" }),
            json!({ "sub": "alice" }),
            Some(a),
        ),
        (
            json!({ "email": a, "email_verified": false }),
            json!({ "sub": "alice" }),
            None,
        ),
        (json!({ "email": a }), json!({ "sub": "alice" }), None),
        (json!({}), verified(b), Some(b)),
        (json!({ "email": a }), verified(a), Some(a)),
        // One source's flag says nothing of the other one's address.
        (json!({ "email": a }), verified(b), None),
        (
            json!({ "email_verified": true }),
            json!({ "sub": "alice", "email": b }),
            None,
        ),
        (
            json!({ "email": a, "email_verified": false }),
            verified(a),
            None,
        ),
    ] {
        let identity = signed_in(token.clone(), userinfo.clone()).await.unwrap();
        assert_eq!(identity.email.as_deref(), email, "{token} {userinfo}");
        assert_eq!(identity.email_verified, email.is_some());
    }
}

#[tokio::test]
async fn without_the_endpoint_the_token_is_enough() {
    let fake = Fake::default();
    let mut metadata = fake.metadata();
    metadata
        .as_object_mut()
        .unwrap()
        .remove("userinfo_endpoint");
    fake.answer("/.well-known/openid-configuration", 200, &metadata);
    let identity = fake
        .sign_in_with(json!({ "preferred_username": "al" }))
        .await
        .unwrap();
    assert_eq!(identity.name.as_deref(), Some("al"));
    assert!(fake.requests("/userinfo").is_empty());
}

/// Roles may be there alone: a sign-in without it would look like one without roles.
#[tokio::test]
async fn while_it_is_away_nobody_signs_in() {
    let fake = Fake::default();
    for (status, kind) in [(503, Kind::Transient), (401, Kind::Refusal)] {
        fake.answer("/userinfo", status, &json!({}));
        let error = fake.sign_in_with(json!({})).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    fake.answer("/userinfo", 200, &json!(["sub"]));
    let error = fake.sign_in_with(json!({})).await;
    assert!(
        matches!(error, Err(Error::Unusable("userinfo", _))),
        "{error:?}"
    );
}
