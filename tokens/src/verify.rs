//! Whether a text is a token that counts here and now.

use crate::{EventId, Kind, PublicKey, Reason, Revocations, Ring, Signed, Token, rotating, time};

/// Where and when a token is shown. Times are seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Expect<'a> {
    pub event: EventId,
    /// The event's end, until which tokens without a time of their own count. Rotating ones end with it too.
    pub ends_at: i64,
    /// Kinds that count here. A gate that asks for rotating tokens leaves badges out.
    pub kinds: &'a [Kind],
    pub now: i64,
}

/// The token that this text is, in the form of symbols or of URLs.
///
/// # Errors
/// The first reason against it, in this order: form, key, signature, event, kind, time, revocation. So nothing of a token is
/// told to those who made it up.
pub fn verify(
    text: &str,
    ring: &Ring,
    expect: &Expect,
    revocations: &Revocations,
) -> Result<Token, Reason> {
    let signed = Signed::read(text)?;
    check_signature(&signed, ring.find(signed.key(), expect.now)?)?;
    check_fields(signed.token(), expect, revocations)
}

pub(crate) fn check_signature(signed: &Signed, key: &PublicKey) -> Result<(), Reason> {
    let genuine = key.verifies(&signed.message(), signed.signature());
    genuine.then_some(()).ok_or(Reason::BadSignature)
}

/// What is checked of a genuine token.
pub(crate) fn check_fields(
    token: &Token,
    expect: &Expect,
    revocations: &Revocations,
) -> Result<Token, Reason> {
    // Revocations of another event would let pass what is revoked in this one.
    if token.event != expect.event || revocations.event() != expect.event {
        return Err(Reason::WrongEvent);
    }
    if !expect.kinds.contains(&token.kind) {
        return Err(Reason::WrongKind);
    }
    check_time(token, expect)?;
    if revocations.revokes(token.subject, token.serial) {
        return Err(Reason::Revoked);
    }
    Ok(*token)
}

fn check_time(token: &Token, expect: &Expect) -> Result<(), Reason> {
    let until = match (token.kind, token.time) {
        (Kind::Rotating, window) => {
            rotating::check(window, expect.now)?;
            expect.ends_at
        }
        (_, 0) => expect.ends_at,
        (_, minute) => time::seconds(minute),
    };
    if expect.now > until {
        return Err(Reason::Expired);
    }
    Ok(())
}
