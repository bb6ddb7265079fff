//! The units of a document, and what is drawn in them: the ground.
//!
//! Invariant: modules and canvas have whole coordinates, so that nothing is rounded.

use super::{
    super::{frame::Frame, layers::Ground, number},
    paint,
};

/// The canvas is a square of `width` whose upper left corner is (`corner`, `corner`); the first module's is
/// (`first`, `first`), and a module is `module` wide.
pub struct View {
    pub corner: i64,
    pub width: i64,
    first: i64,
    module: i64,
}

impl View {
    /// In modules from the first one if the canvas is made of whole modules; else in pixels from its corner.
    pub fn of(frame: Frame) -> Self {
        match frame.in_modules() {
            Some((border, width)) => Self {
                corner: -border,
                width,
                first: 0,
                module: 1,
            },
            None => Self {
                corner: 0,
                width: frame.width_px,
                first: frame.offset_px,
                module: frame.module_px,
            },
        }
    }

    /// The canvas; if it is hollow, without a square of `modules` along one side.
    pub fn ground(&self, ground: &Ground, modules: i64, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<path");
        paint("fill", ground.ink, out);
        if ground.is_hollow {
            out.extend_from_slice(br#" fill-rule="evenodd""#);
        }
        out.extend_from_slice(br#" d=""#);
        square(self.corner, self.width, out);
        if ground.is_hollow {
            square(self.first, modules * self.module, out);
        }
        out.extend_from_slice(br#""/>"#);
    }

    /// From here on (0, 0) is the first module's corner, and a module is 1 wide.
    pub fn begin_modules(&self, out: &mut Vec<u8>) {
        if self.is_in_modules() {
            return;
        }
        out.extend_from_slice(br#"<g transform="translate("#);
        number::integer(out, self.first);
        out.push(b' ');
        number::integer(out, self.first);
        out.extend_from_slice(b") scale(");
        number::integer(out, self.module);
        out.extend_from_slice(br#")">"#);
    }

    pub fn end_modules(&self, out: &mut Vec<u8>) {
        if !self.is_in_modules() {
            out.extend_from_slice(b"</g>");
        }
    }

    const fn is_in_modules(&self) -> bool {
        self.first == 0 && self.module == 1
    }
}

/// A filled path is closed at its end whether it says so or not.
fn square(corner: i64, width: i64, out: &mut Vec<u8>) {
    let between = if corner < 0 { "" } else { " " };
    for (command, n) in [
        ("M", corner),
        (between, corner),
        ("h", width),
        ("v", width),
        ("h", -width),
    ] {
        out.extend_from_slice(command.as_bytes());
        number::integer(out, n);
    }
}
