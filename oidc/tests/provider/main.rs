//! Sign-ins at a certified provider, npm `oidc-provider` shaped like Keycloak, without a browser.
// Helpers of a test are tests too, time passes for real here, and what scripts/test exports is no setting of the product.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use oidc::{
    Callback, DEFAULT_ROLE_CLAIMS, Decision, Error, Kind, Prompt, Provider, RoleMap, Start,
};
use serde_json::json;

use browser::Browser;
use node::{CLIENT, Node, now};
use posts::Posts;

mod browser;
#[path = "../../../tests/oidc/jar.rs"]
mod jar;
mod node;
#[path = "../../../tests/oidc/posts.rs"]
mod posts;

/// A sign-in of this user, up to the callback.
async fn callback(provider: &Provider, user: &str) -> Result<(oidc::Pending, Callback), Error> {
    let (url, pending) = provider.start(&Start::default(), now()).await?;
    let query = Browser::default().sign_in(url, user).await;
    Ok((pending, Callback::parse(&query)?))
}

async fn sign_in(provider: &Provider, user: &str) -> Result<oidc::Identity, Error> {
    let (pending, callback) = callback(provider, user).await?;
    provider.finish(pending, &callback, now()).await
}

fn role(identity: &oidc::Identity) -> Decision {
    let rules = "qr-owners=owner,qr-admins=admin,qr-analysts=analyst";
    let ranks = ["viewer", "analyst", "admin", "owner"];
    let map = RoleMap::parse(rules, DEFAULT_ROLE_CLAIMS, CLIENT, &ranks).unwrap();
    map.decide(&identity.claims).decision
}

fn given(role: &str, why: &str) -> Decision {
    let (role, why) = (role.to_owned(), why.to_owned());
    Decision::Role { role, why }
}

#[tokio::test]
async fn a_user_signs_in_with_each_algorithm() {
    let algorithms = ["RS256", "PS256", "ES256", "EdDSA"];
    let node = Node::start(&["port=0"; 4], &algorithms.map(|a| format!("alg={a}")));
    for i in 0..algorithms.len() {
        let identity = sign_in(&node.provider(i), "alice").await.unwrap();
        assert_eq!(identity.issuer, node.issuers[i]);
        assert_eq!(identity.subject, "alice");
        assert_eq!(identity.name.as_deref(), Some("Alice Adams"));
        assert_eq!(identity.email.as_deref(), Some("alice@example.org"));
        assert!(identity.sid.is_some());
        let bob = sign_in(&node.provider(i), "bob").await.unwrap();
        assert_eq!(bob.email, None, "not verified");
    }
}

#[tokio::test]
async fn the_secret_may_be_in_the_body() {
    let node = Node::start(&["port=0", "auth=client_secret_post"], &[]);
    assert!(sign_in(&node.provider(0), "alice").await.is_ok());
    let mut settings = node.settings(0);
    settings.client_secret = Some("wrong".to_owned());
    let error = sign_in(&Provider::new(settings).unwrap(), "alice")
        .await
        .unwrap_err();
    assert_eq!(error, Error::ExchangeRefused("invalid_client".to_owned()));
    assert!(!error.to_string().contains("wrong"));
}

#[tokio::test]
async fn a_role_comes_from_claims_and_goes_with_them() {
    let node = Node::start(&["port=0"], &[]);
    let provider = node.provider(0);
    // From userinfo alone: these claims are not in the ID token.
    let alice = sign_in(&provider, "alice").await.unwrap();
    assert_eq!(
        role(&alice),
        given("owner", "resource_access.qr.roles contains qr-owners")
    );
    let bob = sign_in(&provider, "bob").await.unwrap();
    assert_eq!(
        role(&bob),
        given("analyst", "realm_access.roles contains qr-analysts")
    );
    assert_eq!(
        role(&sign_in(&provider, "carol").await.unwrap()),
        Decision::Absent
    );
    let gone = json!({ "resource_access": null, "realm_access": null });
    node.admin(0, "user", &json!({ "sub": "alice", "claims": gone }))
        .await;
    let alice = sign_in(&provider, "alice").await.unwrap();
    assert_eq!(role(&alice), given("admin", "groups contains qr-admins"));
    node.admin(
        0,
        "user",
        &json!({ "sub": "alice", "claims": { "groups": [] } }),
    )
    .await;
    assert_eq!(
        role(&sign_in(&provider, "alice").await.unwrap()),
        Decision::NoMatch
    );
}

#[tokio::test]
async fn a_callback_works_once() {
    let node = Node::start(&["port=0"], &[]);
    let provider = node.provider(0);
    let (pending, callback) = callback(&provider, "alice").await.unwrap();
    provider
        .finish(pending.clone(), &callback, now())
        .await
        .unwrap();
    // The caller gives a pending sign-in out once. If it did not, the code would have been used.
    let replayed = provider
        .finish(pending, &callback, now())
        .await
        .unwrap_err();
    assert_eq!(
        (replayed.kind(), &replayed),
        (Kind::User, &Error::CodeRefused)
    );
    // The callback in another browser, with a sign-in of its own.
    let (_, other) = provider.start(&Start::default(), now()).await.unwrap();
    let stolen = provider.finish(other.clone(), &callback, now()).await;
    assert_eq!(stolen, Err(Error::StateDiffers));
    // Even with a state that fits, the verifier does not.
    let (_, fresh) = self::callback(&provider, "bob").await.unwrap();
    let injected = Callback {
        state: Some(other.state.clone()),
        ..fresh
    };
    let injected = provider.finish(other, &injected, now()).await;
    assert_eq!(injected, Err(Error::CodeRefused));
}

#[tokio::test]
async fn a_user_may_decline() {
    let node = Node::start(&["port=0"], &[]);
    let provider = node.provider(0);
    let (url, pending) = provider.start(&Start::default(), now()).await.unwrap();
    let query = Browser::default().decline(url).await;
    let callback = Callback::parse(&query).unwrap();
    let error = provider
        .finish(pending, &callback, now())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::User, "{error}");
    assert_eq!(error.to_string(), "the provider answered access_denied");
}

#[tokio::test]
async fn another_spelling_of_the_issuer_is_refused() {
    let node = Node::start(&["port=0"], &[]);
    let mut settings = node.settings(0);
    settings.issuer.push('/');
    let configured = settings.issuer.clone();
    let error = sign_in(&Provider::new(settings).unwrap(), "alice")
        .await
        .unwrap_err();
    let found = node.issuers[0].clone();
    assert_eq!(error, Error::IssuerDiffers { configured, found });
}

#[tokio::test]
async fn a_provider_that_is_away_comes_back() {
    let mut node = Node::start(&["port=0"], &[]);
    let provider = node.provider(0);
    node.admin(0, "away", &json!({ "away": true })).await;
    let error = sign_in(&provider, "alice").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Transient, "{error}");
    node.admin(0, "away", &json!({ "away": false })).await;
    let later = now() + 5;
    let (url, pending) = provider.start(&Start::default(), later).await.unwrap();
    // It goes away while the user is there.
    let query = Browser::default().sign_in(url, "alice").await;
    let callback = Callback::parse(&query).unwrap();
    node.kill();
    let error = provider
        .finish(pending, &callback, later)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Transient, "{error}");
}

#[tokio::test]
async fn two_providers_are_not_mixed_up() {
    let node = Node::start(&["port=0", "port=0"], &[]);
    let (one, two) = (node.provider(0), node.provider(1));
    let (pending, _) = callback(&one, "alice").await.unwrap();
    let (_, others) = callback(&two, "alice").await.unwrap();
    // The browser started at one and comes back from two, which says so (RFC 9207).
    let mixed = Callback {
        state: Some(pending.state.clone()),
        ..others
    };
    let (expected, found) = (node.issuers[0].clone(), node.issuers[1].clone());
    let error = one.finish(pending.clone(), &mixed, now()).await;
    assert_eq!(error, Err(Error::OtherProvider { expected, found }));
    // Or says nothing, which it has promised not to.
    let silent = Callback {
        iss: None,
        ..mixed.clone()
    };
    let error = one.finish(pending.clone(), &silent, now()).await;
    assert_eq!(error, Err(Error::CallbackWithoutIssuer));
    // Or is asked to finish what it did not start.
    let error = two.finish(pending, &mixed, now()).await;
    assert!(
        matches!(error, Err(Error::OtherProvider { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn tokens_with_an_error_are_refused() {
    let node = Node::start(&["port=0"], &[]);
    let provider = node.provider(0);
    let aud = |aud: &[&str]| json!({ "set": { "aud": aud } });
    let found = "https://mallory.example".to_owned();
    let expected = node.issuers[0].clone();
    let mut faults = vec![
        (aud(&["other"]), Error::WrongAudience),
        (
            aud(&[CLIENT, "other"]),
            Error::UntrustedAudience("other".to_owned()),
        ),
        (aud(&[CLIENT, CLIENT]), Error::WrongParty),
        (json!({ "set": { "azp": "other" } }), Error::WrongParty),
        (json!({ "set": { "nonce": "other" } }), Error::NonceDiffers),
        (json!({ "set": { "nonce": null } }), Error::Missing("nonce")),
        (json!({ "set": { "sub": "bob" } }), Error::SubjectDiffers),
        (json!({ "header": { "kid": "other" } }), Error::UnknownKey),
        (
            json!({ "set": { "iss": found } }),
            Error::WrongIssuer { expected, found },
        ),
    ];
    for (fault, expected) in faults.drain(..) {
        node.admin(0, "token", &fault).await;
        assert_eq!(sign_in(&provider, "alice").await, Err(expected), "{fault}");
    }
    node.admin(0, "token", &json!({ "shift": { "exp": -7200 } }))
        .await;
    let expired = sign_in(&provider, "alice").await;
    assert!(
        matches!(expired, Err(Error::TokenExpired { .. })),
        "{expired:?}"
    );
    node.admin(0, "token", &json!({})).await;
    assert!(sign_in(&provider, "alice").await.is_ok());
}

#[tokio::test]
async fn clocks_may_differ_by_a_minute() {
    let node = Node::start(&["port=0"], &[]);
    let provider = node.provider(0);
    for (seconds, works) in [(30, true), (-30, true), (120, false), (-500, false)] {
        node.admin(0, "clock", &json!({ "seconds": seconds })).await;
        let outcome = sign_in(&provider, "alice").await;
        assert_eq!(outcome.is_ok(), works, "{seconds}: {outcome:?}");
        let message = outcome.err().map(|e| e.to_string());
        assert!(message.is_none_or(|m| m.contains("compare the clocks")));
    }
}

#[tokio::test]
async fn a_step_up_asks_for_the_password_again() {
    let node = Node::start(&["port=0"], &[]);
    let provider = node.provider(0);
    let mut browser = Browser::default();
    let plain = Start::default();
    let (url, _) = provider.start(&plain, now()).await.unwrap();
    browser.sign_in(url, "alice").await;
    // The session at the provider is enough, and says how old it is.
    let quiet = Start {
        max_age_secs: Some(3600),
        prompt: Some(Prompt::None),
    };
    let (url, pending) = provider.start(&quiet, now()).await.unwrap();
    let query = browser.sign_in(url, "nobody").await;
    let identity = provider
        .finish(pending, &Callback::parse(&query).unwrap(), now())
        .await
        .unwrap();
    let first = identity.auth_time.unwrap();
    // A later clock of ours: to the provider no time has passed, to us the session is old.
    let fresh = Start {
        max_age_secs: Some(0),
        prompt: Some(Prompt::Login),
    };
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let (url, pending) = provider.start(&fresh, now()).await.unwrap();
    let forms = browser.forms;
    let query = browser.sign_in(url, "alice").await;
    assert_eq!(browser.forms, forms + 1, "the password was asked for");
    let identity = provider
        .finish(pending, &Callback::parse(&query).unwrap(), now())
        .await
        .unwrap();
    assert!(identity.auth_time.unwrap() > first);
}

#[tokio::test]
async fn the_provider_ends_a_session() {
    let posts = Posts::listen();
    let node = Node::start(&["port=0"], &[format!("logout={}", posts.url)]);
    let provider = node.provider(0);
    let identity = sign_in(&provider, "alice").await.unwrap();
    let ended = json!({ "sub": "alice", "sid": identity.sid });
    node.admin(0, "logout", &ended).await;
    let token = node::next(&posts, "logout_token");
    let logout = provider.logout(&token, now()).await.unwrap();
    assert_eq!(
        (logout.sid, logout.subject.as_deref()),
        (identity.sid, Some("alice"))
    );
    assert!(!logout.jti.is_empty() && logout.remember_until > now());
    // Ten minutes later it is worth nothing, and elsewhere it never was.
    let late = provider.logout(&token, now() + 600).await;
    assert!(matches!(late, Err(Error::TokenExpired { .. })), "{late:?}");
    let mut other = node.settings(0);
    other.client_id = "other".to_owned();
    let error = Provider::new(other).unwrap().logout(&token, now()).await;
    assert_eq!(error, Err(Error::WrongAudience));
}

#[tokio::test]
async fn metadata_says_what_the_provider_can() {
    let node = Node::start(&["port=0"], &[]);
    let metadata = node.provider(0).metadata(now()).await.unwrap();
    assert!(metadata.authorization_response_iss_parameter_supported);
    assert!(metadata.backchannel_logout_supported);
    assert!(metadata.end_session_endpoint.is_some());
}
