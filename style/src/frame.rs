//! What stands around a symbol: a border, and a band with text at one side.
//!
//! Invariant: the symbol with its quiet zone stays a square that nothing covers, whole modules from the picture's corner; the
//! picture is whole modules wide and high.

use symbol::file::Ink;

use crate::{
    geometry::{MODULE, Outline, Point, Segment, units},
    scene::{Layer, Paint, Role, Shape},
    style::words,
    text::{Set, Text},
};

words! {
    FrameKind {
        /// A line around symbol and text.
        Simple = "simple",
        /// The same with round corners.
        Rounded = "rounded",
        /// A line around the symbol, and the text in a filled band of its own.
        Bubble = "bubble",
        /// The same; the band points at the symbol.
        Speech = "speech",
        /// A filled plate with the symbol and the text on it.
        Badge = "badge",
    }
}

words! {
    /// Of the symbol, where the text is.
    Side {
        Top = "top",
        Bottom = "bottom",
        Left = "left",
        Right = "right",
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub kind: FrameKind,
    pub ink: Ink,
    /// Of the border, in modules: 0.0..=[`Frame::MAX_WIDTH`].
    pub width: f32,
    /// Without one the frame is a border only.
    pub text: Option<Text>,
    pub position: Side,
}

impl Frame {
    pub const MAX_WIDTH: f32 = 8.0;
}

/// A frame around a square of some width.
#[derive(Clone, Debug, PartialEq)]
pub struct Framed {
    /// Of the whole picture, in units: whole modules.
    pub width: i32,
    pub height: i32,
    /// Upper left corner of the square.
    pub origin: Point,
    /// The frame, then its text.
    pub layers: Vec<Layer>,
}

/// Shares of the square's width: size of the font above or below, and beside; radius of a round hole; height of the text above or
/// below; width of the column beside; distance of a separate band.
const LARGEST: f64 = 0.12;
const BESIDE: f64 = 0.15;
const RADIUS: f64 = 0.07;
const HIGHEST: f64 = 0.32;
const COLUMN: f64 = 0.5;
const APART: f64 = 0.03;
/// As [`APART`], where there is a pointer in between.
const POINTER: f64 = 0.065;
/// Ems from text to the edge of what it is on.
const PADDING: f64 = 0.55;
/// Ems from text to the square, where nothing else is between them: the quiet zone already keeps them apart.
const NEAR: f64 = 0.2;
/// Height of a line of capitals, in ems. No field is lower.
const CAPITALS: f64 = 0.714;
/// A circle's arc stays this share of the radius away from the corner of its square.
const ARC: f64 = 0.3;

impl Framed {
    /// `inner`: width of the symbol and its quiet zone, units. `ground`: behind all.
    #[must_use]
    pub fn around(frame: &Frame, inner: i32, ground: Ink) -> Self {
        let plan = Plan::new(frame, inner);
        let outer = plan.around(plan.edge, plan.out);
        let origin = Point::modules(-outer.x, -outer.y);
        let mut layers = Vec::new();
        let mut add = |outline: &Outline, ink: Ink, on: Option<Ink>| {
            if !outline.contours.is_empty() {
                layers.push(Layer {
                    shape: Shape::Outline(outline.moved(origin)),
                    paint: Paint::Ink(ink),
                    on,
                    role: Role::Frame,
                });
            }
        };
        add(&plan.plate(), frame.ink, None);
        let field = plan.field();
        let (left, top) = (units(field.x), units(field.y));
        let at = Point::new(
            left + (units(field.width) - plan.text.width) / 2,
            top + (units(field.height) - plan.text.height) / 2,
        );
        let text = plan.text.outline.moved(at);
        if frame.kind.is_filled() {
            add(&text, readable(frame.ink, ground), Some(frame.ink));
        } else {
            add(&text, frame.ink, None);
        }
        Self {
            width: units(outer.width),
            height: units(outer.height),
            origin,
            layers,
        }
    }
}

impl FrameKind {
    /// Whether the text is on the frame's ink.
    const fn is_filled(self) -> bool {
        matches!(self, Self::Bubble | Self::Speech | Self::Badge)
    }

    /// Whether the text has a band of its own, outside of the border.
    const fn is_apart(self) -> bool {
        matches!(self, Self::Bubble | Self::Speech)
    }
}

/// The ground's colour, or black or white where that is clear or too near to the ink.
fn readable(ink: Ink, ground: Ink) -> Ink {
    let luma = |ink: Ink| {
        let [r, g, b] = ink.rgb.map(u32::from);
        (299 * r + 587 * g + 114 * b) / 1000
    };
    let light = luma(ink);
    match ground.alpha {
        255 if light.abs_diff(luma(ground)) >= 100 => ground,
        _ if light > 140 => Ink::BLACK,
        _ => Ink::WHITE,
    }
}

/// In modules from the upper left corner of the square.
#[derive(Clone, Copy)]
struct Rectangle {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Rectangle {
    fn rounded(self, radius: f64) -> Outline {
        let size = (self.width, self.height);
        Outline::rectangle((self.x, self.y), size, [radius; 4])
    }
}

/// Lengths in modules. Distances go outwards from the square.
struct Plan {
    kind: FrameKind,
    side: Side,
    square: f64,
    border: f64,
    /// Radius of the border's hole.
    radius: f64,
    /// Distance of the border's outer edge. Whole.
    edge: f64,
    /// Distance of the picture's edge at the side with the text. Whole.
    out: f64,
    /// Distance of a separate band.
    near: f64,
    /// From the band's ends to the text, outwards.
    padding: [f64; 2],
    text: Set,
}

impl Plan {
    fn new(frame: &Frame, inner: i32) -> Self {
        let square = f64::from(inner) / f64::from(MODULE);
        let border = f64::from(frame.width.clamp(0.0, Frame::MAX_WIDTH));
        let radius = match frame.kind {
            FrameKind::Simple => 0.0,
            _ => square * RADIUS,
        };
        let edge = (border + radius * ARC).ceil();
        let mut plan = Self {
            kind: frame.kind,
            side: frame.position,
            square,
            border,
            radius,
            edge,
            out: edge,
            near: edge,
            padding: [0.0; 2],
            text: Set::default(),
        };
        if let Some(text) = &frame.text {
            plan.make_room(text);
        }
        plan
    }

    fn make_room(&mut self, text: &Text) {
        if self.kind.is_apart() {
            let share = match self.kind {
                FrameKind::Speech => POINTER,
                _ => APART,
            };
            self.near = self.edge + self.square * share;
        }
        let largest = self.square * if self.is_beside() { BESIDE } else { LARGEST };
        let ends = if self.kind.is_filled() {
            [PADDING; 2]
        } else {
            [NEAR, PADDING]
        };
        self.padding = ends.map(|ems| ems * largest);
        let across = self.square - 2.0 * PADDING * largest;
        let (near, far) = self.field_ends();
        if self.is_beside() {
            self.out = (near + self.square * COLUMN + far).ceil();
            self.text = text.set(self.out - near - far, across, largest);
        } else {
            self.text = text.set(across, self.square * HIGHEST, largest);
            let height = f64::from(self.text.height) / f64::from(MODULE);
            self.out = (near + height.max(largest * CAPITALS) + far).ceil();
        }
    }

    const fn is_beside(&self) -> bool {
        matches!(self.side, Side::Left | Side::Right)
    }

    /// Where the band with the text begins, outwards from the square, and how far from the picture's edge it ends.
    fn band_ends(&self) -> (f64, f64) {
        match self.kind {
            FrameKind::Simple | FrameKind::Rounded => (0.0, self.border),
            FrameKind::Bubble | FrameKind::Speech => (self.near, 0.0),
            FrameKind::Badge => (self.edge - self.border, 0.0),
        }
    }

    /// The same without its padding: what is left for text.
    fn field_ends(&self) -> (f64, f64) {
        let (near, far) = self.band_ends();
        (near + self.padding[0], far + self.padding[1])
    }

    /// The field that the text is centred in.
    fn field(&self) -> Rectangle {
        let (near, far) = self.field_ends();
        self.strip(near, self.out - far)
    }

    /// Beside the square, as wide or high as the border.
    fn strip(&self, from: f64, to: f64) -> Rectangle {
        let (long, start) = (self.square + 2.0 * self.edge, -self.edge);
        let along = match self.side {
            Side::Top | Side::Left => -to,
            Side::Bottom | Side::Right => self.square + from,
        };
        if self.is_beside() {
            Rectangle {
                x: along,
                y: start,
                width: to - from,
                height: long,
            }
        } else {
            Rectangle {
                x: start,
                y: along,
                width: long,
                height: to - from,
            }
        }
    }

    /// The square, wider by a distance, and by another one at the side with the text.
    fn around(&self, distance: f64, at_text: f64) -> Rectangle {
        let at = |side: Side| {
            if side == self.side { at_text } else { distance }
        };
        Rectangle {
            x: -at(Side::Left),
            y: -at(Side::Top),
            width: at(Side::Left) + self.square + at(Side::Right),
            height: at(Side::Top) + self.square + at(Side::Bottom),
        }
    }

    /// What is filled with the frame's ink.
    fn plate(&self) -> Outline {
        let inside = self.edge - self.border;
        let (outer, hole) = match self.kind {
            FrameKind::Simple | FrameKind::Rounded => (self.out, self.out - self.border),
            FrameKind::Bubble | FrameKind::Speech => (self.edge, inside),
            FrameKind::Badge => (self.out, inside),
        };
        let outer_radius = match self.kind {
            FrameKind::Simple => 0.0,
            _ => self.radius + self.border,
        };
        let mut plate = Outline::default();
        if self.border > 0.0 || outer > hole {
            let hole = self.around(inside, hole).rounded(self.radius);
            let outer = self.around(self.edge, outer);
            plate = outer.rounded(outer_radius).without(&hole);
        }
        if self.kind.is_apart() && self.out > self.edge {
            plate = plate.and(self.band(outer_radius));
        }
        plate
    }

    /// A separate one.
    fn band(&self, radius: f64) -> Outline {
        let band = self.strip(self.near, self.out);
        let narrow = band.width.min(band.height);
        let mut band = band.rounded(radius.min(narrow / 2.0));
        if self.kind == FrameKind::Speech {
            let (tip, half) = (self.edge, (self.near - self.edge) * 0.9);
            let middle = self.square / 2.0;
            // Clockwise, as the contour of a rounded rectangle goes: after its corner, before its next edge.
            let (place, corners) = match self.side {
                Side::Bottom => (1, [(-half, self.near), (0.0, tip), (half, self.near)]),
                Side::Left => (3, [(-half, self.near), (0.0, tip), (half, self.near)]),
                Side::Top => (5, [(half, self.near), (0.0, tip), (-half, self.near)]),
                Side::Right => (7, [(half, self.near), (0.0, tip), (-half, self.near)]),
            };
            let points = corners.map(|(across, out)| {
                let along = match self.side {
                    Side::Top | Side::Left => -out,
                    Side::Bottom | Side::Right => self.square + out,
                };
                Segment::Line(if self.is_beside() {
                    Point::modules(along, middle + across)
                } else {
                    Point::modules(middle + across, along)
                })
            });
            if let Some(contour) = band.contours.first_mut() {
                let place = place.min(contour.segments.len());
                contour.segments.splice(place..place, points);
            }
        }
        band
    }
}
