//! The vectors, by drawing their runs.

use image::RgbImage;

use super::*;

fn document(spec: Spec) -> String {
    let file = render(Spec {
        format: Format::Svg,
        ..spec
    })
    .unwrap()
    .file;
    assert_eq!(file.media_type, "image/svg+xml");
    String::from_utf8(file.bytes.to_vec()).unwrap()
}

/// Draws the runs of all paths with the wanted fill, four pixels per module, with a quiet zone of four modules.
fn drawn(svg: &str, fill: &str) -> RgbImage {
    let mut image = RgbImage::from_pixel(800, 800, image::Rgb([255; 3]));
    for path in svg.split("<path fill=\"").skip(1) {
        let (color, rest) = path.split_once("\" d=\"").unwrap();
        if color != fill {
            continue;
        }
        for run in rest.split('"').next().unwrap().split('M').skip(1) {
            let (at, shape) = run.split_once('h').unwrap();
            let (x, y) = at.split_once(' ').unwrap();
            let (x, y): (u32, u32) = (x.parse().unwrap(), y.parse().unwrap());
            let n: u32 = shape.split('v').next().unwrap().parse().unwrap();
            assert_eq!(shape, format!("{n}v1h-{n}z"));
            for py in 0..4 {
                for px in 0..4 * n {
                    image.put_pixel(16 + 4 * x + px, 16 + 4 * y + py, image::Rgb([0; 3]));
                }
            }
        }
    }
    image
}

#[test]
fn the_path_can_be_read() {
    let svg = document(Spec::new("https://example.com/r/1234abcd"));
    assert!(
        svg.contains(r#"width="250" height="250" viewBox="0 0 250 250""#),
        "{svg}"
    );
    assert_eq!(svg.matches("<path").count(), 1);
    assert!(svg.contains(r#"role="img" aria-label="QR code""#));
    assert_eq!(
        read(&drawn(&svg, "#000000")).unwrap(),
        b"https://example.com/r/1234abcd"
    );
}

#[test]
fn a_physical_size_is_in_its_unit() {
    let size = Size::Physical(Physical {
        width: 2.5,
        unit: Unit::Cm,
        dpi: 72,
    });
    let spec = Spec {
        format: Format::Svg,
        size,
        ..Spec::new("a")
    };
    assert_eq!(render(spec.clone()).unwrap().facts.width_px, 94);
    let svg = document(spec);
    assert!(
        svg.contains(r#"width="2.5cm" height="2.5cm" viewBox="0 0 29 29""#),
        "{svg}"
    );
    assert!(svg.contains(r#"<g transform="translate(4 4)">"#), "{svg}");
}

#[test]
fn title_and_description_are_escaped_and_referred_to() {
    let spec = Spec {
        title: Some("<b>\"A\" & 'B'\u{0}]]></b>".into()),
        description: Some("two".into()),
        ..Spec::new("a")
    };
    let svg = document(spec);
    assert!(
        svg.contains(">&lt;b&gt;&quot;A&quot; &amp; &#39;B&#39;]]&gt;&lt;/b&gt;</title>"),
        "{svg}"
    );
    let ids = svg
        .split("aria-labelledby=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    for id in ids.split(' ') {
        assert!(svg.contains(&format!(" id=\"{id}\">")), "{id}");
    }
    assert_eq!(ids.split(' ').count(), 2);
}

#[test]
fn data_colours_are_paths_of_their_own() {
    let colors = Colors {
        data_dark: Some(Color { rgb: [1, 2, 3] }),
        data_light: Some(Color {
            rgb: [200, 201, 202],
        }),
        ..Colors::default()
    };
    let svg = document(Spec {
        colors,
        ..Spec::new("a")
    });
    assert_eq!(svg.matches("<path").count(), 3);
    let (function, data, light) = (
        drawn(&svg, "#000000"),
        drawn(&svg, "#010203"),
        drawn(&svg, "#C8C9CA"),
    );
    // The finder's corner belongs to the function patterns; no module is painted twice.
    assert_eq!(function.get_pixel(16, 16).0, [0; 3]);
    for (x, y, pixel) in function.enumerate_pixels() {
        let painted = [pixel, data.get_pixel(x, y), light.get_pixel(x, y)];
        assert!(
            painted.iter().filter(|p| p.0 == [0; 3]).count() <= 1,
            "{x},{y}"
        );
    }
}

#[test]
fn a_logo_is_embedded_and_never_a_link() {
    let svg = document(Spec {
        logo: Some(Logo::for_tests()),
        ..Spec::new("a")
    });
    assert!(svg.contains(r#" href="data:image/png;base64,iVBOR"#));
    // 21 modules at level h: the plate is 3 wide, in the middle.
    assert!(
        svg.contains(r##"<rect x="9" y="9" width="3" height="3" fill="#FFFFFF"/>"##),
        "{svg}"
    );
}

#[test]
fn the_svg_of_version_1_is_pinned() {
    let spec = Spec {
        title: Some("A code".into()),
        format: Format::Svg,
        ..Spec::new("https://example.com")
    };
    golden("legacy-title.svg", spec);
}
