//! One key: the secret half signs, the public half verifies.

use std::{error, fmt};

use ed25519_dalek::{Signature, Signer as _, VerifyingKey, verify_batch};

use crate::{Delta, Signed, Token, signed::Message};

/// Which key signed, as tokens say it: 1 to 255, without the six with which a text would begin with a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyNumber(u8);

impl KeyNumber {
    pub const FIRST: Self = Self(1);

    /// `None` for 0, 5, 50, 95, 140, 185 and 230.
    #[must_use]
    pub fn new(value: u8) -> Option<Self> {
        // With format 1 the first character of Base45 is (256 + value) % 45, and 36 is the space: what is typed by a
        // scanner or pasted is often trimmed.
        (value != 0 && value % 45 != 5).then_some(Self(value))
    }

    #[must_use]
    pub fn value(self) -> u8 {
        self.0
    }

    /// All numbers, beginning after this one and ending with it.
    pub(crate) fn following(self) -> impl Iterator<Item = Self> {
        (1..=u8::MAX)
            .map(move |step| self.0.wrapping_add(step))
            .chain([self.0])
            .filter_map(Self::new)
    }
}

/// Signs tokens and deltas of revocations. Its secret is never printed, and overwritten when it is dropped.
pub struct SigningKey {
    number: KeyNumber,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// Of 32 random bytes, RFC 8032's secret key. The caller's copy is the caller's to overwrite.
    #[must_use]
    pub fn new(number: KeyNumber, secret: &[u8; 32]) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(secret);
        Self { number, key }
    }

    #[must_use]
    pub fn number(&self) -> KeyNumber {
        self.number
    }

    /// The public half, for [`PublicKey::new`].
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    #[must_use]
    pub fn token(&self, token: Token) -> Signed {
        Signed::sign(token, self)
    }

    /// The bytes that a device downloads.
    #[must_use]
    pub fn delta(&self, delta: &Delta) -> Vec<u8> {
        delta.sign(self)
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; Signature::BYTE_SIZE] {
        self.key.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number;
        f.debug_struct("SigningKey")
            .field("number", &number)
            .finish_non_exhaustive()
    }
}

/// Verifies, from a time to a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    number: KeyNumber,
    key: VerifyingKey,
    pub(crate) not_before: i64,
    pub(crate) retired_at: Option<i64>,
}

impl PublicKey {
    /// `not_before`, `retired_at`: seconds since 1970. Between them the key's signatures count; without `retired_at` for
    /// good.
    ///
    /// # Errors
    /// If the bytes are no point of the curve, or one of the few for which a signature can be made without a secret.
    pub fn new(
        number: KeyNumber,
        bytes: &[u8; 32],
        not_before: i64,
        retired_at: Option<i64>,
    ) -> Result<Self, WeakKey> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| WeakKey)?;
        if key.is_weak() {
            return Err(WeakKey);
        }
        Ok(Self {
            number,
            key,
            not_before,
            retired_at,
        })
    }

    #[must_use]
    pub fn number(&self) -> KeyNumber {
        self.number
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// When it begins to sign, in seconds since 1970.
    #[must_use]
    pub fn not_before(&self) -> i64 {
        self.not_before
    }

    /// When its signatures end to count, in seconds since 1970.
    #[must_use]
    pub fn retired_at(&self) -> Option<i64> {
        self.retired_at
    }

    pub(crate) fn is_retired(&self, now: i64) -> bool {
        self.retired_at.is_some_and(|at| now >= at)
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        // Strict: exactly one signature by an honest key passes everywhere, and points of small order never do.
        let signature = Signature::from_bytes(signature);
        self.key.verify_strict(message, &signature).is_ok()
    }
}

/// Whether each signature is by its key, at a third of the cost of one after the other. For [`Message`]s of tokens.
///
/// It is less strict about signatures that only the holder of the secret can make, for which the sum of all equations can
/// hold where one of them does not. Nobody gains by those: the holder can sign properly.
pub(crate) fn all_verify(signatures: &[(&PublicKey, Message, &[u8; 64])]) -> bool {
    let keys: Vec<VerifyingKey> = signatures.iter().map(|(key, ..)| key.key).collect();
    let messages: Vec<&[u8]> = signatures.iter().map(|(_, m, _)| &m[..]).collect();
    let signatures: Vec<Signature> = signatures
        .iter()
        .map(|(_, _, signature)| Signature::from_bytes(signature))
        .collect();
    verify_batch(&messages, &signatures, &keys).is_ok()
}

/// The bytes are no public key that can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeakKey;

impl fmt::Display for WeakKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is no public key of Ed25519, or a weak one")
    }
}

impl error::Error for WeakKey {}
