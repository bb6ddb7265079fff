//! Names that pose as others, and honest names in the scripts of the world.

use super::*;
use proptest::prelude::*;

fn judged(name: &str) -> Result<Vec<Concern>, Fault> {
    check(&idna::domain_to_ascii(name).unwrap())
}

#[test]
fn what_poses_as_another_is_refused_and_named() {
    for (name, what) in [
        // The whole label in another script.
        ("xn--80ak6aa92e.com", "Cyrillic but reads like `apple`"),
        ("www.аррӏе.com", "Cyrillic but reads like `apple`"),
        ("сое.org", "Cyrillic but reads like `coe`"),
        ("сасо-3.example", "Cyrillic but reads like `caco-3`"),
        ("ονο.com", "Greek but reads like `ovo`"),
        // The label of a country that does not write so.
        ("сое.gr", "reads like"),
        ("ονο.ru", "reads like"),
        ("сое.中国", "reads like"),
        // Letters of two scripts.
        ("pаypal.com", "mixes Cyrillic and Latin"),
        ("login.googlе.com", "mixes Cyrillic and Latin"),
        ("αpple.com", "mixes Greek and Latin"),
        ("рαу.com", "mixes Cyrillic and Greek"),
        ("漢pаy.com", "mixes Cyrillic and Han and Latin"),
        ("ꭺpple.com", "mixes Cherokee and Latin"),
        // What ends a host, inside one.
        ("example.com∕login.evil.org", "reads like `/`"),
        ("example⁄login.evil.org", "reads like `/`"),
        ("example.com∶443.evil.org", "reads like `:`"),
        ("pay‐pal.com", "reads like `-`"),
        ("example.comノlogin.evil.org", "reads like `/`"),
        ("example.com丿login.evil.org", "reads like `/`"),
        ("example.comː443.evil.org", "reads like `:`"),
    ] {
        let fault = judged(name).expect_err(name);
        assert_eq!(fault.reason, Reason::Lookalike);
        assert!(fault.message.contains(what), "{name}: {}", fault.message);
    }
}

#[test]
fn honest_names_pass() {
    for name in [
        "example.com",
        "rnicrosoft.com",
        "bücher.example",
        "straße.de",
        "łódź.pl",
        "smørrebrød.dk",
        "việtnam.vn",
        "paral·lel.cat",
        "пример.рф",
        "пример.com",
        "кафе24.example",
        // As Latin as it looks, but at home.
        "рос.рф",
        "сое.ru",
        "ονο.gr",
        "рус.рус",
        "παράδειγμα.gr",
        "παράδειγμα.com",
        "例え.jp",
        "日本語ドメインの例.jp",
        "abcひらカタ漢字.jp",
        "abc한국漢字.kr",
        "abcㄅㄆ漢字.tw",
        "ノート.jp",
        "दुःख.भारत",
        "مثال٠١.مصر",
        "نامه\u{200c}ای.ir",
        "דוגמה.il",
        "ตัวอย่าง.th",
        "உதாரணம்.இந்தியா",
        "❤.ws",
        "i❤ny.ws",
    ] {
        assert_eq!(judged(name), Ok(vec![]), "{name}");
    }
}

#[test]
fn what_may_be_honest_is_a_concern() {
    let reads = |label: &str, reading: &str| Concern::ReadsLike {
        label: label.into(),
        reading: reading.into(),
    };
    let mixed = |label: &str, scripts: &str| Concern::Mixed {
        label: label.into(),
        scripts: scripts.into(),
    };
    for (name, concern) in [
        ("kapı.com", reads("kapı", "kapi")),
        ("hej.læs.dk", reads("læs", "laes")),
        ("helloไทย.com", mixed("helloไทย", "Latin and Thai")),
        ("abcनमसत.co.in", mixed("abcनमसत", "Devanagari and Latin")),
    ] {
        assert_eq!(judged(name), Ok(vec![concern]), "{name}");
    }
}

#[test]
fn messages_stay_short() {
    let name = format!("{}.com", "pа".repeat(500));
    let message = judged(&name).unwrap_err().message;
    assert!(message.chars().count() < 250, "{message}");
    assert!(message.contains('…'));
}

proptest! {
    #[test]
    fn no_name_panics(name in "(xn--[a-z0-9-]{0,12}|\\PC{0,12})(\\.(xn--[a-z0-9-]{0,8}|\\PC{0,8})){0,3}") {
        let _ = check(&name);
        if let Ok(name) = idna::domain_to_ascii(&name) {
            let _ = check(&name);
        }
    }

    #[test]
    fn ascii_is_never_judged(name in "[a-w0-9.-]{0,40}") {
        prop_assert_eq!(check(&name), Ok(vec![]));
    }

    #[test]
    fn a_cyrillic_letter_among_latin_ones_is_refused(a in "[a-z]{1,8}", c in "[б-я]", b in "[a-z]{0,8}") {
        let name = format!("{a}{c}{b}.com");
        prop_assert_eq!(judged(&name).map_err(|f| f.reason), Err(Reason::Lookalike));
    }
}
