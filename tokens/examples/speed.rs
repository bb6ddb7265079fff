//! What a token costs beside a JWT, on one core and in one run: `cargo run --release -p tokens --example speed`.
//!
//! `jsonwebtoken` is given ring, as `oidc` gives it: hand-written assembly, where the tokens' curve is Rust.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::cast_precision_loss
)]

use std::{hint::black_box, time::Instant};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind, Validation,
    crypto::{CryptoProvider, JwtVerifier, KeyUtils},
    decode,
    errors::ErrorKind,
    signature::{self, Verifier},
};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
        Ed25519KeyPair, KeyPair, UnparsedPublicKey,
    },
};
use serde_json::{Value, json};
use tokens::{
    EventId, Expect, KeyNumber, Kind, OldTokens, PublicKey, Revocations, Ring, Serial, Signed,
    SigningKey, Subject, Token, verify, verify_all,
};

const NOW: i64 = 1_796_025_600;
const EVENT: EventId = EventId(*b"fair");
const PEOPLE: u32 = 25_000;
const ROUNDS: usize = 5;
const SECRET: &[u8] = b"the secret of the replaced system";

fn main() {
    let key = SigningKey::new(KeyNumber::FIRST, &[7; 32]);
    let (texts, revocations) = tokens_of_the_event(&key);
    let public = PublicKey::new(key.number(), &key.public(), 0, None).unwrap();
    let ring = Ring::new(vec![public]).unwrap();
    let expect = Expect {
        event: EVENT,
        ends_at: NOW,
        kinds: &Kind::ALL,
        now: NOW,
    };
    println!("of {ROUNDS} rounds the best, one core; microseconds each\n");
    report("read the text only", texts.len(), || {
        texts.iter().all(|text| Signed::read(text).is_ok())
    });
    report("verify a token", texts.len(), || {
        texts
            .iter()
            .all(|text| verify(text, &ring, &expect, &revocations).is_ok())
    });
    let shown: Vec<_> = texts.iter().map(|text| (&text[..], expect)).collect();
    report("verify a token, among many", texts.len(), || {
        let verdicts = verify_all(&shown, &ring, &revocations);
        verdicts.iter().all(Result::is_ok)
    });
    old_tokens();
    jwts();
}

/// Signs a token for each person, prints what that takes, and revokes those of one in ten before it.
fn tokens_of_the_event(key: &SigningKey) -> (Vec<String>, Revocations) {
    let subject = |person: u32| {
        let mut bytes = [0; 12];
        bytes[8..].copy_from_slice(&person.to_be_bytes());
        Subject(bytes)
    };
    let token = |person| Token {
        kind: Kind::Attendee,
        event: EVENT,
        subject: subject(person),
        time: 0,
        serial: Serial::new(1).unwrap(),
    };
    let began = Instant::now();
    let texts: Vec<String> = (0..PEOPLE)
        .map(|p| key.token(token(p)).to_symbol())
        .collect();
    let secs = began.elapsed().as_secs_f64();
    let each = secs * 1e6 / f64::from(PEOPLE);
    println!("{PEOPLE} tokens signed in {secs:.2} s: {each:.1} µs each");
    let mut revocations = Revocations::new(EVENT);
    for person in (0..PEOPLE).step_by(10) {
        let version = revocations.next_version(0);
        revocations
            .record(version, subject(person), Serial::new(1).unwrap())
            .unwrap();
    }
    (texts, revocations)
}

/// The best of some rounds, each of which must say that all was well.
fn report(what: &str, count: usize, mut round: impl FnMut() -> bool) {
    let best = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            assert!(black_box(round()), "{what}");
            began.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min);
    println!("{what:<44} {:>8.2}", best * 1e6 / count as f64);
}

fn claims() -> Value {
    json!({"n": "Ada Lovelace", "t": "S", "r": "2026-0001", "exp": NOW + 3600})
}

fn unsigned(algorithm: &str) -> String {
    let part = |value: Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    let header = json!({"alg": algorithm, "typ": "JWT"});
    format!("{}.{}", part(header), part(claims()))
}

fn with_signature(unsigned: &str, signature: &[u8]) -> String {
    format!("{unsigned}.{}", Base64UrlUnpadded::encode_string(signature))
}

fn hs256() -> String {
    let unsigned = unsigned("HS256");
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    with_signature(&unsigned, hmac::sign(&key, unsigned.as_bytes()).as_ref())
}

fn old_tokens() {
    let old = OldTokens::until(NOW, Some(SECRET)).unwrap();
    let text = hs256();
    report("verify an old token (HS256, by ourselves)", 10_000, || {
        (0..10_000).all(|_| old.verify(black_box(&text), NOW).is_ok())
    });
}

fn jwts() {
    PROVIDER.install_default().unwrap();
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let p256 = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
    let text = unsigned("ES256");
    let es256 = with_signature(&text, p256.sign(&random, text.as_bytes()).unwrap().as_ref());
    let ed25519 = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let text = unsigned("EdDSA");
    let eddsa = with_signature(&text, ed25519.sign(text.as_bytes()).as_ref());

    let all = [
        (
            Algorithm::HS256,
            hs256(),
            DecodingKey::from_secret(SECRET).unwrap(),
        ),
        (
            Algorithm::ES256,
            es256,
            DecodingKey::from_ec_der(p256.public_key().as_ref()),
        ),
        (
            Algorithm::EdDSA,
            eddsa,
            DecodingKey::from_ed_der(ed25519.public_key().as_ref()),
        ),
    ];
    for (algorithm, text, key) in all {
        let mut validation = Validation::new(algorithm);
        validation.validate_exp = false;
        let what = format!("verify a JWT ({algorithm:?}, jsonwebtoken with ring)");
        report(&what, 10_000, || {
            (0..10_000).all(|_| decode::<Value>(black_box(&text), &key, &validation).is_ok())
        });
    }
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    verifier_factory: |algorithm, key| {
        let (algorithm, key) = (*algorithm, key.clone());
        Ok(Box::new(ByRing { algorithm, key }))
    },
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(ErrorKind::UnsupportedAlgorithm.into()),
        rsa_pub_components_from_public_key: |_| Err(ErrorKind::UnsupportedAlgorithm.into()),
        ec_pub_components_from_private_key: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
        ed_pub_components_from_private_key: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
        compute_digest: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    },
};

struct ByRing {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Verifier<Vec<u8>> for ByRing {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let DecodingKeyKind::SecretOrDer(key) = self.key.kind() else {
            return Err(signature::Error::new());
        };
        let outcome = match self.algorithm {
            Algorithm::HS256 => {
                hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key), message, signature)
            }
            Algorithm::ES256 => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(message, signature)
            }
            _ => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
        };
        outcome.map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for ByRing {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
