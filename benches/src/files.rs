//! Our files, by format.
//!
//! Invariant: one table. A format that is added to it is measured and verified.

use symbol::{
    Symbol,
    file::{
        Canvas, Inks, Length, Paint, Picture, Sheet, Unit, eps, gif, jpeg, pdf, png, svg,
        terminal::{self, Terminal},
        webp,
    },
};

/// How a file comes to be.
pub struct Format {
    /// Also the file's extension.
    pub name: &'static str,
    pub write: fn(&Picture, &mut Vec<u8>),
}

pub const ALL: &[Format] = &[
    Format {
        name: "png",
        write: png::write,
    },
    Format {
        name: "gif",
        write: gif::write,
    },
    // What cannot be written leaves an empty file, which no reader opens.
    Format {
        name: "jpeg",
        write: |picture, out| jpeg::write(picture, JPEG_QUALITY, out).unwrap_or_default(),
    },
    Format {
        name: "webp",
        write: |picture, out| webp::write(picture, out).unwrap_or_default(),
    },
    Format {
        name: "svg",
        // As peers write it: no size on screen, no words for a screen reader. Both take 57 bytes more.
        write: |picture, out| {
            let plain = svg::Options {
                size: svg::Size::Fluid,
                label: svg::Label::Silent,
                extra: "",
            };
            svg::write(picture, &plain, out);
        },
    },
    Format {
        name: "pdf",
        write: |picture, out| on_paper(pdf::write, picture, out),
    },
    Format {
        name: "eps",
        write: |picture, out| on_paper(eps::write, picture, out),
    },
    Format {
        name: "txt",
        write: |picture, out| {
            terminal::write(picture.dark, TEXT_BORDER, Terminal::DarkOnLight, out);
        },
    },
];

const JPEG_QUALITY: u8 = 85;
/// What QR asks for, and more than Micro QR does.
const TEXT_BORDER: u8 = 4;

type Print = fn(&Picture, &Sheet, &mut Vec<u8>);

/// Nothing where 60 mm is no length.
fn on_paper(write: Print, picture: &Picture, out: &mut Vec<u8>) {
    if let Ok(width) = Length::new(60.0, Unit::Mm) {
        let sheet = Sheet {
            width,
            paint: Paint::Rgb,
            title: "",
        };
        write(picture, &sheet, out);
    }
}

/// The format called `name`, if there is one.
#[must_use]
pub fn named(name: &str) -> Option<&'static Format> {
    ALL.iter().find(|format| format.name == name)
}

/// The whole file, with the largest whole modules in `width_px` and what is left over around them. `None` if there is no
/// room for modules of one pixel.
#[must_use]
pub fn file(format: &Format, symbol: &Symbol, width_px: u32, inks: Inks) -> Option<Vec<u8>> {
    let (matrix, version) = (symbol.matrix(), symbol.version());
    let picture = Picture {
        dark: matrix,
        data: matrix,
        canvas: Canvas::fit(matrix.modules(), version.quiet_zone(), width_px)?,
        inks,
        dpi: None,
    };
    let mut out = Vec::new();
    (format.write)(&picture, &mut out);
    Some(out)
}
