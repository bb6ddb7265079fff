//! Spellings of our own codes' addresses, and what is close to them.

use super::*;

fn leads(base: &str, url: &str) -> bool {
    leads_to_us(&Url::parse(base).unwrap(), &Url::parse(url).unwrap())
}

#[test]
fn every_spelling_of_a_code_is_ours() {
    let base = "https://qr.example.com/codes/";
    for url in [
        "https://qr.example.com/codes/r/1234abcd",
        "https://qr.example.com/codes/r/1234abcd?scan_ref=qr#x",
        "https://qr.example.com/codes/r/",
        "https://qr.example.com/codes/R/1234ABCD/",
        "HTTP://QR.Example.COM/codes/r/1",
        "https://qr.example.com./codes/r/1",
        "https://qr.example.com:443/codes/r/1",
        "http://qr.example.com:80/codes/r/1",
        "http://qr.example.com:443/codes/r/1",
        "https://qr.example.com:80/codes/r/1",
        "https://qr%2Eexample.com/codes/r/1",
        "https://ｑｒ.example。com/codes/r/1",
        "https://qr.example.com/codes/%72/1",
        "https://qr.example.com/%63odes/r/1",
        "https://qr.example.com/codes%2Fr%2f1",
        "https://qr.example.com/x/../codes/./r/1",
        "https://qr.example.com/x/%2e%2E/codes/r/1",
        "https://qr.example.com/x%2F..%2Fcodes/r/1",
        "https://qr.example.com//codes///r/1",
        "https:\\\\qr.example.com\\codes\\r\\1",
        // Ours for whoever does not follow encoded dots, too.
        "https://qr.example.com/codes/r/x%2F..%2F..%2Fy",
    ] {
        assert!(leads(base, url), "{url}");
    }
}

#[test]
fn what_is_beside_our_codes_is_not_ours() {
    let base = "https://qr.example.com/codes/";
    for url in [
        "https://qr.example.com/codes/r",
        "https://qr.example.com/codes/report/1",
        "https://qr.example.com/r/1",
        "https://qr.example.com/?u=/codes/r/1",
        "https://qr.example.com/codes/r/../about",
        "https://qr.example.com:8443/codes/r/1",
        "https://other.example.com/codes/r/1",
        "https://qr.example.com.evil.org/codes/r/1",
        "https://example.com/codes/r/1",
    ] {
        assert!(!leads(base, url), "{url}");
    }
}

#[test]
fn the_machine_itself_has_many_names() {
    let names = [
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "127.0.0.1",
        "127.9.9.9",
        "0x7f.1",
        "2130706433",
        "017700000001",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ];
    for base in names {
        for host in names {
            let base = format!("http://{base}:3002");
            assert!(leads(&base, &format!("https://{host}:3002/r/1")), "{host}");
            assert!(!leads(&base, &format!("http://{host}/r/1")), "{host}");
            assert!(!leads(&base, &format!("http://{host}:3003/r/1")), "{host}");
        }
    }
    assert!(leads("http://203.0.113.7", "http://[::ffff:cb00:7107]/r/1"));
    assert!(!leads("http://203.0.113.7", "http://203.0.113.8/r/1"));
    assert!(leads(
        "http://qr.example.com:443",
        "https://qr.example.com/r/1"
    ));
}
