//! Submissions on which both arms agree, with the fields that they refuse, in order.
//!
//! Invariant: for tests only.

use super::{Purpose, Style, Submission};

pub type Case = (Submission, Vec<&'static str>);

/// A static code that is accepted.
pub fn fine() -> Submission {
    Submission {
        content: Some("x".into()),
        ..Submission::default()
    }
}

pub fn styled(style: Style) -> Submission {
    Submission { style, ..fine() }
}

/// Absent where it is empty.
pub fn painted(fill: &str, back: &str) -> Submission {
    let color = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    styled(Style {
        fill_color: color(fill),
        back_color: color(back),
        ..Style::default()
    })
}

pub fn sized(size: i64, border: i64, level: &str) -> Submission {
    styled(Style {
        size: Some(size),
        border: Some(border),
        error_level: Some(level.to_owned()),
        ..Style::default()
    })
}

pub fn texts(content: &str, title: &str, description: &str) -> Submission {
    Submission {
        content: Some(content.to_owned()),
        title: Some(title.to_owned()),
        description: Some(description.to_owned()),
        ..fine()
    }
}

/// A static code's content at an error level.
pub fn holding(content: String, error_level: Option<&str>) -> Submission {
    Submission {
        content: Some(content),
        ..styled(Style {
            error_level: error_level.map(str::to_owned),
            ..Style::default()
        })
    }
}

pub fn all() -> Vec<Case> {
    let lengths = |content, title, description| {
        let [title, description] = [title, description].map(|chars| "é".repeat(chars));
        texts(content, &title, &description)
    };
    let mut cases = vec![
        (fine(), vec![]),
        (lengths(&"e".repeat(2048), 100, 500), vec![]),
        (
            lengths(&"é".repeat(2049), 101, 501),
            vec!["content", "title", "description"],
        ),
        (texts("a\0", "\0", ""), vec!["content", "title"]),
        (sized(1, 0, "l"), vec![]),
        (sized(50, 20, "H"), vec![]),
    ];
    for (size, border, level) in [(0, -1, ""), (51, 21, "x"), (i64::MIN, i64::MAX, "mm")] {
        let fields = vec!["size", "border", "error_level"];
        cases.push((sized(size, border, level), fields));
    }
    for (fill, back, bad) in [
        ("#123", "#eeeeeeff", None),
        ("#fff", "", Some("fill_color")),
        ("#AbC", "#aabbcc", Some("fill_color")),
        ("", "#000000", Some("back_color")),
        ("black", "", Some("fill_color")),
        ("#", "", Some("fill_color")),
        ("#é12", "", Some("fill_color")),
        ("", "#12", Some("back_color")),
        ("", "#12345", Some("back_color")),
        ("", "#ffffff80", Some("back_color")),
        ("", "#fff8", Some("back_color")),
    ] {
        cases.push((painted(fill, back), bad.into_iter().collect()));
    }
    cases.push((painted("x", "x"), vec!["fill_color", "back_color"]));
    for (content, level, fits) in [
        ("é".repeat(1165), None, true),
        ("é".repeat(1166), None, false),
        ("é".repeat(1476), Some("L"), true),
        ("a".repeat(2048), None, true),
        ("a".repeat(1664), Some("q"), false),
        ("a".repeat(1273), Some("h"), true),
        ("1".repeat(2048), Some("h"), true),
        (format!("a{}", "1".repeat(2047)), Some("h"), true),
    ] {
        let bad = if fits { vec![] } else { vec!["content"] };
        cases.push((holding(content, level), bad));
    }
    for content in [None, Some(String::new())] {
        for purpose in [
            Purpose::CreateStatic,
            Purpose::CreateDynamic,
            Purpose::UpdateStatic,
            Purpose::UpdateDynamic,
        ] {
            let submission = Submission {
                purpose,
                content: content.clone(),
                ..fine()
            };
            let is_used = purpose == Purpose::CreateStatic;
            cases.push((
                submission,
                is_used.then_some("content").into_iter().collect(),
            ));
        }
    }
    cases
}
