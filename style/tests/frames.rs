//! Frames around a square: nothing covers it, and no text is cut.
// Helpers of a test are tests too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::cast_precision_loss)]

use std::sync::LazyLock;

use proptest::prelude::*;
use style::{
    Fonts, Frame, FrameKind, Framed, NotAFont, Paint, Set, Shape, Side, Text, Unshaped,
    geometry::{Contour, MODULE, Outline, Point, Segment},
};
use symbol::file::Ink;

/// A symbol of 29 modules and its quiet zone.
const INNER: i32 = 37 * MODULE;
const INK: Ink = Ink::opaque([10, 40, 90]);

const WORDS: [&str; 25] = [
    "Scan me",
    "x",
    "!",
    "jogging",
    "Straße & Gemüse: 50 %",
    "Ångström, façade, Łódź",
    "Đặt hàng trực tuyến",
    "e\u{301}a\u{30a}q\u{327}\u{301}",
    "Σκανάρετε τον κωδικό",
    "ἄνθρωπος",
    "Отсканируйте код",
    "Їжак і ґава",
    "סרוק אותי",
    "שָׁלוֹם",
    "امسح الرمز",
    "قیمت: ۱۲۳ تومان",
    "لا إله",
    "Menu مرحبا 2024 (Wi-Fi)",
    "abc אבג 123 (דהו) xyz",
    "https://example.org/a-very-long-path?with=query",
    "Donaudampfschifffahrtsgesellschaftskapitänsmütze",
    "€ 5 – £ 4 – ₫ 120.000",
    "“Quoted” … — ©®™",
    "A\u{a0}B\u{a0}C",
    "iiii WWWW",
];

/// 8 variants of each.
fn texts() -> Vec<String> {
    let limited = |text: String| text.chars().take(Text::MAX_CHARACTERS).collect::<String>();
    let variants = |(number, &word): (usize, &&str)| {
        let next = WORDS[(number + 11) % WORDS.len()];
        let solid: String = word.split_whitespace().collect();
        [
            word.to_owned(),
            word.to_uppercase(),
            word.chars().take(1).collect(),
            word.replace(' ', "\n"),
            format!("{word} {next}"),
            format!("{word}\n{next}{word}"),
            limited(format!("{word} ").repeat(200)),
            limited(solid.repeat(200)),
        ]
    };
    WORDS.iter().enumerate().flat_map(variants).collect()
}

fn fonts() -> Fonts {
    static FONTS: LazyLock<Fonts> = LazyLock::new(|| Fonts::new(Vec::new()).unwrap());
    FONTS.clone()
}

fn text(text: &str) -> Text {
    Text::new(text, &fonts()).unwrap()
}

fn framed(kind: FrameKind, position: Side, text: Option<Text>) -> Framed {
    let frame = Frame {
        kind,
        ink: INK,
        width: 1.0,
        text,
        position,
    };
    Framed::around(&frame, INNER, Ink::WHITE)
}

/// Points of its pieces: their ends, and eight on each curve.
fn flat(contour: &Contour) -> Vec<(f64, f64)> {
    let place = |p: Point| (f64::from(p.x), f64::from(p.y));
    let mut from = place(contour.start);
    let mut points = vec![from];
    for segment in &contour.segments {
        let mut hull = vec![from];
        match *segment {
            Segment::Line(_) => {}
            Segment::Quadratic(control, _) => hull.push(place(control)),
            Segment::Cubic(first, second, _) => hull.extend([place(first), place(second)]),
        }
        hull.push(place(segment.end()));
        let steps = if hull.len() > 2 { 8 } else { 1 };
        points.extend((1..=steps).map(|n| {
            let t = f64::from(n) / f64::from(steps);
            let mut hull = hull.clone();
            while hull.len() > 1 {
                let mix = |a: f64, b: f64| a + (b - a) * t;
                let pairs = hull.windows(2);
                hull = pairs
                    .map(|w| (mix(w[0].0, w[1].0), mix(w[0].1, w[1].1)))
                    .collect();
            }
            hull[0]
        }));
        from = place(segment.end());
    }
    points
}

/// How often contours go around a point, clockwise.
fn winding(contours: &[Vec<(f64, f64)>], (x, y): (f64, f64)) -> i32 {
    let turns = |points: &Vec<(f64, f64)>| {
        let next = points.iter().cycle().skip(1);
        let edges = points.iter().zip(next);
        edges
            .map(|(a, b)| {
                let is_below = |p: &(f64, f64)| p.1 > y;
                let at = a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0);
                match (is_below(a), is_below(b)) {
                    (true, false) if at < x => 1,
                    (false, true) if at < x => -1,
                    _ => 0,
                }
            })
            .sum::<i32>()
    };
    contours.iter().map(turns).sum()
}

fn outlines(framed: &Framed) -> Vec<&Outline> {
    let shapes = framed.layers.iter().map(|layer| &layer.shape);
    shapes
        .map(|shape| match shape {
            Shape::Outline(outline) => outline,
            _ => panic!("a frame has outlines only"),
        })
        .collect()
}

/// [left, top, right, bottom].
fn bounds(points: &[Vec<(f64, f64)>]) -> [f64; 4] {
    let start = [f64::MAX, f64::MAX, f64::MIN, f64::MIN];
    points
        .iter()
        .flatten()
        .fold(start, |[l, t, r, b], &(x, y)| {
            [l.min(x), t.min(y), r.max(x), b.max(y)]
        })
}

/// The plate, and the box of the text.
fn check(framed: &Framed, kind: FrameKind, side: Side, what: &str) {
    let (width, height) = (f64::from(framed.width), f64::from(framed.height));
    let [x, y] = [framed.origin.x, framed.origin.y].map(f64::from);
    let inner = f64::from(INNER);
    for length in [
        framed.width,
        framed.height,
        framed.origin.x,
        framed.origin.y,
    ] {
        assert_eq!(length % MODULE, 0, "{what}: no whole modules");
    }
    let [plate, text] = outlines(framed)[..] else {
        panic!("{what}: {} layers", framed.layers.len());
    };
    let plate: Vec<_> = plate.contours.iter().map(flat).collect();
    // Curves lie between the points that control them.
    let text: Vec<_> = (points(text).into_iter())
        .map(|p| (f64::from(p.x), f64::from(p.y)))
        .collect();
    for &(px, py) in plate.iter().flatten().chain(&text) {
        let is_within = (0.0..=width).contains(&px) && (0.0..=height).contains(&py);
        let is_inner = x < px && px < x + inner && y < py && py < y + inner;
        assert!(is_within && !is_inner, "{what}: ({px}, {py})");
    }
    let shares = [0.001, 0.25, 0.5, 0.75, 0.999];
    for (across, down) in shares.iter().flat_map(|&a| shares.map(|b| (a, b))) {
        let probe = (x + across * inner, y + down * inner);
        assert_eq!(winding(&plate, probe), 0, "{what}: covered at {probe:?}");
    }
    let [left, top, right, bottom] = bounds(&[text]);
    let is_beside = match side {
        Side::Top => bottom <= y,
        Side::Bottom => y + inner <= top,
        Side::Left => right <= x,
        Side::Right => x + inner <= left,
    };
    assert!(is_beside, "{what}: the text is not at its side");
    let is_filled = !matches!(kind, FrameKind::Simple | FrameKind::Rounded);
    for corner in [(left, top), (right, top), (right, bottom), (left, bottom)] {
        // A band is filled; otherwise the text is in the border's hole, its second contour.
        let turns = if is_filled {
            winding(&plate, corner)
        } else {
            -winding(&plate[1..], corner)
        };
        assert_eq!(turns, 1, "{what}: the text leaves its band at {corner:?}");
    }
    assert_eq!(framed.layers[1].on, is_filled.then_some(INK));
}

/// All of them, in order, those that control curves too.
fn points(outline: &Outline) -> Vec<Point> {
    let mut points = Vec::new();
    for contour in &outline.contours {
        points.push(contour.start);
        for segment in &contour.segments {
            match *segment {
                Segment::Line(end) => points.push(end),
                Segment::Quadratic(control, end) => points.extend([control, end]),
                Segment::Cubic(first, second, end) => points.extend([first, second, end]),
            }
        }
    }
    points
}

/// FNV-1a of 64 bits.
fn fingerprint(hash: u64, outline: &Outline) -> u64 {
    let coordinates = points(outline).into_iter().flat_map(|p| [p.x, p.y]);
    coordinates
        .flat_map(i32::to_be_bytes)
        .fold(hash, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

#[test]
fn no_frame_covers_its_square_or_cuts_its_text_and_machines_agree() {
    let all = fonts();
    let texts = texts();
    assert_eq!(texts.len(), 200);
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for string in &texts {
        let text = Text::new(string, &all).unwrap();
        let whole = text.set(1e4, 1e4, 1.0).outline.contours.len();
        for &side in Side::ALL {
            for &kind in FrameKind::ALL {
                let framed = framed(kind, side, Some(text.clone()));
                check(
                    &framed,
                    kind,
                    side,
                    &format!("{string:?} {kind:?} {side:?}"),
                );
                let outlines = outlines(&framed);
                assert_eq!(outlines[1].contours.len(), whole, "{string:?} is cut");
                hash = outlines.into_iter().fold(hash, fingerprint);
            }
        }
    }
    assert_eq!(format!("{hash:016x}"), "8cdb61b709277ea1");
}

#[test]
fn a_frame_without_text_is_a_border_on_all_sides() {
    for &kind in FrameKind::ALL {
        let all = Side::ALL.iter().map(|&side| framed(kind, side, None));
        let all: Vec<_> = all.collect();
        assert!(all.iter().all(|framed| *framed == all[0]));
        let framed = &all[0];
        assert_eq!(framed.width, framed.height);
        assert_eq!(framed.width, INNER + 2 * framed.origin.x);
        assert_eq!(outlines(framed)[0].contours.len(), 2);
        assert_eq!(framed.layers.len(), 1);
    }
}

#[test]
fn text_on_a_band_has_the_colour_of_an_opaque_ground_else_the_one_that_contrasts() {
    let clear = Ink {
        rgb: [255; 3],
        alpha: 0,
    };
    let yellow = Ink::opaque([250, 220, 60]);
    for (ink, ground, expected) in [
        (INK, yellow, yellow),
        (INK, clear, Ink::WHITE),
        (yellow, clear, Ink::BLACK),
    ] {
        let frame = Frame {
            kind: FrameKind::Badge,
            ink,
            width: 1.0,
            text: Some(text("Scan me")),
            position: Side::Top,
        };
        let framed = Framed::around(&frame, INNER, ground);
        assert_eq!(framed.layers[1].paint, Paint::Ink(expected));
    }
}

#[test]
fn what_cannot_be_drawn_is_an_error_that_names_it() {
    let all = fonts();
    let error = |text: &str| Text::new(text, &all).unwrap_err();
    for (text, culprit) in [
        ("Menu 菜单", '菜'),
        ("Scan me 😀", '😀'),
        ("👍🏽", '👍'),
        ("क", 'क'),
        ("a\u{10ffff}", '\u{10ffff}'),
        ("مرحبا ก", 'ก'),
    ] {
        assert_eq!(error(text), Unshaped::Missing(culprit), "{text}");
    }
    let message = error("好").to_string();
    assert!(
        message.contains("'好'") && message.contains("U+597D"),
        "{message}"
    );
    for text in ["", "  ", "\n\n", "\u{200b}", "\u{2060}\u{200d}", "\u{a0}"] {
        assert_eq!(error(text), Unshaped::Empty, "{text:?}");
    }
    assert_eq!(error("a\tb"), Unshaped::Control('\t'));
    assert_eq!(error("a\rb"), Unshaped::Control('\r'));
    let characters = 201;
    assert_eq!(error(&"ä".repeat(201)), Unshaped::TooLong { characters });
    assert!(Text::new(&"ä".repeat(200), &all).is_ok());
    assert_eq!(
        Fonts::new(vec![(*b"no font").into()]).unwrap_err(),
        NotAFont(0)
    );
}

/// Outlines in a row, each as wide and high as it is, from left to right.
fn parts(set: &Set) -> Vec<[i32; 2]> {
    let mut parts: Vec<_> = (set.outline.contours.iter())
        .map(|contour| bounds(&[flat(contour)]))
        .collect();
    parts.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let size = |[l, t, r, b]: [f64; 4]| [r - l, b - t].map(|v| (v / 16.0).round());
    #[allow(clippy::cast_possible_truncation)]
    parts
        .into_iter()
        .map(|part| size(part).map(|v| v as i32))
        .collect()
}

fn wide(string: &str) -> Set {
    text(string).set(1000.0, 1000.0, 10.0)
}

#[test]
fn letters_stand_in_the_order_of_their_direction() {
    // Letters of one contour each.
    let [l, c] = ["L", "C"].map(|letter| parts(&wide(letter))[0]);
    let [gimel, vav] = ["ג", "ו"].map(|letter| parts(&wide(letter))[0]);
    assert_eq!(parts(&wide("LC")), [l, c]);
    assert_eq!(parts(&wide("גו")), [vav, gimel]);
    assert_eq!(parts(&wide("גו L")), [l, vav, gimel]);
    assert_eq!(parts(&wide("L גו C")), [l, vav, gimel, c]);
    // A number reads from left to right, but left of the Hebrew word that it follows.
    let [one, two] = ["1", "2"].map(|letter| parts(&wide(letter))[0]);
    assert_eq!(parts(&wide("L גו 12")), [l, one, two, vav, gimel]);
}

#[test]
fn arabic_letters_join_and_accents_attach() {
    let (joined, apart) = (wide("ححح"), wide("ح\u{200c}ح\u{200c}ح"));
    assert!(joined.width < apart.width);
    // A ligature.
    assert!(wide("لا").width < wide("ل\u{200c}ا").width);
    assert_eq!(wide("e\u{301}"), wide("é"));
    // No font has this letter with this accent as one glyph.
    let (bare, accented) = (wide("x"), wide("x\u{301}"));
    assert_eq!(accented.width, bare.width);
    assert!(accented.height > bare.height * 5 / 4);
}

#[test]
fn text_is_as_large_as_its_box_allows() {
    let capitals = text("SCAN");
    let roomy = capitals.set(1000.0, 1000.0, 10.0);
    let module = f64::from(MODULE);
    // Round letters reach a little beyond the flat ones.
    let ems = f64::from(roomy.height) / module / 10.0;
    assert!((0.71..0.75).contains(&ems), "{ems}");
    for (width, height) in [(14.0, 100.0), (100.0, 3.0), (13.0, 4.0)] {
        let set = capitals.set(width, height, 10.0);
        let (w, h) = (
            f64::from(set.width) / module,
            f64::from(set.height) / module,
        );
        assert!(w <= width && h <= height);
        assert!(
            w > width * 0.94 || h > height * 0.94,
            "{w} × {h} in {width} × {height}"
        );
    }
    // Words stay whole: two lines rather than smaller letters or a broken word.
    let two = text("SCAN SCAN").set(f64::from(roomy.width) / module + 2.0, 100.0, 10.0);
    assert!((two.width - roomy.width).abs() <= 4 && two.height > 2 * roomy.height);
    assert_eq!(capitals.set(0.0, 10.0, 10.0), Set::default());
    assert_eq!(capitals.set(f64::NAN, 10.0, 10.0), Set::default());
}

proptest! {
    #[test]
    fn nothing_panics(
        string in "\\PC{0,60}|[ -~\\p{Hebrew}\\p{Arabic}\\p{Greek}\\p{M}\n\u{200d}\u{202e}\u{2067}\u{2069}]{0,200}",
        inner in 1..200_i32,
        width in -1.0..10.0_f32,
        kind in 0..FrameKind::ALL.len(),
        side in 0..Side::ALL.len(),
    ) {
        let frame = Frame {
            kind: FrameKind::ALL[kind],
            ink: INK,
            width,
            text: Text::new(&string, &fonts()).ok(),
            position: Side::ALL[side],
        };
        let framed = Framed::around(&frame, inner * MODULE, Ink::WHITE);
        prop_assert!(framed.width >= inner * MODULE && framed.height >= inner * MODULE);
        for &(x, y) in outlines(&framed).iter().flat_map(|o| &o.contours).map(flat).collect::<Vec<_>>().iter().flatten() {
            prop_assert!(x >= 0.0 && y >= 0.0 && x <= f64::from(framed.width) && y <= f64::from(framed.height));
        }
    }
}
