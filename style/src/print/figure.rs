//! What a writer of vectors draws of a layer, one path after the other.

use symbol::{Matrix, file::Ink};

use crate::{
    geometry::{Contour, MODULE, Outline, Point, Segment},
    scene::{Axis, Drawn, Layer, Modules, Paint, Sampled, Shape, Tile, trace},
    style::Pattern,
};

/// One path.
pub struct Figure {
    pub outline: Outline,
    pub drawn: How,
    /// `None`: in the layer's paint.
    pub ink: Option<Ink>,
}

pub enum How {
    /// By the non-zero rule.
    Filled,
    /// Each contour is a line of this width in modules with round ends.
    Line(f64),
    /// Along each closed contour, as wide, with round joins.
    Edge(f64),
}

/// Of a line that only has round ends, in units. Several renderers skip one of no length.
const SHORT: i32 = MODULE / 100;

/// Width of a line between joined modules, in modules.
const JOINT: f64 = 0.6;

/// In their order; a picture has none. `origin`: of the symbol.
pub fn figures(layer: &Layer, origin: Point) -> Vec<Figure> {
    let figure = |(outline, drawn)| Figure {
        outline,
        drawn,
        ink: None,
    };
    match (&layer.shape, &layer.paint) {
        (Shape::Modules(modules), Paint::Sampled(sampled)) => classes(modules, sampled, origin),
        (Shape::Outline(outline), _) => vec![figure((outline.clone(), How::Filled))],
        (Shape::Stroke { outline, width }, _) => {
            let width = super::modules(*width);
            vec![figure((outline.clone(), How::Edge(width)))]
        }
        (Shape::Picture(..), _) => Vec::new(),
        (Shape::Modules(modules), _) => match modules.pattern.drawn(0) {
            Drawn::Contours => {
                let is_soft = modules.pattern == Pattern::Rounded;
                let outline = trace(&modules.dark, is_soft).moved(origin);
                vec![figure((outline, How::Filled))]
            }
            Drawn::Lines { .. } => lines(modules, origin).into_iter().map(figure).collect(),
            Drawn::Tiles => vec![figure((
                tiles(modules, modules.places(), origin),
                How::Filled,
            ))],
        },
    }
}

/// One path per class. Where modules are joined, lines from one to the next lie beneath in the mean colour: what shows between
/// two is then no ground. They end within the modules, so that no outer edge is drawn twice.
fn classes(modules: &Modules, sampled: &Sampled, origin: Point) -> Vec<Figure> {
    let mut sum = [0_u32; 3];
    let mut count = 0;
    let mut of_class = vec![Vec::new(); sampled.colors.len()];
    for (x, y) in modules.places() {
        let class = usize::from(sampled.class(x, y));
        let (Some(color), Some(places)) = (sampled.colors.get(class), of_class.get_mut(class))
        else {
            continue;
        };
        count += 1;
        for (sum, &c) in sum.iter_mut().zip(color) {
            *sum += u32::from(c);
        }
        places.push((x, y));
    }
    let mean = sum.map(|sum| (sum / count.max(1)) as u8);
    let mut joints = Outline::default();
    for &axis in modules.pattern.joined() {
        joints = joints.and(runs(&modules.dark, axis, 2, origin));
    }
    let beneath = (joints, How::Line(JOINT), mean);
    let above = of_class
        .into_iter()
        .zip(&sampled.colors)
        .map(|(places, &rgb)| (tiles(modules, places.into_iter(), origin), How::Filled, rgb));
    let all = std::iter::once(beneath).chain(above);
    all.filter(|(outline, ..)| !outline.contours.is_empty())
        .map(|(outline, drawn, rgb)| Figure {
            outline,
            drawn,
            ink: Some(Ink::opaque(rgb)),
        })
        .collect()
}

/// Each module for itself.
fn tiles(
    modules: &Modules,
    places: impl Iterator<Item = (usize, usize)>,
    origin: Point,
) -> Outline {
    let mut outlines: [Option<Outline>; Tile::VARIANTS] = [const { None }; Tile::VARIANTS];
    let mut all = Outline::default();
    for (x, y) in places {
        let tile = modules.tile(x, y);
        let outline = outlines[usize::from(tile.variant())].get_or_insert_with(|| tile.outline());
        let at = Point::new(x as i32 * MODULE, y as i32 * MODULE).plus(origin);
        all = all.and(outline.moved(at));
    }
    all
}

/// Lines with round ends, one path per width.
fn lines(modules: &Modules, origin: Point) -> Vec<(Outline, How)> {
    let mut all = Vec::new();
    for variant in 0..Pattern::WIDTHS {
        let Drawn::Lines { width, along } = modules.pattern.drawn(variant) else {
            continue;
        };
        let outline = match along {
            Some(axis) if variant == 0 => runs(&modules.dark, axis, 1, origin),
            Some(_) => continue,
            None => {
                let places = modules.places();
                let same = places.filter(|&(x, y)| modules.tile(x, y).variant() == variant);
                let contours = same.map(|(x, y)| {
                    let middle = Point::middle(x, y).plus(origin);
                    line(middle, middle)
                });
                Outline {
                    contours: contours.collect(),
                }
            }
        };
        if !outline.contours.is_empty() {
            all.push((outline, How::Line(width)));
        }
    }
    all
}

/// Lines along the runs of at least so many modules, from the middle of the first to that of the last.
fn runs(dark: &Matrix, axis: Axis, least: usize, origin: Point) -> Outline {
    let size = dark.modules();
    let turned = Matrix::from_fn(size, |x, y| dark.is_dark(y, x));
    let (dark, place): (_, fn(usize, usize) -> Point) = match axis {
        Axis::Rows => (dark, Point::middle),
        Axis::Columns => (&turned, |x, y| Point::middle(y, x)),
    };
    let mut contours = Vec::new();
    for y in 0..size {
        for run in dark.runs(y).filter(|run| run.len() >= least) {
            let ends = [run.start, run.end - 1];
            let [from, to] = ends.map(|x| place(x as usize, y).plus(origin));
            contours.push(line(from, to));
        }
    }
    Outline { contours }
}

fn line(mut from: Point, mut to: Point) -> Contour {
    // Of one module.
    if from == to {
        from.x -= SHORT / 2;
        to.x += SHORT / 2;
    }
    Contour {
        start: from,
        segments: vec![Segment::Line(to)],
    }
}
