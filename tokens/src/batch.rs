//! Many tokens at once: what a device uploads that was offline.

use crate::{
    Expect, PublicKey, Reason, Revocations, Ring, Signed, Token,
    key::all_verify,
    verify::{check_fields, check_signature},
};

/// Tokens whose signatures are verified together. One that is wrong costs that its batch is verified one by one.
const BATCH: usize = 128;

/// What [`crate::verify()`] says of each text, in their order, each with its own expectation: they were scanned at different
/// times.
#[must_use]
pub fn verify_all(
    shown: &[(&str, Expect)],
    ring: &Ring,
    revocations: &Revocations,
) -> Vec<Result<Token, Reason>> {
    let mut verdicts = Vec::with_capacity(shown.len());
    for batch in shown.chunks(BATCH) {
        let read = batch.iter().map(|(text, expect)| {
            let signed = Signed::read(text)?;
            Ok((signed, ring.find(signed.key(), expect.now)?))
        });
        let read: Vec<Result<(Signed, &PublicKey), Reason>> = read.collect();
        let genuine = all_genuine(&read);
        verdicts.extend(read.into_iter().zip(batch).map(|(read, (_, expect))| {
            let (signed, key) = read?;
            if !genuine {
                check_signature(&signed, key)?;
            }
            check_fields(signed.token(), expect, revocations)
        }));
    }
    verdicts
}

/// Whether all signatures of those that were read are right.
fn all_genuine(read: &[Result<(Signed, &PublicKey), Reason>]) -> bool {
    let signatures = read.iter().flatten();
    let signatures: Vec<_> = signatures
        .map(|(signed, key)| (*key, signed.message(), signed.signature()))
        .collect();
    all_verify(&signatures)
}
