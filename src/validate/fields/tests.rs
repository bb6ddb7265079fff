//! What is wrong with a field is said by its name, whatever stands in it.

use super::*;
use proptest::prelude::*;

fn verdict(submission: &Submission) -> Verdict {
    let mut verdict = Verdict::default();
    check(submission, &mut verdict);
    assert_eq!(verdict.details.len(), verdict.reasons.len());
    verdict
}

/// The bad fields, in order.
fn bad(submission: &Submission) -> Vec<String> {
    let details = verdict(submission).details;
    details.into_iter().map(|d| d.field.into_owned()).collect()
}

fn fine() -> Submission {
    Submission {
        content: Some("x".into()),
        ..Submission::default()
    }
}

#[allow(clippy::unnecessary_wraps)] // every field is optional
fn some(s: &str) -> Option<String> {
    Some(s.to_owned())
}

#[test]
fn lengths_are_in_characters() {
    let edge = Submission {
        content: Some("e".repeat(2048)),
        title: Some("é".repeat(100)),
        description: Some("é".repeat(500)),
        ..fine()
    };
    assert!(bad(&edge).is_empty());
    let over = Submission {
        content: Some("é".repeat(2049)),
        title: Some("é".repeat(101)),
        description: Some("é".repeat(501)),
        ..fine()
    };
    assert_eq!(bad(&over), ["content", "title", "description"]);
    assert_eq!(verdict(&over).reasons, [Reason::Length; 3]);
    let nul = Submission {
        content: some("a\0"),
        title: some("\0"),
        ..fine()
    };
    assert_eq!(bad(&nul), ["content", "title"]);
    assert_eq!(verdict(&nul).reasons, [Reason::Character; 2]);
}

#[test]
fn content_must_fit_into_a_symbol_of_the_asked_level() {
    for (content, level, version) in [
        ("é".repeat(1165), None, Some(40)),
        ("é".repeat(1166), None, None),
        ("é".repeat(1476), some("L"), Some(40)),
        ("a".repeat(2048), None, Some(38)),
        ("a".repeat(1664), some("q"), None),
        ("a".repeat(1273), some("h"), Some(40)),
        ("1".repeat(2048), some("h"), Some(33)),
        (format!("a{}", "1".repeat(2047)), some("h"), Some(33)),
        // Kanji take 13 bits.
        ("点".repeat(1435), None, Some(40)),
        ("点".repeat(1436), None, None),
        ("x".into(), some("z"), None),
    ] {
        let level_is_known = level.as_deref() != Some("z");
        let submission = Submission {
            content: Some(content),
            style: Style {
                error_level: level,
                ..Style::default()
            },
            ..fine()
        };
        let verdict = verdict(&submission);
        assert_eq!(verdict.version, version, "{submission:?}");
        let refused = verdict.reasons.contains(&Reason::Capacity);
        assert_eq!(
            refused,
            version.is_none() && level_is_known,
            "{submission:?}"
        );
    }
}

#[test]
fn content_matters_only_where_it_is_used() {
    for content in [None, some("")] {
        for (purpose, fields) in [
            (Purpose::CreateStatic, &["content"][..]),
            (Purpose::CreateDynamic, &[]),
            (Purpose::UpdateStatic, &[]),
            (Purpose::UpdateDynamic, &[]),
            (Purpose::Image, &[]),
        ] {
            let submission = Submission {
                purpose,
                content: content.clone(),
                ..fine()
            };
            assert_eq!(bad(&submission), fields);
        }
    }
}

#[test]
fn numbers_and_choices_hold_at_their_edges() {
    let styled = |size, border, level| Submission {
        style: Style {
            size: Some(size),
            border: Some(border),
            error_level: some(level),
            ..Style::default()
        },
        ..fine()
    };
    for (size, border, level) in [(1, 0, "l"), (50, 20, "H")] {
        assert!(bad(&styled(size, border, level)).is_empty());
    }
    for (size, border, level) in [(0, -1, ""), (51, 21, "x"), (i64::MIN, i64::MAX, "mm")] {
        assert_eq!(
            bad(&styled(size, border, level)),
            ["size", "border", "error_level"]
        );
    }
    let message = &verdict(&styled(51, 4, "m")).details[0].message;
    assert_eq!(message, "is 51: must be between 1 and 50");
}

#[test]
fn the_three_physical_ones_go_together() {
    let sized = |physical_size, unit: Option<&str>, dpi| Submission {
        purpose: Purpose::Image,
        file: File {
            physical_size,
            physical_unit: unit.map(str::to_owned),
            dpi,
            ..File::default()
        },
        ..Submission::default()
    };
    assert!(bad(&sized(None, None, None)).is_empty());
    assert!(bad(&sized(Some(0.1), Some("CM"), Some(1200))).is_empty());
    assert_eq!(bad(&sized(Some(2.0), None, None)), ["physical_unit", "dpi"]);
    assert_eq!(
        bad(&sized(None, Some("in"), None)),
        ["physical_size", "dpi"]
    );
    for size in [0.0, 100.5, f64::NAN, f64::INFINITY] {
        let fields = bad(&sized(Some(size), Some("ft"), Some(71)));
        assert_eq!(fields, ["physical_size", "physical_unit", "dpi"]);
    }
}

#[test]
fn a_file_has_a_known_format_and_quality() {
    let file = File {
        image_format: some("gif"),
        image_quality: Some(0),
        svg_title: Some("t".repeat(101)),
        svg_description: Some("d".repeat(501)),
        ..File::default()
    };
    let fields = [
        "image_format",
        "image_quality",
        "svg_title",
        "svg_description",
    ];
    assert_eq!(bad(&Submission { file, ..fine() }), fields);
}

#[test]
fn a_narrow_quiet_zone_is_a_concern() {
    for (border, concerns) in [
        (None, vec![]),
        (Some(4), vec![]),
        (Some(3), vec![Concern::QuietZone { modules: 3 }]),
        (Some(0), vec![Concern::QuietZone { modules: 0 }]),
        (Some(-1), vec![]),
    ] {
        let style = Style {
            border,
            ..Style::default()
        };
        assert_eq!(verdict(&Submission { style, ..fine() }).concerns, concerns);
    }
}

#[test]
fn more_modules_than_pixels_are_a_concern() {
    let sized = |size, border, format: Option<&str>, content: &str| {
        let submission = Submission {
            content: some(content),
            style: Style {
                size,
                border,
                ..Style::default()
            },
            file: File {
                image_format: format.map(str::to_owned),
                ..File::default()
            },
            ..fine()
        };
        verdict(&submission).concerns
    };
    // 21 modules, and a border on both sides.
    let cramped = |modules, size| vec![Concern::Cramped { modules, size }];
    assert_eq!(sized(Some(1), None, None, "x"), cramped(29, 2));
    assert_eq!(sized(Some(2), None, None, "x"), []);
    assert_eq!(sized(Some(2), Some(20), None, "x"), cramped(61, 3));
    assert_eq!(sized(Some(1), None, Some("SVG"), "x"), []);
    assert_eq!(sized(Some(0), None, None, "x"), []);
    let long = "a".repeat(2048);
    assert_eq!(sized(Some(7), None, Some("png"), &long), cramped(177, 8));
}

#[test]
fn a_concern_says_what_would_be_right() {
    let zone = Concern::QuietZone { modules: 1 };
    assert_eq!(
        (zone.field(), zone.to_string()),
        (
            "border",
            "is 1: readers count on 4 or more light modules".into()
        )
    );
    let contrast = Concern::Contrast { percent: 7 };
    assert!(contrast.to_string().contains("20 % or more"), "{contrast}");
}

proptest! {
    #[test]
    fn no_value_panics(a in ".{0,12}", b in "#?[0-9a-fé]{0,9}", n: i64, x: f64) {
        let style = Style {
            fill_color: Some(a.clone()), back_color: Some(b.clone()), data_dark_color: Some(b),
            size: Some(n), border: Some(n), error_level: Some(a.clone()), ..Style::default()
        };
        let file = File { physical_size: Some(x), dpi: Some(n), physical_unit: Some(a.clone()), ..File::default() };
        bad(&Submission { content: Some(a), style, file, ..Submission::default() });
    }

    #[test]
    fn any_content_has_a_version_or_a_reason(content in "[0-9A-Za-zé点]{1,2100}", level in "[lmqh]") {
        let style = Style { error_level: Some(level), ..Style::default() };
        let verdict = verdict(&Submission { content: Some(content), style, ..fine() });
        prop_assert_eq!(verdict.version.is_some(), verdict.is_accepted());
    }
}
