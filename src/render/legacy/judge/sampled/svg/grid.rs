//! The shapes of a document as modules.
//!
//! Invariant: a cell is of one colour only if every shape that is seen in it covers it whole or has that colour.

use super::{
    super::{Cell, Embedded, Frame, Rgb, Unclear, frame::is_close},
    document::Document,
    shape::{Paint, Rect, Shape},
};

const NO_GROUND: Unclear = Unclear::Illegible("nothing covers the whole canvas behind the symbol");
const NO_SYMBOL: Unclear =
    Unclear::Illegible("there is no finder pattern in the upper left of what is painted");
const NO_GRID: Unclear = Unclear::Illegible("what is painted is no square of modules");

pub struct Grid {
    pub frame: Frame,
    pub modules: usize,
    /// What is behind the symbol, and around it.
    pub ground: Rgb,
    pub cells: Vec<Cell>,
    pub pictures: Vec<Embedded>,
}

impl Grid {
    /// # Errors
    /// `Illegible`.
    pub fn of(document: &Document) -> Result<Self, Unclear> {
        let covering = |shape: &Shape| shape.rect.covers(&document.canvas);
        let last = document
            .shapes
            .iter()
            .rposition(covering)
            .ok_or(NO_GROUND)?;
        let (below, shapes) = document.shapes.split_at(last + 1);
        let Some(Paint::Color(ground)) = below.last().map(|shape| &shape.paint) else {
            return Err(NO_GROUND);
        };
        let (square, module) = symbol(shapes)?;
        let modules = modules(&square, module)?;
        let mut grid = Self {
            frame: frame(document, &square, (module, modules)),
            modules,
            ground: *ground,
            cells: Vec::new(),
            pictures: Vec::new(),
        };
        let cell = Cell {
            rgb: *ground,
            is_mixed: false,
        };
        grid.cells.resize(modules * modules, cell);
        for shape in shapes {
            let in_modules = |n: f64, from: f64| {
                let n = (n - from) / module;
                if is_close(n, n.round()) { n.round() } else { n }
            };
            let rect = Rect {
                left: in_modules(shape.rect.left, square.left),
                top: in_modules(shape.rect.top, square.top),
                right: in_modules(shape.rect.right, square.left),
                bottom: in_modules(shape.rect.bottom, square.top),
            };
            grid.paint(&rect, &shape.paint);
        }
        Ok(grid)
    }

    fn paint(&mut self, rect: &Rect, paint: &Paint) {
        if let Paint::Picture(address) = paint {
            let (width, height) = (rect.right - rect.left, rect.bottom - rect.top);
            self.pictures.push(Embedded {
                place: [rect.left, rect.top, width, height],
                address: *address,
            });
        }
        let (rows, columns) = (
            self.touched(rect.top, rect.bottom),
            self.touched(rect.left, rect.right),
        );
        for y in rows {
            for (x, is_wide) in columns
                .clone()
                .map(|x| (x, covers(rect.left, rect.right, x)))
            {
                let is_whole = is_wide && covers(rect.top, rect.bottom, y);
                let cell = &mut self.cells[y * self.modules + x];
                match paint {
                    Paint::Color(rgb) if is_whole => {
                        *cell = Cell {
                            rgb: *rgb,
                            is_mixed: false,
                        }
                    }
                    Paint::Color(rgb) if *rgb == cell.rgb => {}
                    // Whatever a picture shows: it may be different at every place.
                    _ => cell.is_mixed = true,
                }
            }
        }
    }

    /// The modules of which something from `from` to `to` covers at least a part.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // A cast saturates.
    fn touched(&self, from: f64, to: f64) -> std::ops::Range<usize> {
        let end = (to.ceil() as usize).min(self.modules);
        (from.floor() as usize).min(end)..end
    }
}

/// Whether a module is within.
fn covers(from: f64, to: f64, module: usize) -> bool {
    // Below 177.
    let at = u32::try_from(module).map_or(f64::NAN, f64::from);
    from <= at && at + 1.0 <= to
}

/// What everything of one colour covers together, and how wide a module is: a seventh of what begins in its upper left
/// corner, the upper edge of a finder pattern.
fn symbol(shapes: &[Shape]) -> Result<(Rect, f64), Unclear> {
    let is_colored = |shape: &&Shape| matches!(shape.paint, Paint::Color(_));
    let colored = || shapes.iter().filter(is_colored).map(|shape| &shape.rect);
    let first = *colored().next().ok_or(NO_SYMBOL)?;
    let square = colored().fold(first, |all, rect| all.with(rect));
    let in_corner =
        |rect: &&Rect| is_close(rect.left, square.left) && is_close(rect.top, square.top);
    let edge = colored()
        .filter(in_corner)
        .fold(square.left, |edge, rect| edge.max(rect.right));
    let module = (edge - square.left) / 7.0;
    if module > 0.0 {
        Ok((square, module))
    } else {
        Err(NO_SYMBOL)
    }
}

fn modules(square: &Rect, module: f64) -> Result<usize, Unclear> {
    let (across, down) = (
        (square.right - square.left) / module,
        (square.bottom - square.top) / module,
    );
    let fits = |modules: &u8| {
        let modules = f64::from(*modules);
        is_close(across, modules) && is_close(down, modules)
    };
    (21..=177).find(fits).map(usize::from).ok_or(NO_GRID)
}

fn frame(document: &Document, square: &Rect, (module, modules): (f64, usize)) -> Frame {
    let canvas = &document.canvas;
    let px = document.width.px / (canvas.right - canvas.left);
    Frame {
        paper: document.width.paper,
        width_px: document.width.px,
        height_px: document.width.px,
        module_px: module * px,
        modules: u32::try_from(modules).unwrap_or(177),
        margins_px: [
            square.left - canvas.left,
            square.top - canvas.top,
            canvas.right - square.right,
            canvas.bottom - square.bottom,
        ]
        .map(|units| units * px),
    }
}
