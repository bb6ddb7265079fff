//! Signs tokens as a provider does, and as one must not.

use base64ct::{Base64UrlUnpadded, Encoding};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RSA_PSS_SHA256, RsaKeyPair, RsaPublicKeyComponents,
    },
};
use serde_json::{Value, json};

/// ring makes no RSA keys. Nothing else is signed with this one.
const RSA: &[u8] = include_bytes!("rsa.pk8");

pub enum Key {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

pub struct Signer {
    pub algorithm: &'static str,
    pub kid: &'static str,
    pub key: Key,
}

impl Signer {
    pub fn new(algorithm: &'static str, kid: &'static str) -> Self {
        let random = SystemRandom::new();
        let key = match algorithm {
            "ES256" => {
                let curve = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let pkcs8 = EcdsaKeyPair::generate_pkcs8(curve, &random).unwrap();
                Key::Ec(EcdsaKeyPair::from_pkcs8(curve, pkcs8.as_ref(), &random).unwrap())
            }
            "EdDSA" => {
                let pkcs8 = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
                Key::Ed(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap())
            }
            _ => Key::Rsa(RsaKeyPair::from_pkcs8(RSA).unwrap()),
        };
        Self {
            algorithm,
            kid,
            key,
        }
    }

    pub fn jwk(&self) -> Value {
        let mut jwk = match &self.key {
            Key::Ec(key) => {
                let point = key.public_key().as_ref();
                let (x, y) = (base64(&point[1..33]), base64(&point[33..]));
                json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y })
            }
            Key::Ed(key) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": base64(key.public_key().as_ref()) })
            }
            Key::Rsa(key) => {
                let public: RsaPublicKeyComponents<Vec<u8>> = key.public().into();
                json!({ "kty": "RSA", "n": base64(&public.n), "e": base64(&public.e) })
            }
        };
        jwk["kid"] = json!(self.kid);
        jwk["alg"] = json!(self.algorithm);
        jwk["use"] = json!("sig");
        jwk
    }

    pub fn header(&self) -> Value {
        json!({ "alg": self.algorithm, "kid": self.kid, "typ": "JWT" })
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(&self.header(), claims)
    }

    /// Under a header that need not fit.
    pub fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let random = SystemRandom::new();
        let bytes = message.as_bytes();
        let signature = match &self.key {
            Key::Ec(key) => key.sign(&random, bytes).unwrap().as_ref().to_vec(),
            Key::Ed(key) => key.sign(bytes).as_ref().to_vec(),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                if self.algorithm == "PS256" {
                    key.sign(&RSA_PSS_SHA256, &random, bytes, &mut signature)
                        .unwrap();
                } else {
                    key.sign(&RSA_PKCS1_SHA256, &random, bytes, &mut signature)
                        .unwrap();
                }
                signature
            }
        };
        format!("{message}.{}", base64(&signature))
    }

    /// As somebody who only knows the public key.
    pub fn forge_hs256(&self, claims: &Value) -> String {
        let secret = match &self.key {
            Key::Ec(key) => key.public_key().as_ref().to_vec(),
            Key::Ed(key) => key.public_key().as_ref().to_vec(),
            Key::Rsa(key) => key.public().as_ref().to_vec(),
        };
        let message = message(&json!({ "alg": "HS256", "kid": self.kid }), claims);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let tag = hmac::sign(&key, message.as_bytes());
        format!("{message}.{}", base64(tag.as_ref()))
    }
}

/// Without a signature.
pub fn unsigned(claims: &Value) -> String {
    format!("{}.", message(&json!({ "alg": "none" }), claims))
}

fn message(header: &Value, claims: &Value) -> String {
    let part = |json: &Value| base64(json.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}

fn base64(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}
