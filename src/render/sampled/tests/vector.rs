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
    let file = draw(&spec, &options(&spec));
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
        ("/></g>", " stroke-width=\"1\"></path>\n</g>"),
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
        ("stroke=", "stroke-linecap=\"square\" stroke="),
        (
            "<path fill=\"none\"",
            "<path stroke-width=\"2\" fill=\"none\"",
        ),
        ("<path fill=\"none\"", "<path fill=\"red\""),
        ("<path fill=\"none\"", "<path fill=\"#000\""),
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
        ("h6.5", "l6.5 1"),
        ("h6.5", "a1 1 0 0 0 9 9"),
        ("h6.5", "h6.5h1"),
        ("h6.5", "h1e3"),
        ("h6.5", "h"),
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

/// Both ways to paint, side by side.
#[test]
fn fills_and_strokes_cover_what_svg_says() {
    use super::super::svg::covered;
    let rect = |left, top, right, bottom| [left, top, right, bottom];
    for (filled, data, rects) in [
        (true, "M1 2h3v1h-3z", vec![rect(1.0, 2.0, 4.0, 3.0)]),
        (
            true,
            "M1 2v1h3v-1zm5 0v1h1v-1",
            vec![rect(1.0, 2.0, 4.0, 3.0), rect(6.0, 2.0, 7.0, 3.0)],
        ),
        (false, "M0 .5h7", vec![rect(0.0, 0.0, 7.0, 1.0)]),
        (
            false,
            "M7 .5h-7m0 1h1",
            vec![rect(0.0, 0.0, 7.0, 1.0), rect(0.0, 1.0, 1.0, 2.0)],
        ),
        // The corner belongs to both; the ends are butt.
        (
            false,
            "M0 .5h6.5v6",
            vec![rect(0.0, 0.0, 7.0, 1.0), rect(6.0, 0.0, 7.0, 6.5)],
        ),
    ] {
        assert_eq!(covered(filled, data), Some(rects), "{data}");
    }
    for (filled, data) in [
        (true, "M0 0h1v1"),
        (true, "M0 0h1v1h1v1h-2z"),
        // Opposite directions cut a hole.
        (true, "M0 0h9v9h-9zm1 1v3h3v-3z"),
        (true, "h1v1h-1z"),
        (false, "M0 0h5h-2"),
        (false, "M0 0l5 5"),
        (false, "M0 0h5v1h5 6"),
    ] {
        assert_eq!(covered(filled, data), None, "{data}");
    }
}

proptest! {
    #[test]
    fn no_pieces_in_any_order_panic(pieces in prop::collection::vec(prop::sample::select(vec![
        "<svg width=\"9\" height=\"9\" viewBox=\"0 0 9 9\">", "<g transform=\"", "scale(", "translate(", ")", "\"", ">", "/>",
        "<path d=\"", "M0 0", "h7", "v1", "h-7", "z", "m-3 1h2", ".5", "99999999999999", "-", "<rect x=\"", "1", "<image href=\"",
        " fill=\"#000\"", " stroke=\"#123\"", " fill=\"none\"", "<title id=\"a\">", "</title>", "&#x110000;", "&amp;", "</g>", "</svg>", "é",
    ]), 0..40)) {
        for head in ["", "<svg width=\"9\" height=\"9\" viewBox=\"0 0 9 9\"><path d=\"M0 0h9v9h-9\"/>"] {
            let svg = format!("{head}{}", pieces.concat());
            let _ = sample(&svg).map(|sampled| sampled.read());
        }
    }
}
