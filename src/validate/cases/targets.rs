//! Targets on which both arms agree, however they are spelled.
//!
//! Invariant: for tests only.

use crate::validate::{Reason, Rules};

/// What an arm says of a target: its normalised text; or its message, and its reason where the arm has reasons.
pub type Check = fn(&Rules, &str) -> Result<String, (Option<Reason>, String)>;

pub fn rules(allowed: &[&str], private: bool) -> Rules {
    Rules::new("https://qr.example.com/codes/", allowed, private).unwrap()
}

#[track_caller]
fn refused(check: Check, rules: &Rules, target: &str, why: (Reason, &str)) {
    let (reason, message) = check(rules, target).expect_err(target);
    assert_eq!(reason.unwrap_or(why.0), why.0, "{target}: {message}");
    assert!(message.contains(why.1), "{target}: {message}");
}

#[track_caller]
fn accepted(check: Check, rules: &Rules, target: &str) -> String {
    check(rules, target).unwrap_or_else(|fault| panic!("{target}: {fault:?}"))
}

/// Asserts what both arms must say.
pub fn agree(check: Check) {
    normalised(check);
    syntax(check);
    private_hosts(check);
    listed_domains(check);
    own_codes(check);
}

fn normalised(check: Check) {
    let any = rules(&[], false);
    let with_path = "  HTTPS://EXAMPLE.com:443/a/../b?x=1#y  ";
    let backslash = "https://good.example\\@evil.example/";
    for (target, normal) in [
        ("https://example.com", "https://example.com/"),
        (with_path, "https://example.com/b?x=1#y"),
        ("http://bücher.example", "http://xn--bcher-kva.example/"),
        ("http://a.example/ü", "http://a.example/%C3%BC"),
        ("http://8.8.8.8:8080/", "http://8.8.8.8:8080/"),
        ("http://0x8.8.2056", "http://8.8.8.8/"),
        ("http://[2606:4700::1111]/", "http://[2606:4700::1111]/"),
        (backslash, "https://good.example/@evil.example/"),
        ("https://@example.com/", "https://example.com/"),
        ("https://example.com./", "https://example.com./"),
    ] {
        assert_eq!(accepted(check, &any, target), normal);
    }
}

fn syntax(check: Check) {
    use Reason::{Character, Credentials, Empty, Length, Scheme, Syntax};
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
        ("https://a.example:80@b.example", Credentials, "user name"),
        ("https://example.com/\r\nA: b", Character, "control"),
        ("https://example.com/\n", Character, "control"),
        ("\thttps://example.com/", Character, "control"),
        ("https://example.com/\u{0}", Character, "control"),
        ("https://example.com/\u{85}", Character, "control"),
    ] {
        refused(check, &any, target, (reason, why));
    }
    let of = |n: usize, c: &str| format!("https://example.com/{}", c.repeat(n));
    assert_eq!(accepted(check, &any, &of(2028, "a")).len(), 2048);
    refused(check, &any, &of(2029, "a"), (Length, "2048"));
    refused(check, &any, &of(1000, "é"), (Length, "encoded"));
}

fn private_hosts(check: Check) {
    let addresses = "127.0.0.1 0x7f.1 2130706433 017700000001 127.1 127.0.0.1. 0 [::1] [::] [::ffff:127.0.0.1] \
        [::ffff:a00:1] [64:ff9b::7f00:1] [2002:7f00:1::] [::127.0.0.1] [fe80::1] [fd00::1] 169.254.169.254 100.64.0.1 \
        224.0.0.1 １２７.0.0.1 %31%32%37.0.0.1 127。0。0。1";
    let names = "localhost LOCALHOST. a.localhost:8080 printer.local vault.internal. metadata.google.internal. \
        router.home.arpa nas nas.";
    let (strict, lenient) = (rules(&[], false), rules(&[], true));
    for (hosts, reason) in [(addresses, Reason::Address), (names, Reason::Name)] {
        for host in hosts.split_whitespace() {
            let target = format!("http://{host}/x");
            refused(check, &strict, &target, (reason, "public host"));
            accepted(check, &lenient, &target);
        }
    }
    for name in "notlocal.com local.example.com mylocal.io a.xn--p1ai".split(' ') {
        accepted(check, &strict, &format!("http://{name}"));
    }
}

fn listed_domains(check: Check) {
    let some = rules(&["example.com", "nas", "10.0.0.1", "[::1]"], false);
    let inside = "https://example.com https://a.b.EXAMPLE.com https://example.com. http://nas/ http://10.0.0.1/ \
        http://0x0a.1/ http://[0::1]/";
    for target in inside.split_whitespace() {
        accepted(check, &some, target);
    }
    let outside = "https://notexample.com https://example.com.evil.org https://example.org https://evil.org \
        http://10.0.0.2/ http://1.10.0.0.1.example.org";
    let domain = |why| (Reason::Domain, why);
    for target in outside.split_whitespace() {
        refused(check, &some, target, domain("example.com, nas, 10.0.0.1"));
    }
    let disguised = "https://example.com@evil.example";
    assert!(check(&some, disguised).is_err());
    let many: Vec<String> = (0..9).map(|i| format!("d{i}.example")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let many = rules(&many, false);
    refused(check, &many, "https://evil.org", domain("another allowed"));
}

fn own_codes(check: Check) {
    let (any, listed) = (rules(&[], false), rules(&["qr.example.com"], false));
    let former = ["https://old.example/", "https://older.example:8443/x"];
    let moved = rules(&[], false).formerly(&former);
    let ours = "https://qr.example.com/codes/r/1234abcd http://QR.example.com./codes/r/1234abcd?x \
        https://qr.example.com/codes/%72/1234abcd https://qr.example.com/x/../codes/r/";
    let other = "https://qr.example.com/codes/report https://qr.example.com/r/1 https://qr.example.com:8443/codes/r/1 \
        https://other.example.com/codes/r/1";
    let ours_once = "https://old.example/r/1234abcd http://OLD.example./R/1234ABCD/?scan_ref=qr \
        https://older.example:8443/x/%72/1 https://qr.example.com/codes/r/1";
    let others = "https://old.example/about https://older.example/x/r/1 https://qr.example.com/r/1";
    for (rules, ours, others) in [
        (&any, ours, other),
        (&listed, "https://qr.example.com/codes/r/1", ""),
        (&moved, ours_once, others),
    ] {
        for target in ours.split_whitespace() {
            refused(check, rules, target, (Reason::Loop, "leads back"));
        }
        for target in others.split_whitespace() {
            accepted(check, rules, target);
        }
    }
}
