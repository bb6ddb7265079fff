//! Random trees of all elements and attributes of SVG, and random bytes after the beginning of each format.
//!
//! Invariant: each gets a picture or a reason, and neither a panic nor the end of its budget of time.

// Helpers of a test are tests too; this one looks at the clock to name the slowest case.
#![allow(
    clippy::format_collect,
    clippy::unwrap_used,
    clippy::disallowed_methods
)]

use std::time::{Duration, Instant};

use proptest::{collection::vec, prelude::*, sample::select};

const ELEMENTS: [&str; 32] = [
    "a",
    "circle",
    "clipPath",
    "defs",
    "ellipse",
    "g",
    "line",
    "linearGradient",
    "path",
    "polygon",
    "polyline",
    "radialGradient",
    "rect",
    "stop",
    "style",
    "svg",
    "switch",
    "symbol",
    "use",
    "g",
    "path",
    "rect",
    "use",
    "clipPath",
    "desc",
    "path",
    "g",
    "circle",
    "filter",
    "text",
    "pattern",
    "mask",
];
/// Attributes, each with values of its own next to the numbers.
const ATTRIBUTES: [(&str, &[&str]); 44] = [
    ("x", &[]),
    ("y", &[]),
    ("width", &["100%"]),
    ("height", &[]),
    ("r", &[]),
    ("rx", &["auto"]),
    ("ry", &[]),
    ("cx", &[]),
    ("cy", &[]),
    ("x1", &[]),
    ("x2", &[]),
    ("fx", &[]),
    ("fr", &[]),
    ("offset", &[]),
    ("opacity", &[]),
    ("stroke-width", &[]),
    ("stroke-miterlimit", &[]),
    ("stroke-dashoffset", &[]),
    (
        "fill",
        &[
            "red",
            "none",
            "#0f08",
            "currentColor",
            "context-stroke",
            "inherit",
            "url(#1)",
            "url(#2) blue",
        ],
    ),
    (
        "stroke",
        &[
            "red",
            "none",
            "context-fill",
            "inherit",
            "url(#1)",
            "url( #3 )",
        ],
    ),
    (
        "stroke-dasharray",
        &["1 2", "1", "0 0", "1e-6 1", "3 .1 0 9"],
    ),
    ("stroke-linejoin", &["round", "miter-clip", "bevel"]),
    ("stroke-linecap", &["round", "square"]),
    ("clip-path", &["url(#1)", "url(#2)", "url(#3)", "none"]),
    ("clip-rule", &["evenodd"]),
    ("fill-rule", &["evenodd"]),
    ("viewBox", &["0 0 9 9", "0 0 1e-9 1e5", "1 2 3 0"]),
    ("preserveAspectRatio", &["none", "xMaxYMin slice"]),
    (
        "transform",
        &[
            "rotate(9)",
            "scale(1e5)",
            "scale(1e-9 1)",
            "skewX(90)",
            "matrix(1 2 2 4 0 0)",
            "scale(0)",
        ],
    ),
    ("transform-origin", &["center", "50% 1e5"]),
    ("gradientTransform", &["scale(0)", "rotate(45)"]),
    ("gradientUnits", &["userSpaceOnUse"]),
    ("clipPathUnits", &["objectBoundingBox"]),
    ("spreadMethod", &["reflect", "repeat"]),
    ("overflow", &["visible", "hidden"]),
    ("display", &["none"]),
    ("visibility", &["hidden"]),
    ("paint-order", &["stroke"]),
    ("shape-rendering", &["crispEdges"]),
    ("points", &["0 0 9 9 0 9", "1", "0 0 0 0"]),
    ("href", &["#1", "#2", "#3", "#4"]),
    ("font-size", &["9px", "9"]),
    (
        "style",
        &[
            "mix-blend-mode:hue",
            "isolation:isolate;opacity:.5",
            "fill:url(#1)!important",
            "stroke:red;;:",
            "clip-path:url(#2)",
        ],
    ),
    ("systemLanguage", &["en", "de"]),
];
const NUMBERS: [&str; 16] = [
    "0", "1", "-1", "5", "50", "99.9", "1e-30", "1e5", "-1e5", "50%", "2em", ".5", "1e-9", "NaN",
    "3mm", "100",
];

fn attribute() -> impl Strategy<Value = String> {
    (select(&ATTRIBUTES[..]), any::<prop::sample::Index>()).prop_map(|((name, own), at)| {
        let values = if own.is_empty() { &NUMBERS[..] } else { own };
        format!("{name}='{}'", at.get(values))
    })
}

/// Path data, mostly of some tens of commands, now and then of thousands.
fn path() -> impl Strategy<Value = String> {
    let number = prop_oneof![30 => (0..100u32).prop_map(|n| n.to_string()), 1 => select(&NUMBERS[..]).prop_map(str::to_owned)];
    let command = (
        select(&["M", "L", "H", "v", "C", "s", "Q", "t", "A", "z"][..]),
        vec(number, 7),
    )
        .prop_map(|(letter, numbers)| {
            let count = match letter {
                "M" | "L" | "t" => 2,
                "C" => 6,
                "s" | "Q" => 4,
                "A" => 7,
                "z" => 0,
                _ => 1,
            };
            format!("{letter}{}", numbers[..count].join(" "))
        });
    let repeated = prop_oneof![9 => Just(1usize), 1 => 1..300usize];
    (vec(command, 0..30), repeated)
        .prop_map(|(commands, times)| format!("M0 0{}", commands.concat().repeat(times)))
}

/// An element without an id. `inside` stands in it.
fn element(
    names: &'static [&'static str],
    inside: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    (select(names), vec(attribute(), 0..6), path(), inside).prop_map(
        |(name, mut attributes, path, inside)| {
            attributes.sort();
            attributes.dedup_by(|a, b| a.split('=').next() == b.split('=').next());
            let path = if name == "path" {
                format!("d='{path}'")
            } else {
                String::new()
            };
            format!(
                "<{name} @ {path} {}>{inside}</{name}>",
                attributes.join(" ")
            )
        },
    )
}

/// Three elements that others refer to, a tree, and uses of any of its elements. Ids go by position.
fn tree() -> impl Strategy<Value = String> {
    let leaf = || element(&ELEMENTS[..28], Just(String::new())).boxed();
    let inner = leaf().prop_recursive(12, 120, 8, |inner| {
        element(
            &ELEMENTS[..28],
            vec(inner, 0..8).prop_map(|all| all.concat()),
        )
        .boxed()
    });
    let shapes = element(
        &["path", "rect", "circle", "g"],
        Just("<stop offset='.5' stop-color='red'/>".to_owned()),
    );
    let target = (
        select(&["linearGradient", "radialGradient", "clipPath"][..]),
        shapes,
    );
    let target =
        target.prop_map(|(name, inside)| format!("<{name} @>{}</{name}>", inside.replace('#', "")));
    (
        vec(target, 3),
        vec(inner, 1..12),
        vec((1..60u32, 0..50u32), 0..20),
    )
        .prop_map(|(targets, elements, uses)| {
            let uses: String = uses
                .iter()
                .map(|(id, x)| format!("<use href='#{id}' x='{x}'/>"))
                .collect();
            let all = format!("{}{}{uses}", targets.concat(), elements.concat());
            let mut parts = all.split('@');
            let first = parts.next().unwrap_or_default().to_owned();
            let all = parts
                .enumerate()
                .fold(first, |all, (i, part)| format!("{all}id='{}'{part}", i + 1));
            format!("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 100 100'>{all}</svg>")
        })
}

#[test]
fn random_trees_are_drawn_in_time_or_refused() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 500,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let slowest = std::cell::RefCell::new((Duration::ZERO, String::new()));
    let drawn = std::cell::Cell::new(0);
    let outcome = runner.run(&tree(), |svg| {
        let start = Instant::now();
        let answer = logo::read(svg.as_bytes());
        let took = start.elapsed();
        if took > slowest.borrow().0 {
            *slowest.borrow_mut() = (took, svg);
        }
        match answer {
            Ok(_) => drawn.set(drawn.get() + 1),
            Err(refused) => {
                let why = refused.to_string();
                prop_assert!(
                    !why.contains("too long")
                        && !why.contains("cannot be drawn")
                        && !why.contains("well-formed"),
                    "{}",
                    why
                );
            }
        }
        Ok(())
    });
    let (took, svg) = slowest.into_inner();
    println!(
        "{} drawn; slowest {took:?}: {} bytes {svg:.300}",
        drawn.get(),
        svg.len()
    );
    outcome.unwrap();
    assert!(drawn.get() > 100, "{} drawn", drawn.get());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn random_bytes_are_refused_without_a_panic(bytes in vec(any::<u8>(), 0..300), start in 0..6usize) {
        let starts = [&b""[..], b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x02\x08\x06\0\0\0", b"\xFF\xD8\xFF\xC0\0\x11\x08\0\x08\0\x08\x03", b"RIFF\x20\0\0\0WEBPVP8L", b"<svg>", b"\xFF\xD8\xFF"];
        let _answer = logo::read(&[starts[start], &bytes].concat());
    }

    #[test]
    fn a_damaged_file_is_no_panic(at in any::<prop::sample::Index>(), byte in any::<u8>(), which in 0..4usize) {
        let files = [&include_bytes!("files/cmyk.jpg")[..], include_bytes!("files/progressive.jpg"), include_bytes!("files/lossy.webp"), include_bytes!("files/palette.png")];
        let mut file = files[which].to_vec();
        *at.get_mut(&mut file) = byte;
        let _answer = logo::read(&file);
    }
}
