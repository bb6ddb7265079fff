//! Each bad field is named, whatever stands in it.

use super::*;
use crate::validate::cases::{self, fine, holding, painted, sized, styled, texts};
use proptest::prelude::*;

fn verdict(submission: &Submission) -> Verdict {
    let mut verdict = Verdict::default();
    check(submission, &mut verdict);
    assert_eq!(verdict.details.len(), verdict.reasons.len());
    verdict
}

#[test]
fn each_bad_field_is_named() {
    for (submission, fields) in cases::all() {
        let details = verdict(&submission).details;
        let bad: Vec<_> = details.iter().map(|d| d.field.as_ref()).collect();
        assert_eq!(bad, fields, "{submission:?}");
    }
}

#[test]
fn each_refusal_has_its_reason() {
    use Reason::{Capacity, Character, Choice, Color, Empty, Invisible, Length, Missing, Range};
    let missing = Submission::default();
    let long = texts(&"é".repeat(2049), &"é".repeat(101), &"é".repeat(501));
    for (submission, reasons) in [
        (missing, vec![Missing]),
        (texts("", "", ""), vec![Empty]),
        (long, vec![Length; 3]),
        (texts("a\0", "\0", ""), vec![Character; 2]),
        (holding("a".repeat(1664), Some("q")), vec![Capacity]),
        (sized(51, 21, "x"), vec![Range, Range, Choice]),
        (painted("#fff", ""), vec![Invisible]),
        (painted("#AbC", "#aabbcc"), vec![Invisible]),
        (painted("", "#000000"), vec![Invisible]),
        (painted("#é12", ""), vec![Color]),
        (painted("", "#ffffff80"), vec![Color]),
        (painted("x", "x"), vec![Color; 2]),
    ] {
        let verdict = verdict(&submission);
        assert_eq!(verdict.reasons, reasons, "{submission:?}");
        assert_eq!(verdict.concerns, [], "{submission:?}");
    }
    let message = &verdict(&sized(51, 4, "m")).details[0].message;
    assert_eq!(message, "is 51: must be between 1 and 50");
}

#[test]
fn the_version_is_that_of_the_smallest_symbol() {
    for (content, level, version) in [
        ("é".repeat(1165), None, Some(40)),
        ("é".repeat(1166), None, None),
        ("é".repeat(1476), Some("L"), Some(40)),
        ("a".repeat(2048), None, Some(38)),
        ("a".repeat(1664), Some("q"), None),
        ("a".repeat(1273), Some("h"), Some(40)),
        ("1".repeat(2048), Some("h"), Some(33)),
        (format!("a{}", "1".repeat(2047)), Some("h"), Some(33)),
        // Kanji take 13 bits.
        ("点".repeat(1435), None, Some(40)),
        ("点".repeat(1436), None, None),
        ("x".into(), Some("z"), None),
    ] {
        let submission = holding(content, level);
        let verdict = verdict(&submission);
        assert_eq!(verdict.version, version, "{submission:?}");
        let refused = verdict.reasons.contains(&Reason::Capacity);
        let expected = version.is_none() && level != Some("z");
        assert_eq!(refused, expected, "{submission:?}");
    }
}

#[test]
fn readable_only_by_some_is_a_concern() {
    let bordered = |border| {
        styled(Style {
            border,
            ..Style::default()
        })
    };
    let quiet_zone = |modules| vec![Concern::QuietZone { modules }];
    let low = |percent| vec![Concern::Contrast { percent }];
    for (submission, concerns) in [
        (bordered(None), vec![]),
        (bordered(Some(4)), vec![]),
        (bordered(Some(3)), quiet_zone(3)),
        (bordered(Some(0)), quiet_zone(0)),
        (bordered(Some(-1)), vec![]),
        (painted("#777", "#888"), low(6)),
        (painted("#f00", ""), low(0)),
        (painted("#123", "#ffe"), vec![]),
        (painted("#fff", "#000"), vec![Concern::Inverted]),
    ] {
        assert_eq!(verdict(&submission).concerns, concerns, "{submission:?}");
    }
}

#[test]
fn more_modules_than_pixels_are_a_concern() {
    let sized = |size, border, content: &str| {
        let style = Style {
            size: Some(size),
            border,
            ..Style::default()
        };
        let submission = Submission {
            content: Some(content.to_owned()),
            ..styled(style)
        };
        verdict(&submission).concerns
    };
    // 21 modules, and a border on both sides.
    let cramped = |modules, size| vec![Concern::Cramped { modules, size }];
    assert_eq!(sized(1, None, "x"), cramped(29, 2));
    assert_eq!(sized(2, None, "x"), []);
    assert_eq!(sized(2, Some(20), "x"), cramped(61, 3));
    assert_eq!(sized(0, None, "x"), []);
    let long = "a".repeat(2048);
    assert_eq!(sized(7, None, &long), cramped(177, 8));
}

#[test]
fn a_concern_says_what_would_be_right() {
    let zone = Concern::QuietZone { modules: 1 };
    let said = "is 1: readers count on 4 or more light modules";
    assert_eq!((zone.field(), &*zone.to_string()), ("border", said));
    let contrast = Concern::Contrast { percent: 7 };
    assert!(contrast.to_string().contains("20 % or more"), "{contrast}");
}

proptest! {
    #[test]
    fn no_value_panics(a in ".{0,12}", b in "#?[0-9a-fA-Fé]{0,9}", n: i64) {
        let style = Style {
            fill_color: Some(a.clone()), back_color: Some(b),
            size: Some(n), border: Some(n), error_level: Some(a.clone()),
        };
        verdict(&Submission { content: Some(a), style, ..fine() });
    }

    #[test]
    fn any_content_has_a_version_or_a_reason(content in "[0-9A-Za-zé点]{1,2100}", level in "[lmqh]") {
        let verdict = verdict(&holding(content, Some(&level)));
        prop_assert_eq!(verdict.version.is_some(), verdict.is_accepted());
    }
}
