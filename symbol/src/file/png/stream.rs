//! The compressed scanlines, written from what is known of them instead of searched for.
//!
//! Invariant: whatever is said to the deflate stream is what [`Line`] holds.

use super::adler::Adler;
use super::line::{Layout, Line, Planes};
use crate::file::Picture;
use crate::file::deflate::{Deflate, MAX_COPY, MIN_COPY};

/// A zlib stream (RFC 1950) of all scanlines.
///
/// A scanline is mostly the one above it: all of it within a row of modules, in parts from one row to the next. What is
/// not is runs: dark or light bytes, and bytes with an edge in them.
pub(super) fn write(picture: &Picture, layout: &Layout, out: &mut Vec<u8>) {
    let canvas = picture.canvas;
    let modules = picture.modules();
    let below = canvas.width_px()
        - canvas.offset_px()
        - canvas.module_px() * u32::try_from(modules).unwrap_or(0);
    let mut scanlines = Scanlines {
        deflate: Deflate::with_capacity(modules * modules / 2 + 64),
        adler: Adler::new(),
        line: Line::new(layout),
        waiting: 0,
        change: 0,
    };
    let mut above = None;
    let rows = (0..modules).map(|y| (layout.planes(picture.dark, y, modules), canvas.module_px()));
    let light = |height_px| std::iter::once((Planes::default(), height_px));
    for (planes, height_px) in light(canvas.offset_px()).chain(rows).chain(light(below)) {
        if height_px > 0 {
            scanlines.row(layout, &planes, above.as_ref(), height_px);
            above = Some(planes);
        }
    }
    // Deflate with the largest window, and that it was not compressed hard.
    out.extend_from_slice(&[0x78, 0x01]);
    let check = scanlines.finish(out);
    out.extend_from_slice(&check.to_be_bytes());
}

struct Scanlines {
    deflate: Deflate,
    adler: Adler,
    line: Line,
    /// So many bytes are like those one scanline before, but it is not said yet.
    waiting: usize,
    /// The first of `line.changes` that is not behind.
    change: usize,
}

impl Scanlines {
    /// A row of modules, and so many scanlines of it.
    fn row(&mut self, layout: &Layout, planes: &Planes, above: Option<&Planes>, height_px: u32) {
        let len = layout.line_bytes();
        if above == Some(planes) {
            self.waiting += len * height_px as usize;
        } else {
            self.line.paint(layout, planes, above);
            self.first_scanline();
            self.waiting += len * (height_px as usize - 1);
        }
        self.adler.repeat(self.line.bytes(), height_px);
    }

    /// The line where it differs from the one above.
    fn first_scanline(&mut self) {
        self.change = 0;
        let len = self.line.bytes().len();
        let differing = std::mem::take(&mut self.line.differing);
        // Up to here it is said.
        let mut said = 0;
        // Up to here it is like above.
        let mut like = 0;
        for range in &differing {
            let copied = if like == 0 {
                self.say_waiting(range.start)
            } else if self.is_worth_copying(like, range.start) {
                self.runs(said, like);
                self.deflate.copy(range.start - like, len);
                range.start
            } else {
                said
            };
            said = copied;
            like = range.end;
        }
        self.runs(said, like);
        self.waiting = len - like;
        self.line.differing = differing;
    }

    /// Copies what waits, and `more` bytes of this line. Says how many of those it has.
    fn say_waiting(&mut self, more: usize) -> usize {
        let len = self.line.bytes().len();
        let rest = (self.waiting + more) % MAX_COPY;
        // What is left over may be cheaper another way.
        let more = if rest <= more && !self.is_worth_copying(more - rest, more) {
            more - rest
        } else {
            more
        };
        if self.waiting + more > 0 {
            self.deflate.copy(self.waiting + more, len);
        }
        self.waiting = 0;
        more
    }

    /// Whether bytes that are like those above are said by a copy rather than by [`Self::runs`].
    fn is_worth_copying(&self, from: usize, to: usize) -> bool {
        let changes = self.line.changes[self.change..].iter();
        let within = changes
            .skip_while(|&&at| at < from)
            .take_while(|&&at| at < to);
        to >= from + MIN_COPY && within.take(2).count() == 2
    }

    /// Bytes `from..to`, as literals and copies of the byte before.
    fn runs(&mut self, from: usize, to: usize) {
        let bytes = self.line.bytes();
        let mut at = from;
        while at < to {
            while self.line.changes[self.change] < at {
                self.change += 1;
            }
            let change = self.line.changes[self.change].min(to);
            let run = change - at;
            if run > MIN_COPY && at > 0 {
                self.deflate.copy(run, 1);
                at = change;
            } else {
                // The run's bytes, and the one that changes.
                let end = to.min(change.max(at) + 1).max(at + 1);
                for &byte in &bytes[at..end] {
                    self.deflate.literal(byte);
                }
                at = end;
            }
        }
    }

    fn finish(mut self, out: &mut Vec<u8>) -> u32 {
        if self.waiting > 0 {
            self.deflate.copy(self.waiting, self.line.bytes().len());
        }
        self.deflate.finish(out);
        self.adler.finish()
    }
}
