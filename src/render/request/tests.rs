use super::*;
use crate::render::{Color, Physical, Unit};
use std::collections::HashSet;

fn digest(spec: Spec) -> [u8; 32] {
    Request::new(spec).unwrap().digest()
}

fn svg() -> Spec {
    Spec {
        format: Format::Svg,
        ..Spec::new("a")
    }
}

fn jpeg() -> Spec {
    Spec {
        format: Format::Jpeg,
        ..Spec::new("a")
    }
}

fn physical(width: f64, unit: Unit, dpi: u16) -> Size {
    Size::Physical(Physical { width, unit, dpi })
}

fn colors(dark: [u8; 3], light: [u8; 3], data: [Option<[u8; 3]>; 2]) -> Colors {
    let color = |rgb| Color { rgb };
    Colors {
        dark: color(dark),
        light: color(light),
        data_dark: data[0].map(color),
        data_light: data[1].map(color),
    }
}

#[test]
fn any_field_changes_the_digest() {
    let plain = || Spec::new("a");
    let painted = |colors| Spec { colors, ..plain() };
    let sized = |size| Spec { size, ..plain() };
    let specs = vec![
        plain(),
        Spec::new("b"),
        Spec::new("aa"),
        Spec {
            level: Level::L,
            ..plain()
        },
        Spec {
            level: Level::Q,
            ..plain()
        },
        Spec {
            level: Level::H,
            ..plain()
        },
        Spec {
            format: Format::Webp,
            ..plain()
        },
        jpeg(),
        Spec {
            quality: Some(89),
            ..jpeg()
        },
        Spec {
            border: 5,
            ..plain()
        },
        Spec {
            logo: true,
            ..plain()
        },
        sized(Size::Pixels(251)),
        sized(physical(1.0, Unit::In, 300)),
        sized(physical(1.5, Unit::In, 300)),
        sized(physical(1.0, Unit::Cm, 300)),
        sized(physical(1.0, Unit::Mm, 300)),
        sized(physical(1.0, Unit::In, 301)),
        painted(colors([1, 0, 0], [255; 3], [None; 2])),
        painted(colors([0; 3], [254; 3], [None; 2])),
        painted(colors([0; 3], [255; 3], [Some([9; 3]), None])),
        painted(colors([0; 3], [255; 3], [None, Some([9; 3])])),
        svg(),
        Spec {
            title: Some("t".into()),
            ..svg()
        },
        Spec {
            description: Some("t".into()),
            ..svg()
        },
        Spec {
            title: Some("ab".into()),
            description: Some("c".into()),
            ..svg()
        },
        Spec {
            title: Some("a".into()),
            description: Some("bc".into()),
            ..svg()
        },
    ];
    let count = specs.len();
    let digests: HashSet<_> = specs.into_iter().map(digest).collect();
    assert_eq!(digests.len(), count);
}

#[test]
fn what_cannot_matter_does_not() {
    let png = || Spec::new("a");
    let pairs = [
        (
            png(),
            Spec {
                quality: Some(3),
                ..png()
            },
        ),
        (
            png(),
            Spec {
                title: Some("t".into()),
                description: Some("d".into()),
                ..png()
            },
        ),
        (
            png(),
            Spec {
                colors: colors([0; 3], [255; 3], [Some([0; 3]), Some([255; 3])]),
                ..png()
            },
        ),
        (
            jpeg(),
            Spec {
                quality: Some(90),
                ..jpeg()
            },
        ),
        (
            Spec {
                logo: true,
                level: Level::L,
                ..png()
            },
            Spec {
                logo: true,
                level: Level::H,
                ..png()
            },
        ),
        (
            svg(),
            Spec {
                title: Some(" \u{1}".into()),
                quality: Some(7),
                ..svg()
            },
        ),
        (
            Spec {
                title: Some("a b".into()),
                ..svg()
            },
            Spec {
                title: Some("a\u{0} \u{fffe}b\u{7f}".into()),
                ..svg()
            },
        ),
        (
            Spec {
                size: physical(3.0, Unit::Cm, 100),
                ..svg()
            },
            Spec {
                size: physical(3.0, Unit::Cm, 600),
                ..svg()
            },
        ),
    ];
    for (a, b) in pairs {
        assert_eq!(Request::new(a).unwrap(), Request::new(b).unwrap());
    }
}

/// The encoding is a contract with every cache that outlives a process.
#[test]
fn the_digest_of_version_1_is_pinned() {
    let hex = crate::kernel::id::hex(&digest(Spec::new("https://example.com")));
    assert_eq!(
        hex,
        "d218a9ff1db73eb381df877d4ea642f5de9892d108e8c6f03f2d478dc2b97c28"
    );
}

#[test]
fn every_bad_field_is_named_at_once() {
    let bad = Spec {
        size: Size::Pixels(0),
        border: 21,
        quality: Some(101),
        colors: colors([0; 3], [0; 3], [None; 2]),
        title: Some("t".repeat(101)),
        description: Some("d".repeat(501)),
        ..Spec::new("")
    };
    let error = Request::new(bad).unwrap_err();
    assert_eq!(error.kind(), crate::kernel::Kind::Invalid);
    let fields: Vec<_> = error.details().iter().map(|d| d.field.as_ref()).collect();
    assert_eq!(
        fields,
        [
            "size",
            "content",
            "border",
            "image_quality",
            "fill_color",
            "svg_title",
            "svg_description"
        ]
    );
}

#[test]
fn what_no_symbol_holds_is_refused_before_any_work() {
    assert!(Request::new(Spec::new(vec![b'1'; 7089])).is_ok());
    let error = Request::new(Spec::new(vec![b'1'; 7090])).unwrap_err();
    assert_eq!(error.details()[0].field, "content");
}
