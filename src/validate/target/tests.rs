//! Targets that must pass, and targets that must not, however they are spelled.

use super::*;
use proptest::prelude::*;

fn rules(allowed: &[&str], private: bool) -> Rules {
    Rules::new("https://qr.example.com/codes/", allowed, private).unwrap()
}

fn accepted(rules: &Rules, target: &str) -> String {
    match check(rules, target) {
        Ok((target, _)) => target,
        Err(fault) => panic!("{target}: {fault:?}"),
    }
}

fn refused(rules: &Rules, target: &str, reason: Reason, why: &str) {
    let fault = check(rules, target).expect_err(target);
    assert_eq!(fault.reason, reason, "{target}: {fault:?}");
    assert!(fault.message.contains(why), "{target}: {fault:?}");
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
        ("http://0x8.8.2056", "http://8.8.8.8/"),
        ("http://[2606:4700::1111]/", "http://[2606:4700::1111]/"),
        (
            "https://good.example\\@evil.example/",
            "https://good.example/@evil.example/",
        ),
        ("https://@example.com/", "https://example.com/"),
        ("https://example.com./", "https://example.com./"),
    ] {
        assert_eq!(accepted(&any, target), normal);
    }
}

#[test]
fn what_is_no_target_is_refused_with_the_reason() {
    use Reason::{Character, Credentials, Empty, Scheme, Syntax};
    let any = rules(&[], false);
    for (target, reason, why) in [
        ("", Empty, "empty"),
        (" ", Empty, "empty"),
        ("example.com", Scheme, "http://"),
        ("javascript:alert(1)", Scheme, "http://"),
        ("data:text/html,x", Scheme, "http://"),
        ("ftp://example.com", Scheme, "http://"),
        ("https:example.com", Scheme, "http://"),
        ("https:\\\\example.com", Scheme, "http://"),
        ("//example.com", Scheme, "http://"),
        ("https://", Syntax, "address"),
        ("https://exa mple.com", Syntax, "address"),
        ("https://example.com:99999", Syntax, "address"),
        ("https://xn--a.com", Syntax, "address"),
        ("https://1.2.3.4.5", Syntax, "address"),
        ("https://a..example.com", Syntax, "dot"),
        ("https://example.com..", Syntax, "dot"),
        ("https://user@example.com", Credentials, "user name"),
        ("https://:secret@example.com", Credentials, "user name"),
        (
            "https://good.example:80@evil.example",
            Credentials,
            "user name",
        ),
        (
            "https://example.com/\r\nSet-Cookie: a=b",
            Character,
            "control",
        ),
        ("https://example.com/\n", Character, "control"),
        ("\thttps://example.com/", Character, "control"),
        ("https://example.com/\u{0}", Character, "control"),
        ("https://example.com/\u{85}", Character, "control"),
    ] {
        refused(&any, target, reason, why);
    }
}

#[test]
fn lengths_hold_at_their_edges() {
    let any = rules(&[], false);
    let of = |n: usize, c: &str| format!("https://example.com/{}", c.repeat(n));
    assert_eq!(accepted(&any, &of(2028, "a")).len(), 2048);
    refused(
        &any,
        &of(2029, "a"),
        Reason::Length,
        "has 2049 characters: shorten it to 2048",
    );
    refused(&any, &of(1000, "é"), Reason::Length, "encoded");
    let long = format!("https://{}.example.com/", "a".repeat(64));
    assert_eq!(check(&any, &long).unwrap().1, [Concern::LongName]);
    let long = format!("https://{}example.com/", "a.".repeat(130));
    assert_eq!(check(&any, &long).unwrap().1, [Concern::LongName]);
}

#[test]
fn private_hosts_are_refused_in_every_spelling() {
    let (strict, lenient) = (rules(&[], false), rules(&[], true));
    for host in [
        "127.0.0.1",
        "0x7f.1",
        "2130706433",
        "017700000001",
        "127.1",
        "127.0.0.1.",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[::127.0.0.1]",
        "[fe80::1]",
        "[fd00::1]",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "１２７.0.0.1",
        "%31%32%37.0.0.1",
        "127。0。0。1",
    ] {
        let target = format!("http://{host}/x");
        refused(&strict, &target, Reason::Address, "public host");
        accepted(&lenient, &target);
    }
    for name in [
        "localhost",
        "LOCALHOST.",
        "a.localhost:8080",
        "printer.local",
        "metadata.google.internal.",
        "router.home.arpa",
        "nas",
        "nas.",
    ] {
        let target = format!("http://{name}/x");
        refused(&strict, &target, Reason::Name, "public host");
        accepted(&lenient, &target);
    }
    for name in [
        "notlocal.com",
        "local.example.com",
        "mylocal.io",
        "a.xn--p1ai",
    ] {
        accepted(&strict, &format!("http://{name}"));
    }
}

#[test]
fn listed_domains_and_what_is_below_them() {
    let some = rules(&["example.com", "nas", "10.0.0.1", "[::1]", "corp"], false);
    for target in [
        "https://example.com",
        "https://a.b.EXAMPLE.com",
        "https://example.com.",
        "http://nas/",
        "http://10.0.0.1/",
        "http://0x0a.1/",
        "http://[0::1]/",
    ] {
        accepted(&some, target);
    }
    for target in [
        "https://notexample.com",
        "https://example.com.evil.org",
        "https://example.org",
        "http://10.0.0.2/",
        "http://1.10.0.0.1.example.org",
    ] {
        refused(&some, target, Reason::Domain, "example.com, nas, 10.0.0.1");
    }
    // Listed, but not by its full name.
    refused(&some, "http://a.corp/", Reason::Name, "private network");
    let many: Vec<String> = (0..9).map(|i| format!("d{i}.example")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let many = rules(&many, false);
    refused(
        &many,
        "https://evil.org",
        Reason::Domain,
        "another allowed domain",
    );
}

#[test]
fn who_lists_a_domain_vouches_for_its_looks() {
    let target = "https://www.аррӏе.com/";
    refused(&rules(&[], false), target, Reason::Lookalike, "apple");
    accepted(&rules(&["xn--80ak6aa92e.com"], false), target);
    refused(
        &rules(&["apple.com"], false),
        target,
        Reason::Domain,
        "apple.com",
    );
}

#[test]
fn a_target_never_leads_back_to_us() {
    let target = "https://qr.example.com./codes//%72/1";
    for rules in [rules(&[], false), rules(&["qr.example.com"], false)] {
        refused(&rules, target, Reason::Loop, "leads back");
    }
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
        refused(&rules, target, Reason::Loop, "leads back");
    }
    for target in [
        "https://old.example/about",
        "https://older.example/x/r/1",
        "https://qr.example.com/r/1",
    ] {
        accepted(&rules, target);
    }
}
