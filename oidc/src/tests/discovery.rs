//! How a provider is found (OpenID Connect Discovery §4), and what is not asked.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::fake::{Fake, NOW};
use crate::{Error, Kind, Provider, Settings, Start};

const DOCUMENT: &str = "/.well-known/openid-configuration";

/// What is made of metadata with these changes.
async fn refusal(change: impl FnOnce(&mut Value)) -> Error {
    let fake = Fake::default();
    let mut metadata = fake.metadata();
    change(&mut metadata);
    fake.answer(DOCUMENT, 200, &metadata);
    fake.provider().metadata(NOW).await.unwrap_err()
}

#[tokio::test]
async fn nothing_is_asked_before_the_first_sign_in() {
    let fake = Fake::default();
    let provider = fake.provider();
    assert!(fake.requests(DOCUMENT).is_empty());
    for now in [NOW, NOW + 3599] {
        provider.start(&Start::default(), now).await.unwrap();
        assert_eq!(fake.requests(DOCUMENT).len(), 1);
    }
    provider.start(&Start::default(), NOW + 3600).await.unwrap();
    assert_eq!(fake.requests(DOCUMENT).len(), 2);
    assert!(fake.requests("/jwks").is_empty());
}

#[tokio::test]
async fn a_clock_that_was_set_back_keeps_nothing_for_ever() {
    let fake = Fake::default();
    let provider = fake.provider();
    provider.metadata(NOW).await.unwrap();
    provider.metadata(NOW - 3600).await.unwrap();
    assert_eq!(fake.requests(DOCUMENT).len(), 2);
}

#[tokio::test]
async fn a_slash_counts_except_for_the_document() {
    let fake = Fake::default();
    let slash = format!("{}/", fake.issuer);
    let settings = Settings {
        issuer: slash.clone(),
        ..fake.settings()
    };
    // The document is found without a second slash, and is another issuer's.
    let error = Provider::new(settings.clone())
        .unwrap()
        .metadata(NOW)
        .await
        .unwrap_err();
    let (configured, found) = (slash.clone(), fake.issuer.clone());
    assert_eq!(error, Error::IssuerDiffers { configured, found });
    let message = error.to_string();
    assert!(message.contains(&format!("{slash:?}")), "{message}");
    assert!(message.contains(&format!("{:?}", fake.issuer)), "{message}");
    let mut metadata = fake.metadata();
    metadata["issuer"] = json!(slash);
    fake.answer(DOCUMENT, 200, &metadata);
    let found = Provider::new(settings)
        .unwrap()
        .metadata(NOW)
        .await
        .unwrap();
    assert_eq!(found.issuer, slash);
}

#[tokio::test]
async fn a_provider_that_is_away_is_asked_again() {
    let fake = Fake::default();
    let provider = fake.provider();
    fake.answer(DOCUMENT, 503, &json!({}));
    let error = provider.start(&Start::default(), NOW).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Transient, "{error}");
    fake.answer(DOCUMENT, 200, &fake.metadata());
    assert!(provider.start(&Start::default(), NOW + 4).await.is_err());
    assert_eq!(fake.requests(DOCUMENT).len(), 1, "once in five seconds");
    assert!(provider.start(&Start::default(), NOW + 5).await.is_ok());
}

#[tokio::test]
async fn nobody_listening_is_away() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let settings = Settings {
        issuer,
        ..Fake::default().settings()
    };
    let error = Provider::new(settings)
        .unwrap()
        .metadata(NOW)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Transient);
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn silence_ends_after_five_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let settings = Settings {
        issuer,
        ..Fake::default().settings()
    };
    let error = Provider::new(settings)
        .unwrap()
        .metadata(NOW)
        .await
        .unwrap_err();
    assert_eq!(
        error,
        Error::Away("metadata", "no answer within 5 s".to_owned())
    );
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let fake = Fake::default();
    fake.answer_text(DOCUMENT, 302, "/elsewhere");
    fake.answer("/elsewhere", 200, &fake.metadata());
    let error = fake.provider().metadata(NOW).await.unwrap_err();
    assert!(matches!(error, Error::Unusable("metadata", _)), "{error:?}");
    assert!(fake.requests("/elsewhere").is_empty());
}

#[tokio::test]
async fn answers_are_bounded() {
    let fake = Fake::default();
    let mut metadata = fake.metadata();
    metadata["filler"] = json!("x".repeat(200 * 1024));
    fake.answer(DOCUMENT, 200, &metadata);
    assert!(fake.provider().metadata(NOW).await.is_ok());
    metadata["filler"] = json!("x".repeat(300 * 1024));
    fake.answer(DOCUMENT, 200, &metadata);
    let error = fake.provider().metadata(NOW).await.unwrap_err();
    assert!(error.to_string().contains("262144 bytes"), "{error}");
}

#[tokio::test]
async fn metadata_that_cannot_be_used_is_refused() {
    for field in [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
    ] {
        let error = refusal(|m| m[field] = json!(null)).await;
        assert!(
            matches!(error, Error::Unusable("metadata", _)),
            "{field}: {error:?}"
        );
    }
    let fake = Fake::default();
    for (status, body) in [(200, "<html>"), (200, "[]"), (200, ""), (404, "{}")] {
        fake.answer_text(DOCUMENT, status, body);
        let error = fake.provider().metadata(NOW).await.unwrap_err();
        assert!(
            matches!(error, Error::Unusable("metadata", _)),
            "{body}: {error:?}"
        );
    }
}

#[tokio::test]
async fn secrets_go_over_tls() {
    for (field, endpoint) in [
        ("authorization_endpoint", "authorization endpoint"),
        ("token_endpoint", "token endpoint"),
        ("jwks_uri", "key set"),
        ("userinfo_endpoint", "userinfo"),
        ("end_session_endpoint", "end session endpoint"),
    ] {
        for url in [
            "http://idp.example/x",
            "ftp://127.0.0.1/x",
            "javascript:alert(1)",
        ] {
            let error = refusal(|m| m[field] = json!(url)).await;
            assert_eq!(error, Error::Insecure(endpoint), "{url}");
        }
    }
}

#[test]
fn settings_are_checked_before_anything_is_asked() {
    let settings = |issuer: &str| Settings {
        issuer: issuer.to_owned(),
        client_id: "qr".to_owned(),
        client_secret: None,
        redirect_uri: "https://qr.example/callback".to_owned(),
        scopes: Vec::new(),
        trusted_audiences: Vec::new(),
    };
    for issuer in [
        "https://idp.example/realms/qr",
        "http://localhost:8080",
        "http://127.0.0.2",
        "http://[::1]:1/",
    ] {
        assert!(Provider::new(settings(issuer)).is_ok(), "{issuer}");
    }
    for issuer in [
        "",
        "idp.example",
        "http://idp.example",
        "http://localhost.idp.example",
        "ftp://localhost",
        "https://idp.example?x",
        "https://idp.example#x",
        "https://user:password@idp.example",
    ] {
        let error = Provider::new(settings(issuer)).unwrap_err();
        assert!(matches!(error, Error::Setting(_)), "{issuer}: {error:?}");
    }
    let good = settings("https://idp.example");
    for bad in [
        Settings {
            client_id: String::new(),
            ..good.clone()
        },
        Settings {
            client_secret: Some(String::new()),
            ..good.clone()
        },
        Settings {
            redirect_uri: "/callback".to_owned(),
            ..good
        },
    ] {
        assert!(matches!(Provider::new(bad), Err(Error::Setting(_))));
    }
}

/// A server polls these on any of its threads.
#[test]
fn a_provider_is_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    fn sent<T: Send>(_: T) {}
    let fake = Fake::default();
    let provider = fake.provider();
    shared(&provider);
    let start = Start::default();
    sent(provider.start(&start, NOW));
    sent(provider.logout("", NOW));
    let pending = crate::Pending {
        state: String::new(),
        nonce: String::new(),
        verifier: String::new(),
        issuer: String::new(),
        started_at: NOW,
        max_age_secs: None,
    };
    let callback = crate::Callback::default();
    sent(provider.finish(pending, &callback, NOW));
}
