//! Properties of the payload builders, on inputs that are half plausible and half hostile.
//!
//! Invariant: what holds here is what `fuzz/` looks for counterexamples of: both run [`invariants`].
// Helpers of a test are tests too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod invariants;

use proptest::{collection::vec, prelude::*};

macro_rules! properties {
    ($($name:ident),* $(,)?) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(2_000))]
            $(
                #[test]
                fn $name(bytes in vec(any::<u8>(), 0..700)) {
                    invariants::$name::check(&bytes);
                }
            )*
        }
    };
}

properties!(
    email,
    epc,
    event,
    geo,
    gs1_link,
    gs1_message,
    mecard,
    phone,
    sms,
    text,
    url,
    vcard,
    wifi,
);

/// A property that never sees a payload holds for nothing.
#[test]
fn the_inputs_are_accepted_and_refused() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};

    let mut runner = TestRunner::deterministic();
    let inputs: Vec<Vec<u8>> = (0..1_000)
        .map(|_| {
            vec(any::<u8>(), 0..700)
                .new_tree(&mut runner)
                .unwrap()
                .current()
        })
        .collect();
    for (name, check) in invariants::ALL {
        let accepted = inputs.iter().filter(|bytes| check(bytes)).count();
        assert!(
            (50..1_000).contains(&accepted),
            "{name}: {accepted} of 1000 accepted"
        );
    }
}
