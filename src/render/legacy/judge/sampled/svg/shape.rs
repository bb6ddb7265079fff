//! What is painted: rectangles, since a symbol has nothing else.

use super::super::Rgb;

/// Rectangles of a document; the largest symbol has 16 000 runs at most.
pub const SHAPES: usize = 1 << 16;

/// A rectangle along the axes, in units of the document's `viewBox`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Rect {
    /// Between any two opposite corners.
    pub fn between(a: (f64, f64), b: (f64, f64)) -> Self {
        Self {
            left: a.0.min(b.0),
            top: a.1.min(b.1),
            right: a.0.max(b.0),
            bottom: a.1.max(b.1),
        }
    }

    pub fn covers(&self, other: &Self) -> bool {
        self.left <= other.left
            && self.top <= other.top
            && self.right >= other.right
            && self.bottom >= other.bottom
    }

    /// The smallest around both.
    pub fn with(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }
}

/// Something on the canvas.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    pub rect: Rect,
    pub paint: Paint,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Paint {
    Color(Rgb),
    /// A picture, by the SHA-256 of its address.
    Picture([u8; 32]),
}

/// From the units of an element to those of the document: times `scale`, plus `shift`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transform {
    pub scale: f64,
    pub shift: (f64, f64),
}

impl Transform {
    pub const NONE: Self = Self {
        scale: 1.0,
        shift: (0.0, 0.0),
    };

    /// First `inner`, then this.
    pub fn after(&self, inner: &Self) -> Self {
        let (x, y) = inner.shift;
        Self {
            scale: self.scale * inner.scale,
            shift: (self.shift.0 + self.scale * x, self.shift.1 + self.scale * y),
        }
    }

    /// `scale` is not negative.
    pub fn of(&self, rect: &Rect) -> Rect {
        let (x, y) = self.shift;
        Rect {
            left: rect.left * self.scale + x,
            top: rect.top * self.scale + y,
            right: rect.right * self.scale + x,
            bottom: rect.bottom * self.scale + y,
        }
    }
}
