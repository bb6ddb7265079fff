//! The start of a sign-in, its callback, and the exchange of the code.

use std::collections::HashMap;

use base64ct::{Base64UrlUnpadded, Encoding};
use ring::digest;
use serde_json::{Value, json};

use super::fake::{Fake, NOW, SECRET};
use crate::{Callback, Error, Identity, Kind, Pending, Prompt, SIGN_IN_SECS, Start};

/// A sign-in whose callback is changed.
async fn back(fake: &Fake, change: impl FnOnce(&mut Callback)) -> Result<Identity, Error> {
    let provider = fake.provider();
    let (_, pending) = provider.start(&Start::default(), NOW).await?;
    fake.token_answer(&fake.signer.sign(&fake.claims(&pending)));
    let mut callback = fake.callback(&pending);
    change(&mut callback);
    provider.finish(pending, &callback, NOW).await
}

/// A sign-in whose token endpoint answers this.
async fn exchanged(fake: &Fake, status: u16, body: Value) -> Error {
    let provider = fake.provider();
    let (_, pending) = provider.start(&Start::default(), NOW).await.unwrap();
    fake.answer("/token", status, &body);
    let callback = fake.callback(&pending);
    provider.finish(pending, &callback, NOW).await.unwrap_err()
}

fn parameters(text: &str) -> HashMap<String, String> {
    url::form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

#[tokio::test]
async fn the_authorization_url_has_what_the_standards_want() {
    let fake = Fake::default();
    let provider = fake.provider();
    let (url, pending) = provider.start(&Start::default(), NOW).await.unwrap();
    assert!(
        url.as_str()
            .starts_with(&format!("{}/authorize?", fake.issuer)),
        "{url}"
    );
    let query = parameters(url.query().unwrap());
    let hash = digest::digest(&digest::SHA256, pending.verifier.as_bytes());
    let challenge = Base64UrlUnpadded::encode_string(hash.as_ref());
    let expected = [
        // The endpoint's own parameter stays.
        ("tenant", "1"),
        ("response_type", "code"),
        ("client_id", "qr"),
        ("redirect_uri", "http://127.0.0.1:1/callback"),
        ("scope", "openid profile"),
        ("state", &pending.state),
        ("nonce", &pending.nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(query, HashMap::from(expected));
    // 256 bits each, and new ones for each sign-in.
    let (_, other) = provider.start(&Start::default(), NOW).await.unwrap();
    for (one, two) in [
        (&pending.state, &other.state),
        (&pending.nonce, &other.nonce),
        (&pending.verifier, &other.verifier),
    ] {
        assert!(one.len() >= 43 && one != two);
    }
    assert_ne!(pending.state, pending.nonce);
}

#[tokio::test]
async fn a_step_up_asks_for_it() {
    let fake = Fake::default();
    let start = Start {
        max_age_secs: Some(0),
        prompt: Some(Prompt::Login),
    };
    let (url, pending) = fake.provider().start(&start, NOW).await.unwrap();
    let query = parameters(url.query().unwrap());
    assert_eq!(
        (query["max_age"].as_str(), query["prompt"].as_str()),
        ("0", "login")
    );
    assert_eq!(pending.max_age_secs, Some(0));
}

#[tokio::test]
async fn a_pending_sign_in_survives_a_row_and_shows_no_secret() {
    let fake = Fake::default();
    let (_, pending) = fake.provider().start(&Start::default(), NOW).await.unwrap();
    let row = serde_json::to_string(&pending).unwrap();
    assert_eq!(serde_json::from_str::<Pending>(&row).unwrap(), pending);
    let shown = format!(
        "{pending:?} {:?} {:?}",
        fake.provider(),
        fake.callback(&pending)
    );
    for secret in [
        &pending.state,
        &pending.nonce,
        &pending.verifier,
        SECRET,
        "the-code",
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn the_state_is_that_of_the_sign_in() {
    let fake = Fake::default();
    let other = back(&fake, |c| c.state = Some("other".to_owned())).await;
    assert_eq!(other, Err(Error::StateDiffers));
    assert_eq!(
        back(&fake, |c| c.state = None).await,
        Err(Error::Callback("state"))
    );
    assert_eq!(
        back(&fake, |c| c.code = None).await,
        Err(Error::Callback("code"))
    );
    assert!(fake.requests("/token").is_empty(), "no code was sent");
}

#[tokio::test]
async fn the_callback_is_by_the_issuer() {
    let fake = Fake::default();
    let mallory = "https://mallory.example".to_owned();
    let mix_up = back(&fake, |c| c.iss = Some(mallory.clone())).await;
    let expected = fake.issuer.clone();
    assert_eq!(
        mix_up,
        Err(Error::OtherProvider {
            expected,
            found: mallory.clone()
        })
    );
    let silent = back(&fake, |c| c.iss = None).await;
    assert_eq!(silent, Err(Error::CallbackWithoutIssuer));
    // An error of another provider's is not believed either.
    let error = back(&fake, |c| {
        c.iss = Some(mallory);
        c.error = Some("access_denied".to_owned());
    });
    assert!(matches!(error.await, Err(Error::OtherProvider { .. })));
    assert!(fake.requests("/token").is_empty(), "no code was sent");
}

#[tokio::test]
async fn without_a_promise_the_issuer_may_be_missing_but_not_wrong() {
    let fake = Fake::default();
    let mut metadata = fake.metadata();
    metadata["authorization_response_iss_parameter_supported"] = json!(false);
    fake.answer("/.well-known/openid-configuration", 200, &metadata);
    assert!(back(&fake, |c| c.iss = None).await.is_ok());
    let other = back(&fake, |c| {
        c.iss = Some("https://mallory.example".to_owned());
    })
    .await;
    assert!(matches!(other, Err(Error::OtherProvider { .. })));
}

#[tokio::test]
async fn a_sign_in_of_another_provider_is_not_finished_here() {
    let (one, two) = (Fake::default(), Fake::default());
    let (_, pending) = one.provider().start(&Start::default(), NOW).await.unwrap();
    // It names the provider where the sign-in was started: only the caller mixed them up.
    let callback = one.callback(&pending);
    let error = two.provider().finish(pending, &callback, NOW).await;
    assert!(
        matches!(error, Err(Error::OtherProvider { .. })),
        "{error:?}"
    );
    assert!(two.requests("/token").is_empty(), "no code was sent");
}

#[tokio::test]
async fn a_sign_in_ends_after_ten_minutes() {
    let fake = Fake::default();
    let provider = fake.provider();
    let (_, pending) = provider.start(&Start::default(), NOW).await.unwrap();
    let callback = fake.callback(&pending);
    let late = NOW + SIGN_IN_SECS + 1;
    let error = provider.finish(pending, &callback, late).await.unwrap_err();
    assert_eq!((error.kind(), error), (Kind::User, Error::SignInExpired));
}

#[tokio::test]
async fn an_error_in_the_callback_says_whose_it_is() {
    let fake = Fake::default();
    for (code, kind) in [
        ("access_denied", Kind::User),
        ("login_required", Kind::User),
        ("temporarily_unavailable", Kind::Transient),
        ("server_error", Kind::Transient),
        ("invalid_scope", Kind::Refusal),
        ("<script>\n", Kind::Refusal),
    ] {
        let error = back(&fake, |c| {
            c.error = Some(code.to_owned());
            c.error_description = Some("because\nof".to_owned());
        });
        let error = error.await.unwrap_err();
        assert_eq!(error.kind(), kind, "{code}");
        assert!(!error.to_string().contains('\n'));
        let expected = Some("because of".to_owned());
        assert!(matches!(error, Error::Answered { description, .. } if description == expected));
    }
}

#[test]
fn a_parameter_stands_once() {
    let callback =
        Callback::parse("state=a%20b&code=c&session_state=x&iss=https%3A%2F%2Fi").unwrap();
    assert_eq!(callback.state.as_deref(), Some("a b"));
    assert_eq!(callback.code.as_deref(), Some("c"));
    assert_eq!(callback.iss.as_deref(), Some("https://i"));
    let twice = Callback::parse("state=a&code=c&code=d");
    assert_eq!(twice, Err(Error::Callback("code")));
}

#[tokio::test]
async fn the_code_is_sent_with_its_verifier_and_the_secret() {
    let fake = Fake::default();
    let provider = fake.provider();
    let (_, pending) = provider.start(&Start::default(), NOW).await.unwrap();
    fake.token_answer(&fake.signer.sign(&fake.claims(&pending)));
    let (verifier, callback) = (pending.verifier.clone(), fake.callback(&pending));
    provider.finish(pending, &callback, NOW).await.unwrap();
    let [request] = &fake.requests("/token")[..] else {
        panic!("not one request")
    };
    let form = parameters(&request.body);
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(form["code"], "the-code");
    assert_eq!(form["redirect_uri"], "http://127.0.0.1:1/callback");
    assert_eq!(form["code_verifier"], verifier);
    assert!(!form.contains_key("client_secret"));
    // qr:a+b%26c
    let basic = "authorization: Basic cXI6YStiJTI2Yw==".to_owned();
    assert!(request.headers.contains(&basic), "{:?}", request.headers);
}

#[tokio::test]
async fn the_secret_is_in_the_body_where_it_must_be() {
    for (methods, in_body) in [
        (json!(["client_secret_post"]), true),
        (json!(["client_secret_post", "client_secret_basic"]), false),
        (json!(null), false),
    ] {
        let fake = Fake::default();
        let mut metadata = fake.metadata();
        metadata["token_endpoint_auth_methods_supported"] = methods;
        fake.answer("/.well-known/openid-configuration", 200, &metadata);
        back(&fake, |_| ()).await.unwrap();
        let request = &fake.requests("/token")[0];
        let form = parameters(&request.body);
        assert_eq!(
            form.get("client_secret").is_some_and(|s| s == SECRET),
            in_body
        );
        let basic = request
            .headers
            .iter()
            .any(|h| h.starts_with("authorization:"));
        assert_eq!(basic, !in_body);
    }
}

#[tokio::test]
async fn a_code_that_was_used_is_the_users() {
    let description = "code the-code was used";
    let body = json!({ "error": "invalid_grant", "error_description": description });
    let error = exchanged(&Fake::default(), 400, body).await;
    assert_eq!((error.kind(), &error), (Kind::User, &Error::CodeRefused));
    assert!(!error.to_string().contains("the-code"));
}

#[tokio::test]
async fn other_answers_of_the_token_endpoint_are_told_apart() {
    let fake = Fake::default();
    let error = exchanged(&fake, 401, json!({ "error": "invalid_client" })).await;
    assert_eq!(error, Error::ExchangeRefused("invalid_client".to_owned()));
    assert_eq!(error.kind(), Kind::Refusal);
    let error = exchanged(&fake, 503, json!({})).await;
    assert_eq!(error.kind(), Kind::Transient, "{error}");
    // No id_token: the client is registered for OAuth alone.
    let opaque = json!({ "access_token": "secret", "token_type": "Bearer" });
    for (status, body) in [(200, opaque), (200, json!([])), (400, json!("secret"))] {
        let error = exchanged(&fake, status, body).await;
        assert!(
            matches!(error, Error::Unusable("token endpoint", _)),
            "{error:?}"
        );
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
