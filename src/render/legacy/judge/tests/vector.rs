//! Documents that were tampered with.

use super::*;

fn spec() -> Spec {
    Spec {
        format: Format::Svg,
        title: Some("One".into()),
        description: Some("Two".into()),
        ..Spec::new("https://example.com/r/1234")
    }
}

/// What is said if a part of both arms' documents is replaced, each beside the other's.
fn tampered(spec: &Spec, from: &str, to: &str) -> [Match; 2] {
    let [a, b] = [legacy(spec), engine(spec)].map(Result::unwrap);
    let replaced = |image: &Image| {
        let svg = str::from_utf8(&image.bytes).unwrap();
        assert!(svg.contains(from), "{from} {svg}");
        Image {
            bytes: svg.replacen(from, to, 1).into(),
            ..image.clone()
        }
    };
    [
        judge_images(a.clone(), replaced(&b)),
        judge_images(b, replaced(&a)),
    ]
}

#[test]
fn both_arms_write_it_in_their_own_way() {
    for size in [
        Size::Pixels(250),
        Size::Pixels(33),
        Size::Pixels(1),
        Size::Physical(Physical {
            width: 2.54,
            unit: Unit::Cm,
            dpi: 72,
        }),
    ] {
        for logo in [false, true] {
            let spec = Spec {
                size,
                logo,
                ..spec()
            };
            let found = judge(&legacy(&spec), &engine(&spec));
            assert!(
                matches!(found, Match::Same | Match::Tolerated("mask")),
                "{found:?}"
            );
        }
    }
}

#[test]
fn what_a_screen_reader_says_is_part_of_it() {
    for (from, to) in [
        (">One<", ">Other<"),
        (">Two<", "><"),
        ("qr-title", "qr-other"),
        ("role=\"img\"", "role=\"presentation\""),
    ] {
        assert_eq!(
            tampered(&spec(), from, to),
            [Match::Mismatch("texts"); 2],
            "{to}"
        );
    }
    let none = Spec {
        title: None,
        description: None,
        ..spec()
    };
    assert_eq!(
        tampered(&none, "QR code", "Code"),
        [Match::Mismatch("texts"); 2]
    );
}

#[test]
fn where_it_lies_is_part_of_it() {
    for (from, to) in [
        ("translate(37 37)", "translate(38 38)"),
        ("translate(37 37)", "translate(37 36)"),
        (
            "width=\"250\" height=\"250\"",
            "width=\"260\" height=\"260\"",
        ),
        (
            "width=\"250\" height=\"250\"",
            "width=\"250mm\" height=\"250mm\"",
        ),
        ("viewBox=\"0 0 250 250\"", "viewBox=\"0 0 251 251\""),
    ] {
        let found = tampered(&spec(), from, to);
        // A canvas that the ground does not cover any more has no quiet zone.
        let label = if to.contains("251") {
            "unreadable"
        } else {
            "geometry"
        };
        let expected = Match::Mismatch(label);
        assert!(
            found
                .iter()
                .all(|found| *found == expected || to.contains("251")),
            "{to} {found:?}"
        );
        assert!(
            found
                .iter()
                .all(|found| matches!(found, Match::Mismatch(_))),
            "{to} {found:?}"
        );
    }
    let border = Spec {
        size: Size::Physical(Physical {
            width: 3.0,
            unit: Unit::Cm,
            dpi: 72,
        }),
        ..spec()
    };
    let narrow = Spec {
        border: 3,
        ..border.clone()
    };
    let found = judge(&legacy(&border), &engine(&narrow));
    assert_eq!(found, Match::Mismatch("quiet zone"));
    assert_eq!(
        tampered(&border, "3cm", "3.1cm"),
        [Match::Mismatch("unreadable"); 2]
    );
}

#[test]
fn colours_and_modules_are_part_of_it() {
    let spec = Spec {
        colors: Colors {
            dark: Color { rgb: [17, 34, 51] },
            ..Colors::default()
        },
        ..spec()
    };
    for (from, to) in [("=\"#112233\"", "=\"#112234\""), ("=\"#123\"", "=\"#124\"")] {
        let arm = usize::from(from.len() < 10);
        let [a, b] = [legacy(&spec), engine(&spec)].map(Result::unwrap);
        let image = [&a, &b][arm];
        let svg = str::from_utf8(&image.bytes).unwrap();
        assert!(svg.contains(from), "{svg}");
        let candidate = Image {
            bytes: svg.replace(from, to).into(),
            ..image.clone()
        };
        assert_eq!(
            judge_images(a.clone(), candidate),
            Match::Mismatch("colours")
        );
    }
    // A light module painted over, once in the data and once in the quiet zone.
    let module = r##"<rect x="24" y="24" width="1" height="1" fill="#123"/></g>"##;
    let found = tampered(&spec, "</g>", module);
    assert!(
        found.iter().all(|found| matches!(
            found,
            Match::Same | Match::Mismatch("damage") | Match::Tolerated("mask")
        )),
        "{found:?}"
    );
    let other = r##"<rect x="24" y="24" width="1" height="1" fill="#124"/></g>"##;
    assert_eq!(
        tampered(&spec, "</g>", other),
        [Match::Mismatch("damage"); 2]
    );
    let stain = r##"<rect x="26" y="24" width="1" height="1" fill="#123"/></g>"##;
    assert_eq!(
        tampered(&spec, "</g>", stain),
        [Match::Mismatch("unreadable"); 2]
    );
}

#[test]
fn what_is_not_understood_is_a_mismatch() {
    for (from, to) in [
        ("<path", "<path opacity=\"0\""),
        ("</g>", "<circle r=\"1\"/></g>"),
        ("</svg>", ""),
    ] {
        assert_eq!(
            tampered(&spec(), from, to),
            [Match::Mismatch("unreadable"); 2]
        );
    }
}

#[test]
fn a_logo_is_compared_by_its_file_and_its_place() {
    let spec = Spec {
        logo: true,
        ..spec()
    };
    for (from, to) in [
        ("base64,iVBOR", "base64,iVBOS"),
        ("<image x=\"14.5\"", "<image x=\"14.75\""),
    ] {
        let found = tampered(&spec, from, to);
        assert_eq!(found, [Match::Mismatch("logo"); 2], "{to}");
    }
    let shifted = tampered(&spec, "<rect x=\"14\"", "<rect x=\"12\"");
    assert!(
        shifted
            .iter()
            .all(|found| matches!(found, Match::Mismatch(_))),
        "{shifted:?}"
    );
}
