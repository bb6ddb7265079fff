//! Targets that must pass, and targets that must not, however they are spelled.

use super::*;
use proptest::prelude::*;

fn rules(allowed: &[&str], private: bool) -> Rules {
    Rules::new("https://qr.example.com/codes/", allowed, private).unwrap()
}

fn refused(rules: &Rules, target: &str, why: &str) {
    let message = check(rules, target).expect_err(target);
    assert!(message.contains(why), "{target}: {message}");
}

#[test]
fn public_targets_are_normalised() {
    let any = rules(&[], false);
    for (target, normal) in [
        ("https://example.com", "https://example.com/"),
        (
            "  HTTPS://EXAMPLE.com:443/a/../b?x=1#y  ",
            "https://example.com/b?x=1#y",
        ),
        (
            "http://bücher.example/ü",
            "http://xn--bcher-kva.example/%C3%BC",
        ),
        ("http://8.8.8.8:8080/", "http://8.8.8.8:8080/"),
        ("http://[2606:4700::1111]/", "http://[2606:4700::1111]/"),
        (
            "https://good.example\\@evil.example/",
            "https://good.example/@evil.example/",
        ),
        ("https://@example.com/", "https://example.com/"),
    ] {
        assert_eq!(check(&any, target).unwrap(), normal);
    }
}

#[test]
fn what_is_no_target_is_refused_with_the_reason() {
    let any = rules(&[], false);
    for (target, why) in [
        ("", "empty"),
        (" ", "empty"),
        ("example.com", "http://"),
        ("javascript:alert(1)", "http://"),
        ("data:text/html,x", "http://"),
        ("ftp://example.com", "http://"),
        ("https:example.com", "http://"),
        ("//example.com", "http://"),
        ("https://", "address"),
        ("https://exa mple.com", "address"),
        ("https://example.com:99999", "address"),
        ("https://a..example.com", "dot"),
        ("https://user@example.com", "user name"),
        ("https://:secret@example.com", "user name"),
        ("https://example.com/\r\nSet-Cookie: a=b", "control"),
        ("https://example.com/\n", "control"),
        ("https://example.com/\u{0}", "control"),
        ("https://example.com/\u{85}", "control"),
    ] {
        refused(&any, target, why);
    }
    let long = format!("https://example.com/{}", "a".repeat(2029));
    refused(&any, &long, "2048");
    let grows = format!("https://example.com/{}", "é".repeat(1000));
    refused(&any, &grows, "encoded");
    let fits = format!("https://example.com/{}", "a".repeat(2028));
    assert_eq!(check(&any, &fits).unwrap().len(), 2048);
}

#[test]
fn private_hosts_are_refused_in_every_spelling() {
    let private = [
        "http://127.0.0.1",
        "http://0x7f.1",
        "http://2130706433",
        "http://017700000001",
        "http://127.1",
        "http://0",
        "http://[::1]",
        "http://[::]",
        "http://[::ffff:127.0.0.1]",
        "http://[::ffff:a00:1]",
        "http://[fe80::1]",
        "http://[fd00::1]",
        "http://169.254.169.254/latest",
        "http://100.64.0.1",
        "http://224.0.0.1",
        "http://localhost",
        "http://LOCALHOST.",
        "http://a.localhost:8080",
        "http://printer.local",
        "http://vault.internal.",
        "http://nas/",
        "http://１２７.0.0.1",
        "http://%31%32%37.0.0.1",
        "http://127。0。0。1",
    ];
    let (strict, lenient) = (rules(&[], false), rules(&[], true));
    for target in private {
        refused(&strict, target, "public host");
        assert!(check(&lenient, target).is_ok(), "{target}");
    }
}

#[test]
fn listed_domains_and_what_is_below_them() {
    let some = rules(&["example.com", "nas", "10.0.0.1"], false);
    for target in [
        "https://example.com",
        "https://a.b.EXAMPLE.com",
        "https://example.com.",
        "http://nas/",
        "http://10.0.0.1/",
        "http://0x0a.1/",
    ] {
        assert!(check(&some, target).is_ok(), "{target}");
    }
    for target in [
        "https://notexample.com",
        "https://example.com.evil.org",
        "https://example.org",
        "https://example.com@evil.example",
        "http://10.0.0.2/",
        "http://1.10.0.0.1.example.org",
    ] {
        assert!(check(&some, target).is_err(), "{target}");
    }
    refused(&some, "https://evil.org", "example.com, nas, 10.0.0.1");
    let many: Vec<String> = (0..9).map(|i| format!("d{i}.example")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    refused(
        &rules(&many, false),
        "https://evil.org",
        "another allowed domain",
    );
}

#[test]
fn a_target_never_leads_back_to_us() {
    let any = rules(&[], false);
    for target in [
        "https://qr.example.com/codes/r/1234abcd",
        "http://QR.example.com./codes/r/1234abcd?x",
        "https://qr.example.com/codes/%72/1234abcd",
        "https://qr.example.com/x/../codes/r/",
    ] {
        refused(&any, target, "leads back");
    }
    for target in [
        "https://qr.example.com/codes/report",
        "https://qr.example.com/r/1",
        "https://qr.example.com:8443/codes/r/1",
        "https://other.example.com/codes/r/1",
    ] {
        assert!(check(&any, target).is_ok(), "{target}");
    }
    let listed = rules(&["qr.example.com"], false);
    refused(&listed, "https://qr.example.com/codes/r/1", "leads back");
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

#[test]
fn codes_under_a_former_address_are_ours_too() {
    let rules =
        rules(&[], false).formerly(&["https://old.example/", "https://older.example:8443/x"]);
    for target in [
        "https://old.example/r/1234abcd",
        "http://OLD.example./R/1234ABCD/?scan_ref=qr",
        "https://older.example:8443/x/%72/1",
        "https://qr.example.com/codes/r/1",
    ] {
        refused(&rules, target, "leads back");
    }
    for target in [
        "https://old.example/about",
        "https://older.example/x/r/1",
        "https://qr.example.com/r/1",
    ] {
        check(&rules, target).unwrap();
    }
}
