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
/// A scene with effects becomes one picture of 300 pixels per inch. With [`symbol::file::Paint::Cmyk`], gradients are mixtures of the inks of their stops.
pub fn write(scene: &Scene, sheet: &Sheet, out: &mut Vec<u8>) {
    let size = Size::of(scene, sheet.width);
    let content = Content::of(scene, sheet.paint, None, size.module);

    let mut file = File::begin(out);
    file.object(|out| put(out, "<</Type/Catalog/Pages 2 0 R>>"));
    file.object(|out| put(out, "<</Type/Pages/Kids[3 0 R]/Count 1>>"));
    file.object(|out| page(&content, &size, sheet, out));
    file.object(|out| stream(&content, &size, out));
    for ((image, mask), number) in content.images.iter().zip(image_numbers(&content)) {
        file.object(|out| image.xobject(mask.as_ref().map(|_| number + 1), out));
        if let Some(mask) = mask {
            file.object(|out| mask.xobject(None, out));
        }
    }
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

/// Of the objects that images are: behind the catalogue, the pages, the page and its content. Its opacity follows an image.
fn image_numbers(content: &Content) -> impl Iterator<Item = usize> {
    content.images.iter().scan(5, |next, (_, mask)| {
        let number = *next;
        *next += if mask.is_some() { 2 } else { 1 };
        Some(number)
    })
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
    let has_masks = content.images.iter().any(|(_, mask)| mask.is_some());
    if !content.images.is_empty() {
        put(out, "/XObject<<");
        for (name, number) in image_numbers(content).enumerate() {
            put(out, &format!("/I{name} {number} 0 R"));
        }
        put(out, ">>");
    }
    put(out, ">>");
    if has_masks || !content.alphas.is_empty() {
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
