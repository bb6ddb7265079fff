//! What an SVG may hold, and what makes it unclear.

use super::*;

fn sample(svg: &str) -> Result<Sampled, Unclear> {
    Sampled::of(svg.as_bytes(), "image/svg+xml")
}

fn document() -> String {
    let spec = Spec {
        format: Format::Svg,
        size: Size::Pixels(311),
        title: Some("One & two".into()),
        ..Spec::new("A")
    };
    let file = draw(&spec, &options(&spec)).file;
    String::from_utf8(file.bytes.to_vec()).unwrap()
}

/// It has modules of 10 pixels and 101 left over, so it has a transform.
#[test]
fn the_same_written_otherwise_is_the_same() {
    let svg = document();
    let sampled = sample(&svg).unwrap();
    assert!(is_close(sampled.frame.module_px, 10.0));
    for (from, to) in [
        ("translate(50 50) scale(10)", "translate(50,50)scale(10,10)"),
        (
            "translate(50 50) scale(10)",
            "scale(5) translate(10 10) scale(2)",
        ),
        ("#fff", "#FFFFFF"),
        ("M0 0h311v311h-311", "m 0 0 V311 H311 V0 z"),
        (
            "<path fill=\"#fff\" d=\"M0 0h311v311h-311\"/>",
            "<rect width=\"100%\" height=\"311\" fill=\"#fff\"/>",
        ),
        ("/></g>", "></path>\n</g>"),
        ("One &amp; two", "One&#x20;&#38;\n two"),
        ("drawn", "other"),
    ] {
        assert!(svg.contains(from), "{from} {svg}");
        let written = svg.replace(from, to);
        assert_eq!(sample(&written), Ok(sampled.clone()), "{to}");
    }
}

#[test]
fn what_might_change_how_it_looks_is_never_passed_over() {
    let svg = document();
    for (from, to) in [
        ("<path", "<path opacity=\".5\""),
        ("<path", "<path style=\"display:none\""),
        ("fill-rule=", "stroke=\"#000\" fill-rule="),
        ("fill=\"#000\"", "fill=\"red\""),
        ("fill=\"#000\"", "fill=\"none\""),
        ("evenodd", "inherit"),
        ("<g ", "<g clip-path=\"url(#a)\" "),
        ("scale(10)", "scale(10) rotate(180)"),
        ("scale(10)", "scale(10 20)"),
        ("scale(10)", "scale(-10)"),
        ("</g>", "<circle r=\"9\"/></g>"),
        ("</g>", "<style>*{fill:red}</style></g>"),
        ("</g>", "<script/></g>"),
        ("</g>", "<!-- --></g>"),
        ("</g>", "text</g>"),
        ("</g>", ""),
        ("</svg>", ""),
        ("</svg>", "</svg><svg>"),
        ("</svg>", "</svg>more"),
        ("<svg ", "<svg preserveAspectRatio=\"none\" "),
        ("<svg ", "<?xml version=\"1.0\"?><svg "),
        ("height=\"311\"", "height=\"312\""),
        ("height=\"311\"", ""),
        ("viewBox=\"0 0 311 311\"", "viewBox=\"0 0 311 300\""),
        ("One &amp; two", "One &nbsp; two"),
        ("One &amp; two", "One <b/> two"),
        // Numbers without a command of their own are not understood.
        ("M0 0h311v311h-311", "M0 0L311 0 311 311 0 311"),
        ("h7", "l7 1"),
        ("h7", "a1 1 0 0 0 9 9"),
        ("h7", "h1e3"),
        ("h7", "h"),
    ] {
        assert!(svg.contains(from), "{from} {svg}");
        let found = sample(&svg.replacen(from, to, 1));
        assert!(found.is_err(), "{to}");
    }
}

#[test]
fn what_is_painted_later_is_on_top() {
    let svg = document();
    let over = |shape: &str| {
        let svg = svg.replace("</g>", &format!("{shape}</g>"));
        sample(&svg).unwrap().cells
    };
    let red = over(r##"<rect x="9" y="9" width="3" height="2" fill="#f00"/>"##);
    let is_red = |x: usize, y: usize| red[y * 21 + x].rgb == [255, 0, 0];
    let all = (0..21).flat_map(|y| (0..21).map(move |x| (x, y)));
    for (x, y) in all {
        assert_eq!(is_red(x, y), (9..12).contains(&x) && (9..11).contains(&y));
    }
    let half = over(r##"<rect x="9" y="9" width="1.5" height="1" fill="#f00"/>"##);
    let mixed: Vec<usize> = (0..21 * 21).filter(|&i| half[i].is_mixed).collect();
    assert_eq!(mixed, [9 * 21 + 10]);
    // A picture is on every module that it touches.
    let picture = over(r#"<image x="9.5" y="9.5" width="2" height="2" href="data:,"/>"#);
    assert_eq!(picture.iter().filter(|cell| cell.is_mixed).count(), 9);
}

#[test]
fn fills_cover_what_svg_says() {
    use super::super::svg::{
        Rule::{EvenOdd, NonZero},
        covered,
    };
    let rect = |left, top, right, bottom| [left, top, right, bottom];
    let ring = vec![
        rect(0.0, 0.0, 3.0, 1.0),
        rect(0.0, 1.0, 1.0, 2.0),
        rect(2.0, 1.0, 3.0, 2.0),
        rect(0.0, 2.0, 3.0, 3.0),
    ];
    let whole = vec![
        rect(0.0, 0.0, 3.0, 1.0),
        rect(0.0, 1.0, 3.0, 2.0),
        rect(0.0, 2.0, 3.0, 3.0),
    ];
    let cross = vec![rect(0.0, 0.0, 1.0, 1.0), rect(1.0, 1.0, 2.0, 2.0)];
    for (rule, data, rects) in [
        (NonZero, "M1 2h3v1h-3z", vec![rect(1.0, 2.0, 4.0, 3.0)]),
        // Closed or not.
        (EvenOdd, "M1 2h3v1h-3", vec![rect(1.0, 2.0, 4.0, 3.0)]),
        (
            NonZero,
            "M1 2v1h3v-1zm5 0v1h1v-1",
            vec![rect(1.0, 2.0, 4.0, 3.0), rect(6.0, 2.0, 7.0, 3.0)],
        ),
        // A hole: in opposite directions by either rule, in the same one only by one.
        (NonZero, "M0 0h3v3h-3zm1 1v1h1v-1z", ring.clone()),
        (EvenOdd, "M0 0h3v3h-3zm1 1v1h1v-1z", ring.clone()),
        (EvenOdd, "M0 0h3v3h-3zm1 1h1v1h-1z", ring),
        (NonZero, "M0 0h3v3h-3zm1 1h1v1h-1z", whole),
        // A line that crosses itself.
        (EvenOdd, "M0 0h1v2h1v-1h-2z", cross.clone()),
        (NonZero, "M0 0h1v2h1v-1h-2z", cross),
        (NonZero, "M0 0h5h-2", vec![]),
    ] {
        assert_eq!(covered(rule, data), Some(rects), "{rule:?} {data}");
    }
    for data in ["M0 0h1v1", "M0 0l5 5", "h1v1h-1z", "M0 0h5v1h5 6"] {
        assert_eq!(covered(NonZero, data), None, "{data}");
    }
}

proptest! {
    #[test]
    fn no_pieces_in_any_order_panic(pieces in prop::collection::vec(prop::sample::select(vec![
        "<svg width=\"9\" height=\"9\" viewBox=\"0 0 9 9\">", "<g transform=\"", "scale(", "translate(", ")", "\"", ">", "/>",
        "<path d=\"", "M0 0", "h7", "v1", "h-7", "z", "m-3 1h2", ".5", "99999999999999", "-", "<rect x=\"", "1", "<image href=\"",
        " fill=\"#000\"", " fill-rule=\"evenodd\"", " fill=\"none\"", "<title id=\"a\">", "</title>", "&#x110000;", "&amp;", "</g>", "</svg>", "é",
    ]), 0..40)) {
        for head in ["", "<svg width=\"9\" height=\"9\" viewBox=\"0 0 9 9\"><path d=\"M0 0h9v9h-9\"/>"] {
            let svg = format!("{head}{}", pieces.concat());
            let _ = sample(&svg).map(|sampled| sampled.read());
        }
    }
}
