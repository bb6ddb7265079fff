//! What a canonical request promises: every fault at once, and one digest for equal pictures.

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

fn with(mut spec: Spec, change: impl FnOnce(&mut Spec)) -> Spec {
    change(&mut spec);
    spec
}

/// Each differs from the first in one field, or in how two fields part one text.
fn specs() -> Vec<Spec> {
    let png = |change: fn(&mut Spec)| with(Spec::new("a"), change);
    let svg = |change: fn(&mut Spec)| with(svg(), change);
    vec![
        png(|_| ()),
        Spec::new("b"),
        Spec::new("aa"),
        png(|s| s.level = Level::L),
        png(|s| s.level = Level::Q),
        png(|s| s.level = Level::H),
        png(|s| s.format = Format::Webp),
        jpeg(),
        with(jpeg(), |s| s.quality = Some(89)),
        png(|s| s.border = 5),
        png(|s| s.logo = Some(Logo::for_tests())),
        png(|s| s.size = Size::Pixels(251)),
        png(|s| s.size = physical(1.0, Unit::In, 300)),
        png(|s| s.size = physical(1.5, Unit::In, 300)),
        png(|s| s.size = physical(1.0, Unit::Cm, 300)),
        png(|s| s.size = physical(1.0, Unit::Mm, 300)),
        png(|s| s.size = physical(1.0, Unit::In, 301)),
        png(|s| s.colors = colors([1, 0, 0], [255; 3], [None; 2])),
        png(|s| s.colors = colors([0; 3], [254; 3], [None; 2])),
        png(|s| s.colors = colors([0; 3], [255; 3], [Some([9; 3]), None])),
        png(|s| s.colors = colors([0; 3], [255; 3], [None, Some([9; 3])])),
        svg(|_| ()),
        svg(|s| s.title = Some("t".into())),
        svg(|s| s.description = Some("t".into())),
        svg(|s| (s.title, s.description) = (Some("ab".into()), Some("c".into()))),
        svg(|s| (s.title, s.description) = (Some("a".into()), Some("bc".into()))),
    ]
}

/// What releases before did not have.
fn newer_specs() -> Vec<Spec> {
    let png = |change: fn(&mut Spec)| with(Spec::new("a"), change);
    vec![
        png(|s| s.encoding.mask = symbol::Mask::new(2)),
        png(|s| s.encoding.versions = Some((2, 40))),
        png(|s| s.encoding.boost = true),
        png(|s| s.format = Format::Text),
        png(|s| (s.format, s.terminal) = (Format::Text, Terminal::Dark)),
        png(|s| (s.format, s.terminal) = (Format::Text, Terminal::Color)),
    ]
}

#[test]
fn any_field_changes_the_digest() {
    let all = [specs(), newer_specs()].concat();
    let count = all.len();
    let digests: HashSet<_> = all.into_iter().map(digest).collect();
    assert_eq!(digests.len(), count);
}

#[test]
fn what_cannot_matter_does_not() {
    let png = |change: fn(&mut Spec)| with(Spec::new("a"), change);
    let svg = |change: fn(&mut Spec)| with(svg(), change);
    let pairs = [
        (png(|_| ()), png(|s| s.quality = Some(3))),
        (png(|_| ()), png(|s| s.title = Some("t".into()))),
        (png(|_| ()), png(|s| s.description = Some("d".into()))),
        (
            png(|_| ()),
            png(|s| s.colors = colors([0; 3], [255; 3], [Some([0; 3]), Some([255; 3])])),
        ),
        (jpeg(), with(jpeg(), |s| s.quality = Some(90))),
        (png(|_| ()), png(|s| s.terminal = Terminal::Dark)),
        (png(|_| ()), png(|s| s.encoding.versions = Some((1, 40)))),
        (
            png(|s| s.format = Format::Text),
            png(|s| {
                s.format = Format::Text;
                s.size = Size::Pixels(999);
                s.colors = colors([9; 3], [255; 3], [None; 2]);
            }),
        ),
        (
            png(|s| (s.logo, s.level) = (Some(Logo::for_tests()), Level::L)),
            png(|s| (s.logo, s.level) = (Some(Logo::for_tests()), Level::H)),
        ),
        (
            svg(|_| ()),
            svg(|s| (s.title, s.quality) = (Some(" \u{1}".into()), Some(7))),
        ),
        (
            svg(|s| s.title = Some("a b".into())),
            svg(|s| s.title = Some("a\u{0} \u{fffe}b\u{7f}".into())),
        ),
        (
            svg(|s| s.size = physical(3.0, Unit::Cm, 100)),
            svg(|s| s.size = physical(3.0, Unit::Cm, 600)),
        ),
    ];
    for (a, b) in pairs {
        let [a, b] = [a, b].map(|spec| Request::new(spec).unwrap());
        assert_eq!((a.digest(), &*a), (b.digest(), &*b));
    }
}

/// They are part of every `ETag`, and of the keys of caches that outlive a process: a new option leaves them as they are.
#[test]
fn digests_are_those_of_the_releases_before() {
    let golden = include_str!("../../../tests/goldens/digests.txt").lines();
    let found = specs()
        .into_iter()
        .chain([Spec::new("https://example.com")]);
    for (spec, golden) in found.zip(golden.chain(std::iter::repeat(""))) {
        assert_eq!(
            crate::kernel::id::hex(&digest(spec.clone())),
            golden,
            "{spec:?}"
        );
    }
}

#[test]
fn every_bad_field_is_named_at_once() {
    let bad = Spec {
        size: Size::Pixels(0),
        border: 101,
        quality: Some(101),
        colors: colors([0; 3], [0; 3], [None; 2]),
        title: Some("t".repeat(101)),
        description: Some("d".repeat(501)),
        ..Spec::new("")
    };
    let Faults(faults) = Request::new(bad).unwrap_err();
    let details: Vec<_> = faults.iter().map(|fault| fault.detail(names)).collect();
    let said: Vec<_> = details.iter().map(|d| (&*d.field, &*d.message)).collect();
    assert_eq!(
        said,
        [
            ("Size", "must be between 1 and 10000 pixels"),
            ("Content", "must not be empty"),
            ("Border", "must be between 0 and 100 modules"),
            ("Quality", "must be between 1 and 100"),
            (
                "Dark",
                "must differ from Light: the symbol would be invisible"
            ),
            (
                "Light",
                "must differ from Dark: the symbol would be invisible"
            ),
            ("Title", "must have at most 100 characters"),
            ("Description", "must have at most 500 characters"),
        ]
    );
    let error = Faults(faults.clone()).into_error();
    assert_eq!(error.kind(), crate::kernel::Kind::Invalid);
    assert_eq!(Faults::of(&error), faults);
    assert_eq!(Faults::of(&crate::kernel::Error::internal("")), []);
    let grey = Some([128; 3]);
    for (colors, said) in [
        (
            colors([0; 3], [255; 3], [grey, grey]),
            "must differ from Light and DataLight: the data would be invisible",
        ),
        (
            colors([0; 3], [255; 3], [None, Some([0; 3])]),
            "must differ from Dark: the data would be invisible",
        ),
    ] {
        let spec = Spec {
            colors,
            ..Spec::new("a")
        };
        let Faults(faults) = Request::new(spec).unwrap_err();
        assert_eq!(faults[0].detail(names).message, said);
    }
    let poster = Spec {
        size: physical(100.0, Unit::In, 1200),
        ..Spec::new("a")
    };
    let Faults(faults) = Request::new(poster).unwrap_err();
    assert_eq!(
        faults[0].detail(names).message,
        "would be 120000 pixels wide, at most 10000 are made: ask for a smaller size, a lower Dpi, or Format=svg"
    );
}

/// A dialect that calls each field as it is called here.
fn names(field: Field) -> &'static str {
    match field {
        Field::Size => "Size",
        Field::Content => "Content",
        Field::Border => "Border",
        Field::Quality => "Quality",
        Field::Dark => "Dark",
        Field::Light => "Light",
        Field::DataLight => "DataLight",
        Field::Title => "Title",
        Field::Dpi => "Dpi",
        Field::Format => "Format",
        Field::Description => "Description",
        _ => "another",
    }
}

#[test]
fn what_no_symbol_holds_is_refused_before_any_work() {
    assert!(Request::new(Spec::new(vec![b'1'; 7089])).is_ok());
    let Faults(faults) = Request::new(Spec::new(vec![b'1'; 7090])).unwrap_err();
    assert_eq!(
        (faults[0].field, &faults[0].problem),
        (Field::Content, &Problem::Huge)
    );
}
