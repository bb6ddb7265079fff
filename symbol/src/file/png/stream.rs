//! The compressed scanlines, written from what is known of them instead of searched for.
//!
//! Invariant: whatever is said to the deflate stream is what [`Line`] holds.

use super::adler::Adler;
use super::line::{Line, Planes, ScanlineLayout};
use crate::file::Picture;
use crate::file::deflate::{Deflate, MAX_COPY, MIN_COPY};

/// A zlib stream (RFC 1950) of all scanlines.
///
/// A scanline is mostly the one above it: all of it within a row of modules, in parts from one row to the next. What is
/// not is runs: dark or light bytes, and bytes with an edge in them. All have filter type 0 (PNG §9.2).
pub(super) fn write(picture: &Picture, layout: &ScanlineLayout, out: &mut Vec<u8>) {
    let canvas = picture.canvas;
    let modules = picture.modules();
    let below = canvas.width_px()
        - canvas.offset_px()
        - canvas.module_px() * u32::try_from(modules).unwrap_or(0);
    let mut scanlines = Scanlines {
        deflate: Deflate::with_capacity(modules * modules + 64),
        adler: Adler::new(),
        line: Line::new(layout),
        line_bytes: layout.line_bytes(),
        waiting: 0,
    };
    let rows = (0..modules).map(|y| (layout.planes(picture.dark, y, modules), canvas.module_px()));
    let light = |height_px| std::iter::once((Planes::default(), height_px));
    let rows = light(canvas.offset_px()).chain(rows).chain(light(below));
    for (number, (planes, height_px)) in rows.filter(|(_, height_px)| *height_px > 0).enumerate() {
        scanlines.row(layout, &planes, number == 0, height_px);
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
    /// Without the filter type.
    line_bytes: usize,
    /// So many bytes are like those one scanline before, but it is not said yet. 0 or at least 3: a copy's length.
    waiting: usize,
}

impl Scanlines {
    /// A row of modules, and so many scanlines of it.
    fn row(&mut self, layout: &ScanlineLayout, planes: &Planes, is_first: bool, height_px: u32) {
        self.line.paint(layout, planes);
        let mut repeated = height_px as usize;
        let (mut said, mut like) = (self.line_bytes, self.line_bytes);
        let unlike = self.line.differing.next(0, self.line_bytes);
        if is_first {
            self.deflate.literals([0].into_iter());
            said = 0;
            repeated -= 1;
        } else if unlike < self.line_bytes {
            (said, like) = self.changed_scanline(unlike);
            repeated -= 1;
        }
        let waiting = self.waiting + (self.line_bytes - like) + repeated * (1 + self.line_bytes);
        if waiting >= MIN_COPY {
            self.runs(said, like);
            self.waiting = waiting;
        } else {
            // Too little to wait for: the row is one scanline high, or the canvas a byte wide.
            self.runs(said, self.line_bytes);
            for _ in 0..repeated {
                self.deflate.literals([0].into_iter());
                self.runs(0, self.line_bytes);
            }
        }
        self.adler
            .repeat(self.line.words(), self.line_bytes, height_px);
    }

    /// Says of the line what differs from the one above, first at `unlike`, and what lies before that. Returns how many
    /// bytes are said, and from where on all are like above.
    fn changed_scanline(&mut self, mut unlike: usize) -> (usize, usize) {
        let end = self.line_bytes;
        let mut said = self.say_waiting(unlike);
        let mut like = 0;
        while unlike < end {
            like = self.line.differing.next_absent(unlike, end);
            unlike = self.line.differing.next(like, end);
            if unlike < end && self.is_worth_copying(like, unlike) {
                self.runs(said, like);
                self.deflate.copy(unlike - like, 1 + end);
                said = unlike;
            }
        }
        (said, like)
    }

    /// Copies what waits, the filter type, and `more` bytes of this line. Says how many of those it has.
    fn say_waiting(&mut self, more: usize) -> usize {
        let waiting = std::mem::take(&mut self.waiting);
        if waiting == 0 {
            self.deflate.literals([0].into_iter());
            return 0;
        }
        let rest = (waiting + 1 + more) % MAX_COPY;
        // What is left over may be cheaper another way.
        let more = if rest <= more && !self.is_worth_copying(more - rest, more) {
            more - rest
        } else {
            more
        };
        self.deflate.copy(waiting + 1 + more, 1 + self.line_bytes);
        more
    }

    /// Whether bytes that are like those above are said by a copy rather than by [`Self::runs`].
    fn is_worth_copying(&self, from: usize, to: usize) -> bool {
        let changed = &self.line.changed;
        to >= from + MIN_COPY && changed.next(changed.next(from, to) + 1, to) < to
    }

    /// Bytes `from..to`, as literals and copies of the byte before.
    fn runs(&mut self, from: usize, to: usize) {
        let line = &self.line;
        let mut at = from;
        while at < to {
            let run = line.long_runs.next(at, to);
            self.deflate.literals((at..run).map(|at| line.byte(at)));
            at = line.changed.next(run, to);
            if at - run >= MIN_COPY {
                self.deflate.copy(at - run, 1);
            } else {
                // The rest of the run is said otherwise.
                self.deflate.literals((run..at).map(|at| line.byte(at)));
            }
        }
    }

    fn finish(mut self, out: &mut Vec<u8>) -> u32 {
        if self.waiting > 0 {
            self.deflate.copy(self.waiting, 1 + self.line_bytes);
        }
        self.deflate.finish(out);
        self.adler.finish()
    }
}
