//! A scene as EPSF-3.0: PostScript level 2, or 3 where smooth gradients or pictures need it.
//!
//! Invariant: only ASCII, no line longer than 255 characters, and nothing of the interpreter's state is changed.

use symbol::file::{Ink, Sheet, eps, number};

use super::{Size, content::Content};
use crate::scene::Scene;

/// What the operators of PDF mean here. A pattern is named as it is defined; its colour space follows from it.
const OPERATORS: &str = "\
/m{moveto}bind def/l{lineto}bind def/c{curveto}bind def/h{closepath}bind def
/f{fill}bind def/S{stroke}bind def/w{setlinewidth}bind def/J{setlinecap}bind def/j{setlinejoin}bind def
/rg{setrgbcolor}bind def/RG{setrgbcolor}bind def/k{setcmykcolor}bind def/K{setcmykcolor}bind def
/q{gsave}bind def/Q{grestore}bind def/cm{6 array astore concat}bind def/Do{load exec}bind def
/cs{pop}bind def/CS{pop}bind def/scn{load setpattern}bind def/SCN{load setpattern}bind def
";

/// Writes the document to the end of `out`. The page is as wide as `sheet` says, and shows the whole scene.
///
/// PostScript has no opacity: translucent inks are blended with the ground, and that with white paper. Clear ones are not
/// painted. A picture lies on the ground or on what its layer says. A scene with effects becomes one picture of 300 pixels per
/// inch. With [`symbol::file::Paint::Cmyk`], gradients are mixtures of the inks of their stops.
pub fn write(scene: &Scene, sheet: &Sheet, out: &mut Vec<u8>) {
    let size = Size::of(scene, sheet.width);
    let content = Content::of(scene, sheet.paint, Some(Ink::WHITE), size.module);
    let is_plain = content.shadings.is_empty() && content.images.is_empty();
    let level = if is_plain { 2 } else { 3 };
    eps::comments(size.points, sheet.title, level, out);
    // The operators, the gradients, the images and their data, and some room.
    let names = 32 + content.shadings.len() + 2 * content.images.len();
    put(out, &format!("gsave {names} dict begin\n"));
    put(out, OPERATORS);
    put(out, "[");
    for number in size.matrix() {
        number::decimal(out, number);
        put(out, " ");
    }
    put(out, "]concat\n");
    for (number, shading) in content.shadings.iter().enumerate() {
        put(out, &format!("/G{number} <</PatternType 2/Shading "));
        out.extend_from_slice(shading);
        put(out, ">>matrix makepattern def\n");
    }
    for (number, (image, _)) in content.images.iter().enumerate() {
        image.procedure(&format!("I{number}"), out);
    }
    out.extend_from_slice(&content.operators);
    put(out, "end grestore\nshowpage\n%%EOF\n");
}

fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}
