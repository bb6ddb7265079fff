//! SVG files that are made to abort, to hang or to reach out: each is refused for its reason, or drawn in time.
//!
//! Invariant: a refusal names its own reason, so that no case passes by being refused for another.

// Helpers of a test are tests too.
#![allow(clippy::unwrap_used)]

use std::fmt::Write;

const NS: &str = r#"xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink""#;

fn svg(inside: &str) -> String {
    format!(r#"<svg {NS} viewBox="0 0 100 100"><rect width="9" height="9"/>{inside}</svg>"#)
}

fn refusal(svg: &str) -> String {
    logo::read(svg.as_bytes()).map_or_else(
        |refused| refused.to_string(),
        |picture| format!("{picture:?}"),
    )
}

#[track_caller]
fn refused(svg: &str, why: &str) {
    let found = refusal(svg);
    assert!(
        found.contains(why),
        "{found:?} instead of {why:?}: {svg:.200}"
    );
}

#[track_caller]
fn drawn(svg: &str) {
    logo::read(svg.as_bytes()).unwrap_or_else(|refused| panic!("{refused}: {svg:.200}"));
}

#[test]
fn nesting_does_not_overflow_a_stack() {
    let nested = |n: usize| {
        svg(&format!(
            "{}<rect width='5' height='5'/>{}",
            "<g>".repeat(n),
            "</g>".repeat(n)
        ))
    };
    drawn(&nested(60));
    for depth in [64, 900, 30_000] {
        refused(&nested(depth), "deeper than 64 levels");
    }
    // Closed nowhere: the parser of XML alone.
    refused(&"<g>".repeat(30_000), "well-formed");
    let mut through_symbols = String::new();
    for i in 0..40 {
        write!(
            through_symbols,
            "<symbol id='s{i}'><use href='#s{}'/></symbol>",
            i + 1
        )
        .unwrap();
    }
    refused(
        &svg(&(through_symbols + "<use href='#s0'/>")),
        "deeper than 64 levels",
    );
}

#[test]
fn what_is_used_is_counted_each_time() {
    let bomb = |levels: usize, each: usize| {
        let mut defs = String::from("<g id='l0'><rect width='1' height='1'/></g>");
        for level in 1..=levels {
            let uses = format!("<use xlink:href='#l{}'/>", level - 1).repeat(each);
            write!(defs, "<g id='l{level}'>{uses}</g>").unwrap();
        }
        svg(&format!("<defs>{defs}</defs><use href='#l{levels}'/>"))
    };
    drawn(&bomb(2, 10));
    refused(&bomb(5, 10), "too complex");
    refused(&bomb(20, 2), "too complex");
    refused(
        &svg(&format!(
            "<path id='p' d='M0 0{}'/>{}",
            "h9".repeat(50_000),
            "<use href='#p'/>".repeat(100)
        )),
        "too complex",
    );
}

#[test]
fn circles_are_refused() {
    for circle in [
        "<g id='a'><use href='#a'/></g>",
        "<use id='a' href='#a'/>",
        "<g id='a'><use href='#b'/></g><g id='b'><use href='#c'/></g><g id='c'><use href='#a'/></g>",
        "<linearGradient id='a' href='#b'/><linearGradient id='b' xlink:href='#a'/>",
        "<clipPath id='a' clip-path='url(#a)'><rect width='9' height='9'/></clipPath>",
        "<clipPath id='a' clip-path='url(#b)'/><clipPath id='b' clip-path='url(#c)'/><clipPath id='c' clip-path='url(#a)'/>",
        "<clipPath id='a'><g style='clip-path:url(\"#b\")'/></clipPath><clipPath id='b'><g clip-path='url( #a )'/></clipPath>",
        "<style>.c{clip-path:url(#a)} #d{clip-path:url(#b)}</style><clipPath id='a'><g id='d'/></clipPath><clipPath id='b'><g class='c'/></clipPath>",
    ] {
        refused(&svg(circle), "refers to itself");
    }
}

#[test]
fn what_is_not_drawn_is_refused_by_name() {
    for name in [
        "filter",
        "pattern",
        "mask",
        "marker",
        "image",
        "foreignObject",
        "script",
        "text",
        "feTurbulence",
        "animate",
        "tspan",
    ] {
        refused(&svg(&format!("<{name}/>")), &format!("<{name}>"));
        let prefixed = format!("<x:{name} xmlns:x='http://www.w3.org/2000/svg'/>");
        refused(&svg(&prefixed), &format!("<{name}>"));
    }
    refused(&svg("<x:script xmlns:x='urn:x'/>"), "<script>");
    for property in [
        "filter='blur(99)'",
        "style='filter:blur(99px)'",
        "mask='url(#m)'",
        "style='marker-mid:url(#m)'",
    ] {
        refused(&svg(&format!("<g {property}/>")), "is not drawn");
    }
    refused(
        &svg("<style>rect{filter:blur(9px)}</style>"),
        "is not drawn",
    );
    refused(
        &svg("<clipPath id='c'/><g clip-path='url(#c)'><g clip-path='inherit'/></g>"),
        "inherited",
    );
}

#[test]
fn nothing_is_reached_outside() {
    for link in [
        "<use href='http://example.com/a.svg#a'/>",
        "<use xlink:href='other.svg#a'/>",
        "<a href='javascript:alert(1)'/>",
        "<use href='data:image/svg+xml;base64,AAAA'/>",
        "<use href=''/>",
        "<rect fill='url(http://example.com/#a)'/>",
        "<rect style='fill:URL(\"file:///etc/passwd\")'/>",
        "<style>rect{fill:url(//example.com)}</style>",
    ] {
        refused(&svg(link), "outside");
    }
    refused(
        &svg("<style>@import 'http://example.com/a.css';</style>"),
        "@ rules",
    );
    refused(&svg("<rect onload='alert(1)'/>"), "script");
    refused(&svg("<g xml:base='http://example.com'/>"), "xml:base");
    for dtd in [
        "<!DOCTYPE svg>",
        "<!DOCTYPE svg [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]>",
        "<!DOCTYPE svg SYSTEM 'file:///etc/passwd'>",
    ] {
        refused(&format!("{dtd}{}", svg("")), "DOCTYPE");
    }
}

#[test]
fn style_sheets_have_bounds() {
    drawn(&svg(
        "<style><![CDATA[.a,.b{fill:#f00} #c{stroke:blue} rect{opacity:.5}]]></style><rect class='b' width='9' height='9'/>",
    ));
    for nested in [
        "g rect",
        "g>rect",
        "g+rect",
        "rect:first-child",
        "* * * * * * *",
    ] {
        refused(
            &svg(&format!("<style>{nested}{{fill:red}}</style>")),
            "nested selectors",
        );
    }
    let rules = ".a{fill:red}".repeat(5_000);
    refused(
        &svg(&format!("<style>{rules}</style>{}", "<g/>".repeat(100))),
        "too complex",
    );
    refused(
        &svg(&format!("<g class='{}'/>", "a ".repeat(500))),
        "too complex",
    );
}

#[test]
fn attributes_have_bounds() {
    let many: String = (0..9_000).fold(String::new(), |all, i| format!("{all} a{i} = ''"));
    refused(&svg(&format!("<g{many}/>")), "too many attributes");
    refused(
        &svg(&"<g xmlns:a='urn:a'/>".repeat(1_000)),
        "too many attributes",
    );
    // Inherited, and read anew by each shape.
    let dashes = format!(
        "<g stroke='red' stroke-dasharray='{}'>{}</g>",
        "1 ".repeat(50_000),
        "<path d='M0 0h9'/>".repeat(500)
    );
    refused(&svg(&dashes), "too complex");
    let stops = format!(
        "<linearGradient id='g'>{}</linearGradient>",
        "<stop/>".repeat(5_000)
    );
    refused(&svg(&stops), "too complex");
}

#[test]
fn drawing_has_bounds() {
    let rect = "<rect width='100' height='100'/>";
    let zigzag = |n: usize, by: &str| format!("<path d='M0 0{}'/>", by.repeat(n));
    refused(&svg(&zigzag(15_000, "L99 1L0 0")), "too complex");
    refused(&svg(&zigzag(15_000, "l9 99l0-99")), "too complex");
    refused(
        &svg(&format!(
            "<g fill='none' stroke='red' stroke-width='.01'>{}</g>",
            zigzag(25_000, "L99 9L0 0")
        )),
        "too complex",
    );
    refused(
        &svg("<path stroke='red' stroke-dasharray='.000001' d='M0 0H99V99H0z'/>"),
        "too complex",
    );
    refused(
        &svg("<path stroke='red' stroke-dasharray='1e-30 1e-30' d='M0 0H99V99H0z'/>"),
        "too complex",
    );
    refused(
        &svg(&format!(
            "{}{rect}{}",
            "<g opacity='.9'>".repeat(50),
            "</g>".repeat(50)
        )),
        "too complex",
    );
    refused(
        &svg(&format!("<g opacity='.9'>{rect}</g>").repeat(300)),
        "too complex",
    );
    refused(
        &svg(&format!(
            "<clipPath id='c'>{rect}</clipPath>{}",
            format!("<g clip-path='url(#c)'>{rect}</g>").repeat(300)
        )),
        "too complex",
    );
    let nested = "<svg width='100' height='100'>".repeat(50) + rect + &"</svg>".repeat(50);
    refused(&svg(&nested), "too complex");
    refused(&svg(&rect.repeat(3_000)), "too complex");
    let mirrored = format!(
        "<path stroke='red' d='M0 0T{}'/>",
        "9 50 80 7 ".repeat(10_000)
    );
    refused(&svg(&mirrored), "too complex");
}

#[test]
fn numbers_may_be_anything() {
    for number in [
        "1e30",
        "-1e30",
        "1e-30",
        "1e308",
        "1e9999",
        "NaN",
        "inf",
        "-0",
        "99999999999999999999",
        "1e38",
        "3.4e38",
        "",
    ] {
        for attribute in [
            "x",
            "width",
            "transform='scale(N)' y",
            "transform='rotate(N)' y",
            "stroke='red' stroke-width",
            "stroke='red' stroke-dasharray='N' x",
            "stroke='red' stroke-dashoffset='N' stroke-dasharray='1 2' x",
            "rx",
            "d='M0 0C N N 5 5 N 9A N 1 N 0 1 5 5' x",
            "stroke='red' stroke-miterlimit",
            "opacity",
        ] {
            let attributes = format!("{attribute}='N'").replace('N', number);
            for shape in [
                "rect height='5'",
                "path",
                "svg height='9' viewBox='0 0 N N'",
                "ellipse ry='5'",
            ] {
                let shape = shape.replace('N', number);
                let found = refusal(&svg(&format!("<{shape} {attributes}/>")));
                assert!(
                    !found.contains("too long") && !found.contains("cannot be drawn"),
                    "{shape} {attributes}: {found}"
                );
            }
        }
        let found = refusal(&format!(
            "<svg {NS} width='{number}' height='{number}'><rect width='9' height='9'/></svg>"
        ));
        assert!(
            !found.contains("too long") && !found.contains("cannot be drawn"),
            "{number}: {found}"
        );
    }
    for viewbox in ["0 0 0 0", "0 0 -1 -1", "0 0 1e-30 1e30", "5", ""] {
        let found = refusal(&format!(
            "<svg {NS} viewBox='{viewbox}'><rect width='9' height='9'/></svg>"
        ));
        assert!(
            !found.contains("too long") && !found.contains("cannot be drawn"),
            "{viewbox}: {found}"
        );
    }
}

#[test]
fn other_text_is_not_svg() {
    refused("", "no known format");
    refused("hello", "no known format");
    refused("<html/>", "<html>");
    refused("<svg", "well-formed");
    drawn(&format!("\u{FEFF}\n{}", svg("")));
    drawn(&format!(
        "<?xml version='1.0' encoding='utf-8'?><!-- a --> {}",
        svg("")
    ));
    let utf_16: Vec<u8> = svg("").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for text in [utf_16.clone(), [&[0xFF, 0xFE], &utf_16[..]].concat()] {
        assert!(
            logo::read(&text)
                .unwrap_err()
                .to_string()
                .contains("UTF-16")
        );
    }
    assert!(
        logo::read(&[0x1F, 0x8B, 8, 0])
            .unwrap_err()
            .to_string()
            .contains("SVGZ")
    );
    assert!(
        logo::read(&vec![b'<'; 256 * 1024 + 1])
            .unwrap_err()
            .to_string()
            .contains("256 KiB")
    );
    refused(&format!("<svg {NS} viewBox='0 0 9 9'/>"), "nothing");
}
