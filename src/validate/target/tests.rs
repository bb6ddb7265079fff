//! Targets that must pass, and targets that must not, beyond those on which both arms agree.

use super::*;
use crate::validate::cases::targets::{self, rules};
use proptest::prelude::*;

#[test]
fn targets_are_judged_as_both_arms_must() {
    targets::agree(|rules, target| {
        let fault = |fault: Fault| (Some(fault.reason), fault.message.into_owned());
        check(rules, target)
            .map_err(fault)
            .map(|(target, _)| target)
    });
}

#[test]
fn a_name_too_long_for_dns_is_a_concern() {
    let any = rules(&[], false);
    let long = format!("https://{}.example.com/", "a".repeat(64));
    assert_eq!(check(&any, &long).unwrap().1, [Concern::LongName]);
    let long = format!("https://{}example.com/", "a.".repeat(130));
    assert_eq!(check(&any, &long).unwrap().1, [Concern::LongName]);
}

#[test]
fn refusals_are_precise() {
    let any = rules(&[], false);
    let long = format!("https://example.com/{}", "a".repeat(2029));
    let apple = "https://www.аррӏе.com/";
    let vouched = "xn--80ak6aa92e.com";
    for (rules, target, reason, why) in [
        (
            &any,
            &*long,
            Reason::Length,
            "has 2049 characters: shorten it to 2048",
        ),
        // Listed, but not by its full name.
        (
            &rules(&["corp"], false),
            "http://a.corp/",
            Reason::Name,
            "private network",
        ),
        // Who lists a domain vouches for its looks.
        (&any, apple, Reason::Lookalike, "apple"),
        (
            &rules(&["apple.com"], false),
            apple,
            Reason::Domain,
            "apple.com",
        ),
        (
            &any,
            "https://qr.example.com./codes//%72/1",
            Reason::Loop,
            "leads back",
        ),
        (
            &rules(&["qr.example.com"], false),
            "https://qr.example.com./codes//%72/1",
            Reason::Loop,
            "leads back",
        ),
    ] {
        let fault = check(rules, target).expect_err(target);
        assert_eq!(fault.reason, reason, "{target}: {fault:?}");
        assert!(fault.message.contains(why), "{target}: {fault:?}");
    }
    check(&rules(&[vouched], false), apple).unwrap();
}

proptest! {
    #[test]
    fn no_text_panics(text in "(https?://)?.{0,40}", lenient: bool) {
        let _ = check(&rules(&["example.com"], lenient), &text);
        let _ = check(&rules(&[], lenient), &text);
    }

    #[test]
    fn what_is_accepted_is_a_fixed_point(
        text in "https?://([a-z0-9.\\[\\]:%@/-]{1,30}|\\PC{1,20}\\.[a-zабв]{2,4}/\\PC{0,20})",
    ) {
        let any = rules(&[], false);
        if let Ok((target, concerns)) = check(&any, &text) {
            prop_assert_eq!(check(&any, &target), Ok((target.clone(), concerns)));
            prop_assert!(target.bytes().all(|b| b.is_ascii_graphic()));
        }
    }
}
