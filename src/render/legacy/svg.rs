//! Vectors: one path per colour, made of horizontal runs.
//!
//! Invariant: the only text from outside is the title and the description, and both are escaped.

use std::fmt::Write as _;

use super::symbol::{Cell, Symbol};
use crate::{
    kernel::id::hex,
    render::{Color, Request, Size, layout::CanvasLayout, logo::Logo},
};

/// The document, and its width in CSS pixels.
pub fn draw(request: &Request, symbol: &Symbol, layout: &CanvasLayout) -> (String, u32) {
    let (width, width_px) = match request.size {
        Size::Pixels(_) => (layout.width.to_string(), layout.width),
        Size::Physical(physical) => (
            format!("{}{}", physical.width, physical.unit.label()),
            physical.pixels(96),
        ),
    };
    let mut out = String::with_capacity(4096);
    put(
        &mut out,
        format_args!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{width}" viewBox="0 0 {side} {side}" shape-rendering="crispEdges" role="img""#,
            side = layout.width
        ),
    );
    label(&mut out, request);
    let colors = &request.colors;
    put(
        &mut out,
        format_args!(
            r#"<rect width="100%" height="100%" fill="{}"/>"#,
            colors.light
        ),
    );
    put(
        &mut out,
        format_args!(
            r#"<g transform="translate({offset} {offset})"#,
            offset = layout.offset
        ),
    );
    if layout.scale > 1 {
        put(&mut out, format_args!(" scale({})", layout.scale));
    }
    out.push_str("\">");
    if let Some(color) = colors.data_light {
        path(&mut out, symbol, color, |c| !c.dark && c.data);
    }
    match colors.data_dark {
        None => path(&mut out, symbol, colors.dark, |c| c.dark),
        Some(color) => {
            path(&mut out, symbol, colors.dark, |c| c.dark && !c.data);
            path(&mut out, symbol, color, |c| c.dark && c.data);
        }
    }
    if let Some(logo) = &request.logo {
        stamp(&mut out, logo, layout, colors.light);
    }
    out.push_str("</g></svg>\n");
    (out, width_px)
}

/// The rest of the start tag, and what a screen reader says. Ids are the request's own, because several symbols
/// may stand in one page.
fn label(out: &mut String, request: &Request) {
    let mut id = hex(&request.digest());
    id.truncate(8);
    let texts = [("title", &request.title), ("desc", &request.description)];
    let present = || {
        texts
            .iter()
            .filter_map(|(tag, text)| Some((tag, text.as_deref()?)))
    };
    let ids: Vec<String> = present().map(|(tag, _)| format!("qr-{tag}-{id}")).collect();
    if ids.is_empty() {
        out.push_str(r#" aria-label="QR code">"#);
        return;
    }
    put(
        out,
        format_args!(r#" aria-labelledby="{}">"#, ids.join(" ")),
    );
    for (tag, text) in present() {
        put(out, format_args!(r#"<{tag} id="qr-{tag}-{id}">"#));
        escape(out, text);
        put(out, format_args!("</{tag}>"));
    }
}

/// Every run of chosen modules as a rectangle, in units of modules.
fn path(out: &mut String, symbol: &Symbol, color: Color, chosen: impl Fn(&Cell) -> bool) {
    put(out, format_args!(r#"<path fill="{color}" d=""#));
    for (y, row) in symbol.rows().enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| chosen(a) == chosen(b)) {
            if run.first().is_some_and(&chosen) {
                put(out, format_args!("M{x} {y}h{n}v1h-{n}z", n = run.len()));
            }
            x += run.len();
        }
    }
    out.push_str("\"/>");
}

/// The logo on a plate of the light colour, with half a module of air around.
fn stamp(out: &mut String, logo: &Logo, layout: &CanvasLayout, light: Color) {
    let plate = layout.plate_modules();
    let at = (layout.modules - plate) / 2;
    put(
        out,
        format_args!(
            r#"<rect x="{at}" y="{at}" width="{plate}" height="{plate}" fill="{light}"/><image x="{at}.5" y="{at}.5" width="{room}" height="{room}" href="{uri}"/>"#,
            room = plate - 1,
            uri = logo.data_uri
        ),
    );
}

/// Text between tags (XML 1.0 §2.4). What XML forbids was dropped when the request was made.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

/// Writing to a `String` cannot fail.
fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}
