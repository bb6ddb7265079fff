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
    let replaced = |image: &Rendered| {
        let svg = str::from_utf8(&image.file.bytes).unwrap();
        assert!(svg.contains(from), "{from} {svg}");
        image.with_bytes(svg.replacen(from, to, 1))
    };
    [
        judge_images(a.clone(), replaced(&b)),
        judge_images(b, replaced(&a)),
    ]
}

#[track_caller]
fn assert_told(spec: &Spec, from: &str, to: &str, label: &'static str) {
    let found = tampered(spec, from, to);
    assert_eq!(found, [Match::Mismatch(label); 2], "{to}");
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
                logo: logo.then(Logo::for_tests),
                ..spec()
            };
            assert_alike(&legacy(&spec), &engine(&spec));
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
        assert_told(&spec(), from, to, "texts");
    }
    let none = Spec {
        title: None,
        description: None,
        ..spec()
    };
    assert_told(&none, "QR code", "Code", "texts");
}

#[test]
fn where_it_lies_is_part_of_it() {
    let square = |side: &str| format!(r#"width="{side}" height="{side}""#);
    let (place, size) = ("translate(37 37)", square("250"));
    for (from, to) in [
        (place, "translate(38 38)"),
        (place, "translate(37 36)"),
        (&size, &square("260")),
        (&size, &square("250mm")),
    ] {
        assert_told(&spec(), from, to, "geometry");
    }
    // The ground of one arm is as wide as the canvas, whatever that is; the other's has its own width.
    let wider = tampered(&spec(), "0 0 250 250", "0 0 251 251");
    assert_eq!(wider, ["unreadable", "geometry"].map(Match::Mismatch));
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
    assert_told(&border, "3cm", "3.1cm", "unreadable");
}

#[test]
fn colours_are_part_of_it() {
    let [spec, other] = [51, 52].map(|blue| Spec {
        colors: Colors {
            dark: Color {
                rgb: [17, 34, blue],
            },
            ..Colors::default()
        },
        ..spec()
    });
    let found = [
        judge(&legacy(&spec), &engine(&other)),
        judge(&engine(&spec), &legacy(&other)),
    ];
    assert_eq!(found, [Match::Mismatch("colours"); 2]);
}

#[test]
fn what_is_painted_over_it_is_part_of_it() {
    let over = |x: u32, fill: &str| {
        let rect = format!(r#"<rect x="{x}" y="24" width="1" height="1" fill="{fill}"/></g>"#);
        tampered(&spec(), "</g>", &rect)
    };
    // In one colour it changes nothing, in the other it turns a module over, and a third is foreign.
    let mut found = [over(24, "#000"), over(24, "#fff")];
    found.sort_by_key(|found| found[0] != Match::Same);
    assert_eq!(found, [[Match::Same; 2], [Match::Mismatch("damage"); 2]]);
    assert_eq!(over(24, "#111"), [Match::Mismatch("damage"); 2]);
    assert_eq!(over(26, "#000"), [Match::Mismatch("unreadable"); 2]);
}

#[test]
fn what_is_not_understood_is_a_mismatch() {
    for (from, to) in [
        ("<path", "<path opacity=\"0\""),
        ("</g>", "<circle r=\"1\"/></g>"),
        ("</svg>", ""),
    ] {
        assert_told(&spec(), from, to, "unreadable");
    }
}

#[test]
fn a_logo_is_compared_by_its_file_and_its_place() {
    let spec = Spec {
        logo: Some(Logo::for_tests()),
        ..spec()
    };
    for (from, to) in [
        ("base64,iVBOR", "base64,iVBOS"),
        ("<image x=\"14.5\"", "<image x=\"14.75\""),
    ] {
        assert_told(&spec, from, to, "logo");
    }
    let shifted = tampered(&spec, "<rect x=\"14\"", "<rect x=\"12\"");
    let are_told = shifted
        .iter()
        .all(|found| matches!(found, Match::Mismatch(_)));
    assert!(are_told, "{shifted:?}");
}
