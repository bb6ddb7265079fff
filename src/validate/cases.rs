//! Submissions and addresses on which both arms agree, with what they say of them.
//!
//! Invariant: for tests only.

pub mod targets;

use std::sync::Arc;

use super::{In, Purpose, Reason, Style, Submission, Verdict};
use crate::{
    kernel::{Clock as _, Ctx, SystemClock},
    rollout::Arm,
};

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

/// With the fields that are refused, in order.
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

pub fn submitted(purpose: Purpose, redirect_url: Option<&str>) -> Submission {
    Submission {
        purpose,
        redirect_url: redirect_url.map(str::to_owned),
        ..fine()
    }
}

/// Asserts that a target belongs to a dynamic code. `has_reasons`: the arm gives reasons beside its messages.
pub async fn purposes(arm: &impl Arm<In = In, Out = Verdict>, has_reasons: bool) {
    use Purpose::{CreateDynamic, CreateStatic, UpdateDynamic, UpdateStatic};
    use Reason::{Misplaced, Missing, Scheme};
    let (url, ftp) = (Some("https://example.com"), Some("ftp://example.com"));
    let ctx = Ctx::new(uuid::Uuid::nil(), SystemClock.instant());
    for (purpose, given, reason, target) in [
        (CreateStatic, None, None, false),
        (CreateStatic, url, Some(Misplaced), false),
        (UpdateStatic, None, None, false),
        (UpdateStatic, url, Some(Misplaced), false),
        (CreateDynamic, None, Some(Missing), false),
        (CreateDynamic, url, None, true),
        (UpdateDynamic, None, None, false),
        (UpdateDynamic, url, None, true),
        (UpdateDynamic, ftp, Some(Scheme), false),
    ] {
        let submission = Arc::new(submitted(purpose, given));
        let verdict = arm.run(&ctx, &submission).await.unwrap();
        if has_reasons {
            let reasons: Vec<_> = reason.into_iter().collect();
            assert_eq!(verdict.reasons, reasons, "{purpose:?} {given:?}");
        }
        assert_eq!(verdict.target.is_some(), target, "{purpose:?} {given:?}");
        assert_eq!(
            verdict.is_accepted(),
            reason.is_none(),
            "{purpose:?} {given:?}"
        );
        assert_eq!(verdict.into_result().is_ok(), reason.is_none());
    }
}

/// Addresses that cannot be reached from the internet, and a word of what they are.
pub const PRIVATE: &[(&str, &str)] = &[
    ("169.254.169.254", "metadata"),
    ("::ffff:169.254.169.254", "metadata"),
    ("0.0.0.0", "unspecified"),
    ("0.255.255.255", "unspecified"),
    ("10.0.0.0", "private"),
    ("10.255.255.255", "private"),
    ("100.64.0.0", "carrier"),
    ("100.127.255.255", "carrier"),
    ("127.0.0.1", "loopback"),
    ("127.255.255.255", "loopback"),
    ("169.254.0.1", "link-local"),
    ("172.16.0.0", "private"),
    ("172.31.255.255", "private"),
    ("192.0.0.8", "reserved"),
    ("192.0.2.1", "documentation"),
    ("192.168.255.255", "private"),
    ("198.18.0.0", "benchmarks"),
    ("198.19.255.255", "benchmarks"),
    ("198.51.100.1", "documentation"),
    ("203.0.113.255", "documentation"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.255", "multicast"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "reserved"),
    ("::", "unspecified"),
    ("::1", "loopback"),
    ("::127.0.0.1", "loopback"),
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:0:10.0.0.1", "private"),
    ("64:ff9b::7f00:1", "loopback"),
    ("64:ff9b:1::1", "private"),
    ("2002:7f00:1::", "loopback"),
    ("2002:a00:1::1", "private"),
    ("100::1", "discards"),
    ("2001::1", "reserved"),
    ("2001:db8::1", "documentation"),
    ("3fff::1", "documentation"),
    ("fc00::1", "unique local"),
    ("fd00:ec2::254", "unique local"),
    ("fe80::1", "link-local"),
    ("fec0::1", "site-local"),
    ("ff02::1", "multicast"),
    ("0.1.2.3", "unspecified"),
    ("10.1.2.3", "private"),
    ("100.64.0.1", "carrier"),
    ("127.255.1.1", "loopback"),
    ("172.16.0.1", "private"),
    ("192.168.1.1", "private"),
    ("198.19.0.1", "benchmarks"),
    ("64:ff9b::10.0.0.1", "private"),
    ("fdff::1", "unique local"),
    ("febf::1", "link-local"),
];

/// Addresses beside those that can.
pub const PUBLIC: &[&str] = &[
    "1.0.0.0",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "::8.8.8.8",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
    "2000::1",
    "2001:200::1",
    "2001:4860::8888",
    "2606:4700::1111",
    "2a00:1450::5efe:8.8.8.8",
    "3ffe::1",
    "1.1.1.1",
    "128.0.0.1",
    "169.253.0.1",
    "2a00:1450::1",
];
