//! What the judge says of answers that agree, and of answers that were tampered with.

use proptest::prelude::*;
use symbol::{Mask, Version, Versions};

use super::{
    Judge,
    fact::Answer,
    sampled::drawn::{any_spec, draw, is_visible, options},
};
use crate::{
    kernel::{Error, Kind, Result},
    render::{
        Color, Colors, Engine, Fault, Faults, Field, Format, Level, Logo, Physical, Problem,
        Rendered, Room, Size, Spec, Unit,
        checks::{self, rendered},
        legacy::Renderer,
    },
    rollout::{Judge as _, Match},
};

mod raster;
mod vector;

/// Every answer of the judge comes through here.
fn judge(control: &Result<Rendered>, candidate: &Result<Rendered>) -> Match {
    let [control, candidate] = [control, candidate].map(|answer| Judge.fact(answer));
    let found = Judge.judge(&control, &candidate);
    match found {
        Match::Same => {}
        Match::Tolerated(label) => assert!(Judge::TOLERATED.contains(&label), "{label}"),
        Match::Mismatch(label) => assert!(Judge::MISMATCHES.contains(&label), "{label}"),
    }
    found
}

fn judge_images(control: Rendered, candidate: Rendered) -> Match {
    judge(&Ok(control), &Ok(candidate))
}

#[track_caller]
fn assert_differ(control: Rendered, candidate: Rendered, label: &'static str) {
    assert_eq!(judge_images(control, candidate), Match::Mismatch(label));
}

/// The masks may be two, and nothing else.
#[track_caller]
fn assert_alike(control: &Result<Rendered>, candidate: &Result<Rendered>) {
    let found = judge(control, candidate);
    let is_alike = matches!(found, Match::Same | Match::Tolerated("mask"));
    assert!(is_alike, "{found:?}");
}

fn legacy(spec: &Spec) -> Result<Rendered> {
    rendered(&Renderer::new(Room::default()), spec.clone())
}

fn engine(spec: &Spec) -> Result<Rendered> {
    rendered(&Engine::new(Room::default()), spec.clone())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_old_arm_agrees_with_itself_and_the_new_one_with_it(spec in checks::any_spec()) {
        let [control, again, candidate] = [legacy(&spec), legacy(&spec), engine(&spec)];
        prop_assert_eq!(judge(&control, &again), Match::Same);
        let found = judge(&control, &candidate);
        prop_assert!(!matches!(found, Match::Mismatch(_)), "{found:?}");
        for answer in [control, candidate] {
            if let Answer::Drawn(drawn) = Judge.fact(&answer).0 {
                prop_assert!(drawn.seen.is_ok() || spec.format == Format::Jpeg, "{:?}", drawn.seen);
            }
        }
    }

    #[test]
    fn another_mask_is_tolerated_and_another_text_never(spec in any_spec(), masks in any::<[u8; 2]>()) {
        let drawn = |spec: &Spec, mask: u8| draw(spec, &symbol::Options { mask: Mask::new(mask % 8), ..options(spec) });
        let [a, b] = masks.map(|mask| drawn(&spec, mask));
        let expected = if masks[0] % 8 == masks[1] % 8 { Match::Same } else { Match::Tolerated("mask") };
        prop_assert_eq!(judge_images(a.clone(), b), expected);

        let mut content = spec.content.to_vec();
        content[0] ^= 1;
        let other = Spec { content: content.into(), ..spec.clone() };
        let found = judge_images(a, drawn(&other, masks[0]));
        prop_assert!(matches!(found, Match::Mismatch("payload" | "version" | "geometry")), "{found:?}");
    }

    #[test]
    fn a_jpeg_may_be_as_coarse_as_it_was_asked_for(spec in any_spec(), quality in 1_u8..=100, masks in any::<[u8; 2]>()) {
        let spec = Spec { format: Format::Jpeg, quality: Some(quality), ..spec };
        prop_assume!(is_visible(&spec));
        let [a, b] = masks.map(|mask| draw(&spec, &symbol::Options { mask: Mask::new(mask % 8), ..options(&spec) }));
        let found = judge_images(a, b);
        prop_assert!(!matches!(found, Match::Mismatch(_)), "{found:?}");
    }

    #[test]
    fn a_smaller_symbol_must_lie_where_it_should(spec in any_spec(), larger in 1_u8..4) {
        let candidate = draw(&spec, &options(&spec));
        let version = symbol::encode(str::from_utf8(&spec.content).unwrap(), &options(&spec)).unwrap().version();
        let larger = Version::qr(version.number() + larger).unwrap();
        let control = draw(&spec, &symbol::Options { versions: Versions::Exactly(larger), ..options(&spec) });
        prop_assert_eq!(judge_images(control.clone(), candidate.clone()), Match::Tolerated("segmentation"));
        prop_assert_eq!(judge_images(candidate, control.clone()), Match::Mismatch("version"));

        let elsewhere = Spec { border: (spec.border + 5) % 21, ..spec.clone() };
        let moved = draw(&elsewhere, &options(&spec));
        let found = judge_images(control, moved);
        // A wide canvas may have no whole module to spare in both.
        prop_assert!(matches!(found, Match::Mismatch("geometry") | Match::Tolerated("segmentation")), "{found:?}");
    }
}

#[test]
fn more_correction_is_tolerated_and_less_is_not() {
    for format in Format::ON_SCREENS {
        let spec = Spec {
            format,
            ..Spec::new("A")
        };
        let weak = draw(&spec, &options(&spec));
        let boosted = symbol::Options {
            boost: true,
            ..options(&spec)
        };
        let strong = draw(&spec, &boosted);
        let found = judge_images(weak.clone(), strong.clone());
        assert_eq!(found, Match::Tolerated("level"));
        assert_differ(strong, weak, "level");
    }
}

fn refused(field: Field) -> Error {
    let problem = Problem::Empty;
    Faults(vec![Fault { field, problem }]).into_error()
}

#[test]
fn refusals_agree_by_kind_and_fields() {
    let drawn = legacy(&Spec::new("A"));
    let long = Spec::new("a".repeat(2332));
    let (a, b) = (legacy(&long), engine(&long));
    assert_eq!(judge(&a, &b), Match::Same);
    assert_eq!(judge(&drawn, &b), Match::Mismatch("answer"));
    assert_eq!(judge(&a, &drawn), Match::Mismatch("answer"));
    for other in [
        refused(Field::Size),
        Error::new(Kind::Unavailable, "try again"),
        Error::new(Kind::Invalid, "error_level: is too strong"),
    ] {
        assert_eq!(judge(&a, &Err(other)), Match::Mismatch("refusal"));
    }
    let for_another_reason = refused(Field::Level);
    assert_eq!(judge(&a, &Err(for_another_reason)), Match::Same);
    // A logo raises the level, in both.
    let with_logo = Spec {
        logo: Some(Logo::for_tests()),
        ..Spec::new("é".repeat(650))
    };
    let [a, b] = [legacy(&with_logo), engine(&with_logo)];
    assert_eq!(judge(&a, &b), Match::Same);
    assert_eq!(Faults::of(&b.unwrap_err())[0].field, Field::Logo);
}

/// Short words too: their UTF-8 is also Shift JIS, GB 18030 or Latin-1.
#[test]
fn texts_of_all_scripts_are_in_both_symbols_by_one_rule() {
    let words = "é Größe Ж Ελλάς שלום سلام नमस्ते ไทย 中 臺灣 カフェ 点 서울 🙂";
    for word in words.split(' ') {
        let network = format!("WIFI:T:WPA;S:{word};P:PASSWORT1234567890;;");
        for content in [word.to_owned(), network] {
            let spec = Spec::new(content);
            let [a, b] = [legacy(&spec), engine(&spec)];
            assert_alike(&a, &b);
            // The same text, but readers have to guess what its bytes are: not as the rule says.
            let shortest = symbol::Options {
                declare_utf8: None,
                ..options(&spec)
            };
            let undeclared = judge_images(a.unwrap(), draw(&spec, &shortest));
            let is_other = matches!(undeclared, Match::Mismatch("payload" | "version"));
            assert!(is_other, "{word}: {undeclared:?}");
        }
    }
    // Where the ECI does not fit any more, neither has it.
    let full = Spec::new("é".repeat(1165) + "a");
    assert_alike(&legacy(&full), &engine(&full));
}

#[test]
fn what_is_said_beside_the_file_must_agree() {
    for format in Format::ON_SCREENS {
        let image = legacy(&Spec {
            format,
            ..Spec::new("A")
        })
        .unwrap();
        let mut wide = image.clone();
        wide.facts.width_px = 251;
        assert_differ(image.clone(), wide, "geometry");
        let cached = image.clone().from_cache();
        assert_eq!(judge_images(image.clone(), cached), Match::Same);
        let mut misnamed = image.clone();
        misnamed.file.media_type = "text/plain";
        assert_differ(image.clone(), misnamed, "media type");
        let bytes = &image.file.bytes;
        let cut = image.with_bytes(bytes.slice(..bytes.len() * 3 / 4));
        assert_differ(image.clone(), cut.clone(), "unreadable");
        // Even if the control is no better.
        let shorter = image.with_bytes(bytes.slice(..bytes.len() / 2));
        assert_differ(shorter, cut, "unreadable");
    }
}

#[test]
fn a_fact_holds_nothing_of_what_is_said() {
    let spec = Spec {
        format: Format::Svg,
        title: Some("Jane Doe".into()),
        ..Spec::new("https://example.com/jane")
    };
    let fact = Judge.fact(&legacy(&spec));
    let shown = format!("{fact:?}");
    assert!(!shown.to_lowercase().contains("jane"), "{shown}");
    // Bytes as numbers, too.
    assert!(!shown.contains("106, 97, 110, 101"), "{shown}");
}

#[test]
fn every_label_is_told_in_the_documentation_and_nothing_else_is_said() {
    let judge = include_str!("../judge.rs");
    let labels = || Judge::TOLERATED.into_iter().chain(Judge::MISMATCHES);
    for label in labels() {
        assert!(judge.contains(&format!("`{label}`")), "{label}");
    }
    let others = [
        include_str!("alike.rs"),
        include_str!("layout_rule.rs"),
        judge,
    ];
    let quoted = |source: &&'static str| source.split('"').skip(1).step_by(2);
    for said in others.iter().flat_map(quoted) {
        assert!(labels().any(|label| label == said), "{said}");
    }
}
