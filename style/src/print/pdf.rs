//! A scene as one page of PDF 1.4 (ISO 32000-1 is its later form, and its clauses are named here).
//!
//! The page's content is not compressed, as with plain symbols.

use symbol::file::{
    Sheet, number,
    pdf::{File, text},
};

use super::{Size, content::Content, shading};
use crate::scene::Scene;

/// Writes the document to the end of `out`. The page is as wide as `sheet` says, and shows the whole scene.
///
/// With [`symbol::file::Paint::Cmyk`], gradients are mixtures of the inks of their stops.
pub fn write(scene: &Scene, sheet: &Sheet, out: &mut Vec<u8>) {
    let size = Size::of(scene, sheet.width);
    let content = Content::of(scene, sheet.paint, |ink| ink);

    let mut file = File::begin(out);
    file.object(|out| put(out, "<</Type/Catalog/Pages 2 0 R>>"));
    file.object(|out| put(out, "<</Type/Pages/Kids[3 0 R]/Count 1>>"));
    file.object(|out| page(&content, &size, sheet, out));
    file.object(|out| stream(&content, &size, out));
    let has_title = !sheet.title.is_empty();
    if has_title {
        file.object(|out| {
            put(out, "<</Title");
            text(sheet.title, out);
            put(out, ">>");
        });
    }
    file.end(has_title);
}

fn page(content: &Content, size: &Size, sheet: &Sheet, out: &mut Vec<u8>) {
    put(out, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 ");
    numbers(&size.points, out);
    put(out, "]/Contents 4 0 R/Resources<<");
    if !content.alphas.is_empty() {
        put(out, "/ExtGState<<");
        for &alpha in &content.alphas {
            let mut share = Vec::new();
            number::decimal(&mut share, f64::from(alpha) / 255.0);
            let share = String::from_utf8_lossy(&share);
            put(out, &format!("/A{alpha}<</ca {share}/CA {share}>>"));
        }
        put(out, ">>");
    }
    if !content.shadings.is_empty() {
        put(out, "/Pattern<<\n");
        for (number, shading) in content.shadings.iter().enumerate() {
            // From its own coordinates to those of the page, whatever the operators did (§8.7.4.1).
            put(out, &format!("/G{number}<</PatternType 2/Matrix["));
            numbers(&size.matrix(), out);
            put(out, "]/Shading ");
            out.extend_from_slice(shading);
            put(out, ">>\n");
        }
        put(out, ">>");
    }
    put(out, ">>");
    if !content.alphas.is_empty() {
        // Where the page is blended with what is under it (§11.6.6).
        let space = shading::space(sheet.paint);
        put(out, &format!("/Group<</S/Transparency/CS/{space}>>"));
    }
    put(out, ">>");
}

fn stream(content: &Content, size: &Size, out: &mut Vec<u8>) {
    let mut start = Vec::new();
    numbers(&size.matrix(), &mut start);
    put(&mut start, "cm\n");
    let length = start.len() + content.operators.len();
    put(out, &format!("<</Length {length}>>stream\n"));
    out.extend_from_slice(&start);
    out.extend_from_slice(&content.operators);
    put(out, "endstream");
}

/// Each followed by a space.
fn numbers(numbers: &[f64], out: &mut Vec<u8>) {
    for &number in numbers {
        number::decimal(out, number);
        out.push(b' ');
    }
}

fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}
