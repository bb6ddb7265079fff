//! What is wrong with a field is said by its name, whatever stands in it.

use super::*;
use proptest::prelude::*;

/// The bad fields, in order.
fn bad(submission: &Submission) -> Vec<String> {
    let mut findings = Findings::default();
    check(submission, &mut findings);
    findings
        .0
        .into_iter()
        .map(|d| d.field.into_owned())
        .collect()
}

fn fine() -> Submission {
    Submission {
        content: Some("x".into()),
        ..Submission::default()
    }
}

#[allow(clippy::unnecessary_wraps)] // every field is optional
fn text(s: &str) -> Option<String> {
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
    let nul = Submission {
        content: text("a\0"),
        title: text("\0"),
        ..fine()
    };
    assert_eq!(bad(&nul), ["content", "title"]);
}

#[test]
fn content_must_fit_into_a_symbol_of_the_asked_level() {
    for (content, level, fits) in [
        ("é".repeat(1165), None, true),
        ("é".repeat(1166), None, false),
        ("é".repeat(1476), text("L"), true),
        ("a".repeat(2048), None, true),
        ("a".repeat(1664), text("q"), false),
        ("a".repeat(1273), text("h"), true),
        ("1".repeat(2048), text("h"), true),
        (format!("a{}", "1".repeat(2047)), text("h"), true),
    ] {
        let style = Style {
            error_level: level,
            ..Style::default()
        };
        let submission = Submission {
            content: Some(content),
            style,
            ..fine()
        };
        assert_eq!(bad(&submission).is_empty(), fits, "{submission:?}");
    }
}

#[test]
fn content_matters_only_where_it_is_used() {
    for content in [None, text("")] {
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
            error_level: text(level),
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
}

#[test]
fn colours_are_compared_by_value_with_their_defaults() {
    let painted = |fill, back, dark, light| Submission {
        style: Style {
            fill_color: fill,
            back_color: back,
            data_dark_color: dark,
            data_light_color: light,
            ..Style::default()
        },
        ..fine()
    };
    let good = painted(text("#123"), text("#eeeeeeff"), text("#400"), text("#EFE"));
    assert!(bad(&good).is_empty());
    for (submission, field) in [
        (painted(text("#fff"), None, None, None), "fill_color"),
        (
            painted(text("#AbC"), text("#aabbcc"), None, None),
            "fill_color",
        ),
        (painted(None, text("#000000"), None, None), "back_color"),
        (painted(text("black"), None, None, None), "fill_color"),
        (painted(None, text("#12"), None, None), "back_color"),
        (painted(None, text("#ffffff80"), None, None), "back_color"),
        (painted(None, None, text("#fff"), None), "data_dark_color"),
        (
            painted(None, None, text("#777"), text("#777")),
            "data_dark_color",
        ),
        (painted(None, None, None, text("#000")), "data_light_color"),
    ] {
        assert_eq!(bad(&submission), [field], "{submission:?}");
    }
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
        image_format: text("gif"),
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
}
