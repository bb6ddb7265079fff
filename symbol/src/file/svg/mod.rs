//! Vectors for screens: one path per ink (SVG 1.1).
//!
//! Invariant: text from outside is escaped; markup from outside is only [`Options::extra`].

mod path;
#[cfg(test)]
mod tests;
mod text;
mod view;

use super::{Ink, Length, Picture, frame::Frame, layers, number};
use view::View;

/// What `width` and `height` say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Size {
    /// The canvas in CSS pixels.
    #[default]
    Pixels,
    /// As large as where it is put.
    Fluid,
    Paper(Length),
}

/// What a screen reader says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label<'a> {
    /// Nothing: the symbol is decoration, or the page around it speaks.
    Silent,
    /// `QR code`.
    Generic,
    /// The texts, empty ones left out; if both are empty as [`Label::Generic`].
    Texts {
        title: &'a str,
        description: &'a str,
        /// Makes the ids of `<title>` and `<desc>` differ from those of other symbols in the same page. Characters
        /// other than ASCII letters, digits, `-` and `_` are left out.
        id: &'a str,
    },
}

#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    pub size: Size,
    pub label: Label<'a>,
    /// Markup that is put on top **as it is**, such as a logo. (0, 0) is the upper left corner of the first module, and
    /// a module is 1 wide.
    pub extra: &'a str,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            size: Size::Pixels,
            label: Label::Generic,
            extra: "",
        }
    }
}

/// Writes the document to the end of `out`.
///
/// Units of `viewBox` are modules if the canvas is made of whole modules, else pixels. What lies beyond the canvas is
/// cut off.
pub fn write(picture: &Picture, options: &Options, out: &mut Vec<u8>) {
    let (ground, layers) = layers::of(picture);
    // At most 177.
    let modules = i64::try_from(picture.dark.modules()).unwrap_or(177);
    let frame = Frame::of(picture.canvas);
    let view = View::of(frame);
    #[expect(
        clippy::cast_precision_loss,
        reason = "a canvas is less than 2^32 pixels wide"
    )]
    let width = view.width as f64;
    root((view.corner, [width; 2]), frame.width_px, options.size, out);
    // Nothing is seen between modules without it either, but edges that are not blurred are read from smaller modules.
    out.extend_from_slice(br#" shape-rendering="crispEdges""#);
    label(&options.label, out);
    if let Some(ground) = ground {
        view.ground(&ground, modules, out);
    }
    view.begin_modules(out);
    for (ink, matrix) in layers {
        out.extend_from_slice(b"<path");
        paint("fill", ink, out);
        out.extend_from_slice(br#" fill-rule="evenodd" d=""#);
        path::filled(&matrix, out);
        out.extend_from_slice(br#""/>"#);
    }
    if !options.extra.is_empty() {
        // Whoever draws curves wants them smooth.
        out.extend_from_slice(br#"<g shape-rendering="auto">"#);
        out.extend_from_slice(options.extra.as_bytes());
        out.extend_from_slice(b"</g>");
    }
    view.end_modules(out);
    out.extend_from_slice(b"</svg>");
}

/// Begins a document that somebody else goes on with, up to the end of its start tag. Its view box begins at (0, 0) and has this width
/// and height; `width_px` is what [`Size::Pixels`] says, and the height is in proportion. [`Options::extra`] is left out.
pub fn start(view_box: [f64; 2], width_px: u32, options: &Options, out: &mut Vec<u8>) {
    root((0, view_box), width_px.into(), options.size, out);
    label(&options.label, out);
}

fn root((corner, view_box): (i64, [f64; 2]), width_px: i64, said: Size, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"<svg xmlns="http://www.w3.org/2000/svg" viewBox=""#);
    for _ in 0..2 {
        number::integer(out, corner);
        out.push(b' ');
    }
    let [width, height] = view_box;
    number::decimal(out, width);
    out.push(b' ');
    number::decimal(out, height);
    out.push(b'"');
    size(said, width_px, height / width, out);
}

/// `ratio`: height to width.
fn size(size: Size, width_px: i64, ratio: f64, out: &mut Vec<u8>) {
    #[expect(clippy::cast_precision_loss, reason = "less than 2^32")]
    let (width, height, unit) = match size {
        Size::Fluid => return,
        Size::Pixels => (width_px as f64, (width_px as f64 * ratio).round(), ""),
        Size::Paper(length) => (
            length.value(),
            length.value() * ratio,
            length.unit().label(),
        ),
    };
    let text = format!(r#" width="{width}{unit}" height="{height}{unit}""#);
    out.extend_from_slice(text.as_bytes());
}

/// The rest of the start tag, and the elements that it refers to. They come first: some readers look no further.
fn label(label: &Label, out: &mut Vec<u8>) {
    let (title, description, id) = match *label {
        Label::Silent => return out.push(b'>'),
        Label::Generic => ("", "", ""),
        Label::Texts {
            title,
            description,
            id,
        } => (title, description, id),
    };
    let texts = [("title", title), ("desc", description)];
    let mut said = texts
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .peekable();
    out.extend_from_slice(br#" role="img""#);
    if said.peek().is_none() {
        return out.extend_from_slice(br#" aria-label="QR code">"#);
    }
    out.extend_from_slice(br#" aria-labelledby=""#);
    for (at, (tag, _)) in said.clone().enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        text::id(tag, id, out);
    }
    out.extend_from_slice(br#"">"#);
    for (tag, text) in said {
        for part in ["<", tag, r#" id=""#] {
            out.extend_from_slice(part.as_bytes());
        }
        text::id(tag, id, out);
        out.extend_from_slice(br#"">"#);
        text::escaped(text, out);
        for part in ["</", tag, ">"] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}

/// ` fill="#fff"`, and its opacity. `attribute`: `fill`, `stroke` or `stop-color`.
pub fn paint(attribute: &str, ink: Ink, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b' ');
    out.extend_from_slice(attribute.as_bytes());
    out.extend_from_slice(br##"="#"##);
    let nibbles = ink.rgb.map(|byte| [byte >> 4, byte & 15]);
    let is_short = nibbles.iter().all(|[high, low]| high == low);
    let kept = if is_short { 1 } else { 2 };
    let digits = nibbles.iter().flat_map(|pair| &pair[..kept]);
    out.extend(digits.map(|&nibble| HEX[usize::from(nibble)]));
    if ink.alpha < 255 {
        out.extend_from_slice(br#"" "#);
        out.extend_from_slice(attribute.trim_end_matches("-color").as_bytes());
        out.extend_from_slice(br#"-opacity=""#);
        // Three digits tell 256 steps apart.
        number::decimal(out, (f64::from(ink.alpha) / 0.255).round() / 1000.0);
    }
    out.push(b'"');
}
