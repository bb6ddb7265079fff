//! A token with its signature, and its texts.

use ed25519_dalek::Signature;

use crate::{Reason, SYMBOL_CHARS, SigningKey, Token, URL_CHARS, text, token::BODY_BYTES};

const SIGNATURE_BYTES: usize = Signature::BYTE_SIZE;
/// Bytes of a signed token.
pub const TOKEN_BYTES: usize = BODY_BYTES + SIGNATURE_BYTES;

/// Stands before the fields where they are signed: a signature for a token is none for anything else by the same key.
const DOMAIN: [u8; 23] = *b"qr-observatory:token:1:";

/// What is signed.
pub(crate) type Message = [u8; DOMAIN.len() + BODY_BYTES];

/// A token as it is given out or shown. That it was read says nothing about its signature: [`crate::verify()`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    key: u8,
    token: Token,
    signature: [u8; SIGNATURE_BYTES],
}

impl Signed {
    /// Of a text in either form; their lengths differ.
    ///
    /// # Errors
    /// [`Reason::Malformed`] for everything that [`Self::to_symbol`] and [`Self::to_url`] would not write.
    pub fn read(text: &str) -> Result<Self, Reason> {
        let bytes = match text.len() {
            SYMBOL_CHARS => text::from_base45(text),
            URL_CHARS => text::from_base32(text),
            _ => None,
        };
        bytes.and_then(Self::from_bytes).ok_or(Reason::Malformed)
    }

    fn from_bytes(bytes: [u8; TOKEN_BYTES]) -> Option<Self> {
        let (key, token) = Token::from_body(bytes.first_chunk()?)?;
        Some(Self {
            key,
            token,
            signature: *bytes.last_chunk()?,
        })
    }

    /// The same token and key always give the same text: Ed25519 needs no randomness.
    pub(crate) fn sign(token: Token, key: &SigningKey) -> Self {
        let number = key.number().value();
        Self {
            key: number,
            token,
            signature: key.sign(&message(token, number)),
        }
    }

    pub(crate) fn message(&self) -> Message {
        message(self.token, self.key)
    }

    pub(crate) fn signature(&self) -> &[u8; SIGNATURE_BYTES] {
        &self.signature
    }

    /// What it says, which nothing vouches for before [`crate::verify()`].
    #[must_use]
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// The number of the key that it names.
    #[must_use]
    pub fn key(&self) -> u8 {
        self.key
    }

    #[must_use]
    pub fn to_bytes(&self) -> [u8; TOKEN_BYTES] {
        let mut bytes = [0; TOKEN_BYTES];
        let (fields, rest) = bytes.split_at_mut(BODY_BYTES);
        fields.copy_from_slice(&self.token.to_body(self.key));
        rest.copy_from_slice(&self.signature);
        bytes
    }

    /// For a symbol: 135 characters of Base45. It may have spaces inside, but begins and ends with none.
    #[must_use]
    pub fn to_symbol(&self) -> String {
        text::to_base45(&self.to_bytes())
    }

    /// For the path of a URL: 144 characters of Base32.
    #[must_use]
    pub fn to_url(&self) -> String {
        text::to_base32(&self.to_bytes())
    }
}

fn message(token: Token, key: u8) -> Message {
    let mut message = [0; size_of::<Message>()];
    let (domain, fields) = message.split_at_mut(DOMAIN.len());
    domain.copy_from_slice(&DOMAIN);
    fields.copy_from_slice(&token.to_body(key));
    message
}
