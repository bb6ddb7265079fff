//! Old tokens: the switch, the date, stalls, and what is tried on JWTs.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tokens::{EmptySecret, Kind, MAX_BYTES, OldToken, OldTokens, Reason, verify};

use crate::made::{ENDS_AT, NOW, expect, key, none, ring, token};

pub const SECRET: &[u8] = b"the secret of the replaced system";

pub fn claims() -> Value {
    json!({"n": "Ada", "t": "S", "r": "2026-0001", "exp": NOW + 3600})
}

fn part(text: &str) -> String {
    Base64UrlUnpadded::encode_string(text.as_bytes())
}

/// Signed with HS256 whatever the header says.
pub fn signed_with(secret: &[u8], header: &str, payload: &str) -> String {
    let signed = format!("{}.{}", part(header), part(payload));
    let mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    let mac = mac.chain_update(&signed).finalize().into_bytes();
    format!("{signed}.{}", Base64UrlUnpadded::encode_string(&mac))
}

pub fn signed(payload: &str) -> String {
    signed_with(SECRET, r#"{"alg":"HS256","typ":"JWT"}"#, payload)
}

pub fn old() -> OldTokens {
    OldTokens::until(ENDS_AT, Some(SECRET)).unwrap()
}

pub fn verified(text: &str) -> Result<OldToken, Reason> {
    old().verify(text, NOW)
}

fn with_header(header: &Value) -> Result<OldToken, Reason> {
    verified(&signed_with(
        SECRET,
        &header.to_string(),
        &claims().to_string(),
    ))
}

#[test]
fn a_students_token_counts() {
    let student = OldToken::Student {
        n: "Ada".into(),
        r: "2026-0001".into(),
        expires_at: NOW + 3600,
    };
    assert_eq!(student.kind(), Kind::Attendee);
    assert_eq!(
        verified(&signed(&claims().to_string())),
        Ok(student.clone())
    );
    assert_eq!(with_header(&json!({"alg": "HS256"})), Ok(student));
}

/// RFC 7515 appendix A.1 has a token and its key. It is no student's, but it comes as far as its claims.
#[test]
fn the_standards_signature_is_right() {
    let secret =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let secret = Base64UrlUnpadded::decode_vec(secret).unwrap();
    let text = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly\
                9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let old = OldTokens::until(ENDS_AT, Some(&secret)).unwrap();
    assert_eq!(old.verify(text, NOW), Err(Reason::Malformed));
    let other = text.replace("dBjf", "dBjg");
    assert_eq!(old.verify(&other, NOW), Err(Reason::BadSignature));
}

#[test]
fn stalls_count_by_their_number() {
    let stall = |number: &str| verified(&format!("STALL_{number}"));
    let expected = |number: &str| {
        Ok(OldToken::Stall {
            number: number.into(),
        })
    };
    assert_eq!(stall("1"), expected("1"));
    assert_eq!(stall("007"), expected("007"));
    assert_eq!(stall("1234567890"), expected("1234567890"));
    assert_eq!(stall("1").unwrap().kind(), Kind::Stall);
    for other in [
        "",
        "12345678901",
        "-1",
        "+1",
        "1 ",
        " 1",
        "1.0",
        "0x1",
        "1\n",
        "١",
        "1;2",
        "A",
    ] {
        assert_eq!(stall(other), Err(Reason::Malformed), "{other:?}");
    }
    assert_eq!(verified("stall_1"), Err(Reason::Malformed));
    assert_eq!(verified(" STALL_1"), Err(Reason::Malformed));
}

#[test]
fn a_switch_and_a_date_end_them() {
    let text = signed(&claims().to_string());
    for text in [text.as_str(), "STALL_1"] {
        assert_eq!(OldTokens::off().verify(text, NOW), Err(Reason::Malformed));
        let until = |at| {
            OldTokens::until(at, Some(SECRET))
                .unwrap()
                .verify(text, NOW)
        };
        assert!(until(NOW).is_ok());
        assert_eq!(until(NOW - 1), Err(Reason::Expired));
    }
    // No spelling gets around the date.
    let spaced = signed_with(SECRET, r#" {"alg":"HS256"}"#, &claims().to_string());
    let ended = OldTokens::until(NOW - 1, Some(SECRET)).unwrap();
    assert_eq!(ended.verify(&spaced, NOW), Err(Reason::Malformed));
}

#[test]
fn a_secret_is_needed_and_never_printed() {
    assert_eq!(
        OldTokens::until(ENDS_AT, Some(b"")).unwrap_err(),
        EmptySecret
    );
    let no_secret = OldTokens::until(ENDS_AT, None).unwrap();
    let text = signed_with(b"", r#"{"alg":"HS256"}"#, &claims().to_string());
    assert_eq!(no_secret.verify(&text, NOW), Err(Reason::Malformed));
    assert!(no_secret.verify("STALL_1", NOW).is_ok());
    assert!(!old().has_short_secret() && !no_secret.has_short_secret());
    let short = OldTokens::until(ENDS_AT, Some(b"secret")).unwrap();
    assert!(short.has_short_secret());
    assert_eq!(
        format!("{short:?}"),
        format!("OldTokens {{ until: Some({ENDS_AT}), .. }}")
    );
}

#[test]
fn the_two_kinds_of_texts_are_told_apart() {
    for text in [
        key(1).token(token()).to_symbol(),
        key(1).token(token()).to_url(),
    ] {
        assert!(!OldTokens::looks_old(&text));
        assert_eq!(verified(&text), Err(Reason::Malformed));
    }
    let jwt = signed(&claims().to_string());
    for text in [jwt.as_str(), "STALL_1"] {
        assert!(OldTokens::looks_old(text));
        let verdict = verify(text, &ring(), &expect(NOW), &none());
        assert_eq!(verdict, Err(Reason::Malformed));
    }
}

#[test]
fn algorithm_none_is_refused() {
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = json!({"alg": alg, "typ": "JWT"});
        assert_eq!(with_header(&header), Err(Reason::BadSignature));
        let unsigned = format!(
            "{}.{}.",
            part(&header.to_string()),
            part(&claims().to_string())
        );
        assert_eq!(verified(&unsigned), Err(Reason::BadSignature));
    }
    for header in [json!({}), json!({"alg": null}), json!({"alg": ["HS256"]})] {
        assert_eq!(with_header(&header), Err(Reason::Malformed));
    }
    // With the right header, and nothing or something short as its signature.
    let text = signed(&claims().to_string());
    let (unsigned, signature) = text.rsplit_once('.').unwrap();
    for short in ["", "AA", &signature[..40], &signature[..20]] {
        let verdict = verified(&format!("{unsigned}.{short}"));
        assert_eq!(verdict, Err(Reason::BadSignature), "{short}");
    }
}

#[test]
fn another_algorithm_is_refused() {
    // Signed with HS256 and the secret, so that only the header is wrong.
    for alg in [
        "RS256", "PS256", "ES256", "EdDSA", "HS384", "HS512", "hs256", "HS256 ",
    ] {
        assert_eq!(
            with_header(&json!({"alg": alg})),
            Err(Reason::BadSignature),
            "{alg}"
        );
    }
    // RS/HS confusion: a published key as the HMAC's. No public key is ever a secret here.
    let published = ring().to_jwks(NOW).to_string();
    let text = signed_with(
        published.as_bytes(),
        r#"{"alg":"HS256"}"#,
        &claims().to_string(),
    );
    assert_eq!(verified(&text), Err(Reason::BadSignature));
    for public in [key(1).public(), [0; 32]] {
        let text = signed_with(&public, r#"{"alg":"HS256"}"#, &claims().to_string());
        assert_eq!(verified(&text), Err(Reason::BadSignature));
    }
}

#[test]
fn a_header_says_nothing_about_keys() {
    let names = [
        ("kid", json!("../../../../dev/null")),
        ("kid", json!("1' UNION SELECT 'x")),
        ("kid", json!("1")),
        ("jku", json!("https://attacker.example/jwks.json")),
        ("x5u", json!("https://attacker.example/cert.pem")),
        ("jwk", json!({"kty": "oct", "k": "AA"})),
        ("x5c", json!(["AA"])),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
        ("enc", json!("A128GCM")),
    ];
    for (name, value) in names {
        let header = json!({"alg": "HS256", "typ": "JWT", name: value});
        assert_eq!(with_header(&header), Err(Reason::Malformed), "{header}");
    }
    assert_eq!(
        with_header(&json!({"alg": "HS256", "typ": "JOSE"})),
        Err(Reason::Malformed)
    );
    let twice = signed_with(
        SECRET,
        r#"{"alg":"none","alg":"HS256"}"#,
        &claims().to_string(),
    );
    assert_eq!(verified(&twice), Err(Reason::Malformed));
}

#[test]
fn huge_tokens_are_refused_unread() {
    let payload = |length: usize| {
        let mut claims = claims();
        claims["x"] = "x".repeat(length).into();
        signed(&claims.to_string())
    };
    assert!(verified(&payload(1200)).is_ok());
    let huge = payload(2000);
    assert!(huge.len() > MAX_BYTES);
    assert_eq!(verified(&huge), Err(Reason::Malformed));
    let nested = signed(&("[".repeat(500) + &"]".repeat(500)));
    assert_eq!(verified(&nested), Err(Reason::Malformed));
    assert_eq!(verified(&"eyJ.".repeat(1 << 20)), Err(Reason::Malformed));
}

#[test]
fn every_character_counts() {
    let text = signed(&claims().to_string());
    for at in 0..text.len() {
        for other in ["A", "B", "_", ".", "=", "+"] {
            let mut changed = text.clone();
            changed.replace_range(at..=at, other);
            assert!(
                changed == text || verified(&changed).is_err(),
                "{at} {other}"
            );
        }
    }
    // 43 characters have two bits to spare: four spellings of one signature, of which one counts.
    let last = text.chars().last().unwrap();
    let spellings = ('A'..='Z')
        .chain('a'..='z')
        .chain('0'..='9')
        .chain(['-', '_']);
    let counting = spellings
        .filter(|c| verified(&(text[..text.len() - 1].to_owned() + &c.to_string())).is_ok());
    assert_eq!(counting.collect::<Vec<_>>(), [last]);
    for other in [
        format!("{text}="),
        format!("{text}."),
        format!("{text}.AA"),
        text.replace('.', ".."),
    ] {
        assert!(verified(&other).is_err());
    }
}
