//! Targets that must pass, and targets that must not.

use super::*;
use crate::validate::cases::targets::{self, rules};
use proptest::prelude::*;

#[test]
fn targets_are_judged_as_both_arms_must() {
    targets::agree(|rules, target| check(rules, target).map_err(|message| (None, message)));
}

#[test]
fn escapes_that_are_none_stand_for_themselves() {
    assert_eq!(decoded("/%7"), b"/%7");
    assert_eq!(decoded("/%zz%"), b"/%zz%");
    assert_eq!(decoded("%2F%41"), b"/A");
}

proptest! {
    #[test]
    fn no_text_panics(text in "(https?://)?.{0,40}") {
        let _ = check(&rules(&["example.com"], false), &text);
    }

    #[test]
    fn what_is_accepted_is_a_fixed_point(text in "https?://[a-z0-9.\\[\\]:%@/-]{1,30}") {
        let any = rules(&[], false);
        if let Ok(target) = check(&any, &text) {
            prop_assert_eq!(check(&any, &target), Ok(target.clone()));
            prop_assert!(!target.contains(['\r', '\n', ' ']));
        }
    }
}
