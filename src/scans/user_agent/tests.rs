//! Real headers from a table, and arbitrary ones from a generator.

use super::*;
use proptest::prelude::*;

/// One header per line, with what is expected of it.
const TABLE: &str = include_str!("../../../tests/goldens/user_agents.tsv");

fn headers() -> impl Iterator<Item = ([&'static str; 6], &'static str)> {
    TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut fields = line.splitn(7, '\t');
            let expected = std::array::from_fn(|_| fields.next().unwrap());
            (expected, fields.next().unwrap())
        })
}

#[test]
fn real_headers_are_understood() {
    assert!(headers().count() > 40);
    for (expected, header) in headers() {
        let found = parse(header);
        let found = [
            found.device_type.label(),
            &found.device_family,
            &found.os_family,
            &found.os_version,
            &found.browser_family,
            &found.browser_version,
        ];
        for (expected, found) in expected.into_iter().zip(found) {
            assert!(expected == "*" || expected == found, "{header}: {found}");
        }
    }
}

#[test]
fn every_crawler_of_the_list_is_known_by_a_real_header() {
    const HEADERS: &str = include_str!("../../../tests/goldens/crawlers.txt");
    let lines = HEADERS.lines().filter(|line| !line.starts_with('#'));
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once('\t')).collect();
    assert!(headers.len() > 1000);
    // Which name it gets is open: some headers hold several. In two the listed text stands inside of another's name
    // (Alexabot, Whoiswebsitebot): a bot, but not that one.
    let unknown = |(listed, header): &&(&str, &str)| {
        let found = parse(header);
        let is_inside = ["exabot", "sitebot"].contains(listed);
        found.device_type != DeviceType::Bot || (found.browser_family == "Other bot") != is_inside
    };
    let unknown: Vec<_> = headers.iter().filter(unknown).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn what_is_too_long_is_cut_between_characters() {
    let header = format!("{}curl/8 Googlebot", "é".repeat(300));
    assert_eq!(parse(&header).device_type, DeviceType::Other);
}

proptest! {
    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,300}") {
        let parsed = parse(&text);
        prop_assert!(!parsed.os_family.is_empty() && !parsed.browser_family.is_empty());
    }

    #[test]
    fn pieces_of_real_headers_have_an_answer(pick in 0_usize..40, from in 0_usize..200, to in 0_usize..200, noise in ".{0,8}") {
        let (_, header) = headers().nth(pick).unwrap();
        let (from, to) = (from.min(header.len()), to.min(header.len()));
        let text = format!("{}{noise}{}", &header[..from], &header[to..]);
        prop_assert!(!parse(&text).device_family.is_empty());
    }
}
