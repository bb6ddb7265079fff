//! What an attendee, a stall or a device shows at a gate, and whether it is genuine.
//!
//! - [`Token`] has the fields, [`Signed`] is a token with its signature: 90 bytes, 135 characters of Base45 in a symbol, 144
//!   of Base32 in a URL.
//! - [`SigningKey`] signs, and [`Ring`] holds the public keys of all signatures that still count.
//! - [`verify()`] says whose token a text is, or a [`Reason`] against it; [`verify_all`] the same of many.
//! - [`Revocations`] are the serials that no longer count, and [`Delta`] brings them to devices.
//! - [`rotating`] has the windows of 30 s, [`OldTokens`] what the replaced system gave out.
//!
//! `docs/TOKENS.md` has the formats to the bit, with vectors.
//!
//! Invariant: pure functions of their input. No I/O, no clock, no randomness, and no panic on any input.

mod batch;
mod delta;
mod jwks;
mod key;
mod old;
mod reason;
mod revocations;
mod ring;
pub mod rotating;
mod signed;
mod text;
pub mod time;
mod token;
mod verify;

pub use batch::verify_all;
pub use delta::{Delta, MAX_ENTRIES};
pub use jwks::BadJwks;
pub use key::{KeyNumber, PublicKey, SigningKey, WeakKey};
pub use old::{EmptySecret, OldToken, OldTokens, jwt::MAX_AHEAD_SECS, jwt::MAX_BYTES};
pub use reason::Reason;
pub use revocations::{NotApplied, Revocations};
pub use ring::{BadRing, KEY_LEEWAY_SECS, MAX_KEYS, Ring};
pub use signed::{Signed, TOKEN_BYTES};
pub use text::{SYMBOL_CHARS, URL_CHARS};
pub use token::{EventId, Kind, Serial, Subject, Token};
pub use verify::{Expect, verify};
