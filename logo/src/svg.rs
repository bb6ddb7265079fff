//! SVG to pixels: checked, then read by usvg and drawn by resvg on a thread of its own.
//!
//! Invariant: nothing reaches usvg that `guard` has not bounded, and nothing reaches resvg that `effort` has not.

mod effort;
mod guard;
mod value;

use std::{sync::mpsc, thread, time::Duration};

use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{ImageHrefResolver, Options, Tree, roxmltree},
};

use crate::{Picture, Refused, SVG_SIDE};

/// How long a caller waits. The guards keep a picture far below it on an idle processor.
const BUDGET: Duration = Duration::from_millis(200);
/// usvg recurses over what is nested, in frames of several KB.
const STACK_BYTES: usize = 8 << 20;
/// Nodes of XML, text and comments included.
const XML_NODES: u32 = 40_000;

pub fn read(bytes: &[u8]) -> Result<Picture, Refused> {
    let unknown =
        || Refused::new("the logo is of no known format; send a PNG, JPEG, WebP or SVG file");
    let text = str::from_utf8(bytes).map_err(|_| unknown())?;
    if !text
        .trim_start_matches('\u{FEFF}')
        .trim_start()
        .starts_with('<')
    {
        return Err(unknown());
    }
    guard::check_text(text)?;
    let text = text.to_owned();
    let (send, answer) = mpsc::sync_channel(1);
    let thread = thread::Builder::new()
        .name("logo".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            // The caller may be gone.
            let _ = send.send(draw(&text));
        });
    thread.map_err(|_| Refused::new("the logo cannot be drawn now; send it as PNG"))?;
    answer.recv_timeout(BUDGET).unwrap_or_else(|end| {
        Err(Refused::new(match end {
            mpsc::RecvTimeoutError::Timeout => {
                "the logo takes too long to draw; simplify it or send it as PNG"
            }
            mpsc::RecvTimeoutError::Disconnected => {
                "the logo cannot be drawn; simplify it or send it as PNG"
            }
        }))
    })
}

pub fn draw(text: &str) -> Result<Picture, Refused> {
    let options = roxmltree::ParsingOptions {
        allow_dtd: false,
        nodes_limit: XML_NODES,
        ..roxmltree::ParsingOptions::default()
    };
    let document =
        roxmltree::Document::parse_with_options(text, options).map_err(|error| match error {
            roxmltree::Error::DtdDetected => Refused::new("the SVG has a DOCTYPE; remove it"),
            roxmltree::Error::NodesLimitReached => guard::too_much(),
            other => Refused::new(format!(
                "the SVG is not well-formed XML ({other}); save it again"
            )),
        })?;
    guard::check(&document)?;
    let options = Options {
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    let tree = Tree::from_xmltree(&document, &options)
        .map_err(|_| Refused::new("the SVG has no valid size; give it a viewBox"))?;
    let drawn = tree.size();
    let scale = SVG_SIDE as f32 / drawn.width().max(drawn.height());
    let pixels_of = |length: f32| ((length * scale).round() as u32).clamp(1, SVG_SIDE);
    let (width_px, height_px) = (pixels_of(drawn.width()), pixels_of(drawn.height()));
    let transform = Transform::from_scale(scale, scale);
    effort::check(&tree, transform, (width_px, height_px))?;
    let mut pixels = Pixmap::new(width_px, height_px).ok_or_else(guard::too_much)?;
    resvg::render(&tree, transform, &mut pixels.as_mut());
    Ok(Picture {
        width_px,
        height_px,
        rgba: pixels.take_demultiplied(),
    })
}
