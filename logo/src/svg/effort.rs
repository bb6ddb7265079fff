//! What resvg may draw: an estimate of the time and memory that a tree takes, from what each step cost on one processor of 2024.
//!
//! Invariant: it never takes long itself, and an accepted tree is drawn within about [`NANOSECONDS`].

use resvg::{
    tiny_skia::{Path, PathSegment, PathStroker, Rect, Transform},
    usvg::{BlendMode, ClipPath, Group, Node, Paint, Tree},
};

use super::guard::too_much;
use crate::Refused;

const NANOSECONDS: f32 = 80e6;
/// Pixels of layers that exist at the same time: each takes 9 bytes.
const LAYERS: f32 = 8e6;
/// Dashes of all strokes.
const DASHES: f32 = 10_000.0;
/// Pixels from the picture's corner to a shape.
const FAR: f32 = 1e5;

/// Costs in nanoseconds.
const SEGMENT: f32 = 300.0;
/// Of an edge in one row of pixels, and of each pair of edges in one row, which may have to be sorted.
const EDGE: f32 = 80.0;
const PAIR: f32 = 0.5;
/// Of a pixel: painted, painted with a gradient and its stops, in a layer, blended, and clipped.
const PIXEL: f32 = 8.0;
const GRADIENT: f32 = 40.0;
const STOP: f32 = 0.5;
const LAYER: f32 = 15.0;
const BLEND: f32 = 20.0;
const CLIP: f32 = 15.0;

pub fn check(
    tree: &Tree,
    transform: Transform,
    (width, height): (u32, u32),
) -> Result<(), Refused> {
    let (width, height) = (width as f32, height as f32);
    let frame = Rect::from_xywh(0.0, 0.0, width, height).ok_or_else(too_much)?;
    // As resvg bounds layers.
    let most = Rect::from_xywh(-2.0 * width, -2.0 * height, 5.0 * width, 5.0 * height)
        .ok_or_else(too_much)?;
    let mut effort = Effort {
        spent: 0.0,
        dashes: 0.0,
        most,
        rows: Vec::new(),
    };
    effort.group(tree.root(), transform, frame, 0.0)
}

struct Effort {
    spent: f32,
    dashes: f32,
    /// The largest layer.
    most: Rect,
    /// Edges that begin less those that end, for each row of the frame.
    rows: Vec<f32>,
}

impl Effort {
    /// `frame` is what is drawn upon, `layers` the pixels of all layers around.
    fn group(
        &mut self,
        group: &Group,
        around: Transform,
        mut frame: Rect,
        mut layers: f32,
    ) -> Result<(), Refused> {
        let transform = around.pre_concat(group.transform());
        if group.should_isolate() {
            let bounds = group
                .layer_bounding_box()
                .to_rect()
                .transform(transform)
                .ok_or_else(too_much)?;
            let Some(layer) = bounds.intersect(&self.most) else {
                return Ok(());
            };
            frame = layer;
            layers += area(frame);
            if layers > LAYERS {
                return Err(too_much());
            }
            let blend = if group.blend_mode() == BlendMode::Normal {
                0.0
            } else {
                BLEND
            };
            self.spend(area(frame) * (LAYER + blend))?;
            if let Some(clip) = group.clip_path() {
                self.clip(clip, transform, frame, layers)?;
            }
        }
        for child in group.children() {
            match child {
                Node::Group(inner) => self.group(inner, transform, frame, layers)?,
                Node::Path(path) => self.path(path, transform, frame)?,
                Node::Image(_) | Node::Text(_) => return Err(too_much()),
            }
        }
        Ok(())
    }

    fn clip(
        &mut self,
        clip: &ClipPath,
        transform: Transform,
        frame: Rect,
        layers: f32,
    ) -> Result<(), Refused> {
        let layers = layers + area(frame);
        if layers > LAYERS {
            return Err(too_much());
        }
        self.spend(area(frame) * CLIP)?;
        self.clipping(
            clip.root(),
            transform.pre_concat(clip.transform()),
            frame,
            layers,
        )?;
        clip.clip_path()
            .map_or(Ok(()), |clip| self.clip(clip, transform, frame, layers))
    }

    fn clipping(
        &mut self,
        group: &Group,
        transform: Transform,
        frame: Rect,
        layers: f32,
    ) -> Result<(), Refused> {
        for child in group.children() {
            match child {
                Node::Group(inner) => {
                    let transform = transform.pre_concat(inner.transform());
                    if let Some(clip) = inner.clip_path() {
                        self.clip(clip, transform, frame, layers + area(frame))?;
                    }
                    self.clipping(inner, transform, frame, layers)?;
                }
                Node::Path(path) => self.fill(path.data(), transform, frame, PIXEL)?,
                Node::Image(_) | Node::Text(_) => return Err(too_much()),
            }
        }
        Ok(())
    }

    fn path(
        &mut self,
        path: &resvg::usvg::Path,
        transform: Transform,
        frame: Rect,
    ) -> Result<(), Refused> {
        if let Some(fill) = path.fill() {
            self.fill(path.data(), transform, frame, pixel(fill.paint()))?;
        }
        let Some(stroke) = path.stroke() else {
            return Ok(());
        };
        let scale = PathStroker::compute_resolution_scale(&transform);
        let dashed = stroke
            .dasharray()
            .map(|dashes| (dashes.len() as f32, dashes.iter().sum::<f32>()));
        let stroke = (pixel(stroke.paint()), stroke.to_tiny_skia());
        let mut outline = path.data().clone();
        if let (Some(dash), Some((count, sum))) = (&stroke.1.dash, dashed) {
            let (length, pieces) = measure(&outline, scale);
            self.dashes += length / sum * count;
            self.spend(pieces * SEGMENT)?;
            if self.dashes.is_nan() || self.dashes > DASHES {
                return Err(too_much());
            }
            outline = outline.dash(dash, scale).ok_or_else(too_much)?;
        }
        // A hairline is drawn without an outline, for less.
        self.spend(outline.len() as f32 * SEGMENT)?;
        match outline.stroke(&stroke.1, scale) {
            Some(outline) => self.fill(&outline, transform, frame, stroke.0),
            None => Ok(()),
        }
    }

    /// A path that is filled, at `pixel` for each pixel.
    fn fill(
        &mut self,
        path: &Path,
        transform: Transform,
        frame: Rect,
        pixel: f32,
    ) -> Result<(), Refused> {
        let bounds = path.bounds().transform(transform).ok_or_else(too_much)?;
        if bounds.left() < -FAR
            || bounds.top() < -FAR
            || bounds.right() > FAR
            || bounds.bottom() > FAR
        {
            return Err(too_much());
        }
        self.spend(path.len() as f32 * SEGMENT)?;
        let Some(seen) = bounds.intersect(&frame) else {
            return Ok(());
        };
        self.spend(area(seen) * pixel)?;
        self.rows.clear();
        self.rows.resize(frame.height() as usize + 2, 0.0);
        let last = self.rows.len() - 1;
        each(path, transform, |points, weight| {
            let row = |y: f32| ((y - frame.top()).clamp(0.0, frame.height()) as usize).min(last);
            let ys = points.iter().map(|point| point.1);
            self.rows[row(ys.clone().fold(f32::MAX, f32::min))] += weight;
            self.rows[(row(ys.fold(f32::MIN, f32::max)) + 1).min(last)] -= weight;
        });
        let mut edges = 0.0;
        let mut sum = 0.0;
        for change in &self.rows {
            edges += change;
            sum += edges * (EDGE + edges * PAIR);
        }
        self.spend(sum)
    }

    fn spend(&mut self, nanoseconds: f32) -> Result<(), Refused> {
        self.spent += nanoseconds;
        // Not a number is too much as well.
        if self.spent < NANOSECONDS {
            Ok(())
        } else {
            Err(too_much())
        }
    }
}

fn area(rect: Rect) -> f32 {
    rect.width() * rect.height()
}

fn pixel(paint: &Paint) -> f32 {
    let stops = match paint {
        Paint::Color(_) => return PIXEL,
        Paint::LinearGradient(gradient) => gradient.stops().len(),
        Paint::RadialGradient(gradient) => gradient.stops().len(),
        Paint::Pattern(_) => return f32::INFINITY,
    };
    GRADIENT + stops as f32 * STOP
}

/// Calls `see` with the points of each segment, and with how often it may cross a row.
fn each(path: &Path, transform: Transform, mut see: impl FnMut(&[(f32, f32)], f32)) {
    let (mut from, mut first) = ((0.0, 0.0), (0.0, 0.0));
    for segment in path.segments() {
        let at = |mut point: resvg::tiny_skia::Point| {
            transform.map_point(&mut point);
            (point.x, point.y)
        };
        let end = match segment {
            PathSegment::MoveTo(to) => {
                first = at(to);
                first
            }
            PathSegment::LineTo(to) => {
                see(&[from, at(to)], 1.0);
                at(to)
            }
            PathSegment::QuadTo(by, to) => {
                see(&[from, at(by), at(to)], 2.0);
                at(to)
            }
            PathSegment::CubicTo(by, then, to) => {
                see(&[from, at(by), at(then), at(to)], 3.0);
                at(to)
            }
            PathSegment::Close => {
                see(&[from, first], 1.0);
                first
            }
        };
        from = end;
    }
}

/// An upper bound of the length, in units of the path, and about how many pieces its curves are divided into.
fn measure(path: &Path, scale: f32) -> (f32, f32) {
    let (mut length, mut pieces) = (0.0, 0.0);
    each(path, Transform::identity(), |points, _| {
        let steps = points
            .windows(2)
            .map(|pair| (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1));
        let hull: f32 = steps.sum();
        length += hull;
        pieces += 1.0 + 2.0 * (hull * scale).sqrt();
    });
    (length, pieces)
}
