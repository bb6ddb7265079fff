//! Text as outlines: shaped once, then set into a box of any size.
//!
//! Invariant: text is never cut and never a box in place of a glyph. What no font can draw is an [`Unshaped`].
//! Contours of one glyph (accents) and of neighbours (Arabic) may overlap in one direction; the rasteriser clamps their sum.

mod lines;
mod shape;

pub use shape::{Fonts, NotAFont};

use std::{fmt, sync::Arc};

use crate::geometry::{MODULE, Outline, Point, Segment};
use lines::Lines;

/// Units of a [`Cluster`]'s outline in the width of an em.
const EM: f64 = 65536.0;

/// A text that the fonts can draw. Cheap to clone. Equal strings are equal, whatever their fonts.
#[derive(Clone)]
pub struct Text(Arc<Shaped>);

struct Shaped {
    text: String,
    /// In the order of reading.
    clusters: Vec<Cluster>,
}

/// What is set as a whole: a character with its accents, a ligature, or a place where a line may end.
struct Cluster {
    kind: Kind,
    /// Of nested directions: even ones read from left to right.
    level: u8,
    /// Ems.
    advance: f64,
    /// 1/65536 em; its origin is on the baseline, y grows downwards.
    outline: Outline,
    /// Upper left and lower right corner of the outline.
    ink: Option<[Point; 2]>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Space,
    /// A line must end here.
    Break,
}

/// Why a text cannot be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unshaped {
    /// Nothing, or spaces only.
    Empty,
    TooLong {
        characters: usize,
    },
    Control(char),
    /// No font has it.
    Missing(char),
}

impl fmt::Display for Unshaped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Empty => write!(f, "the text is empty"),
            Self::TooLong { characters } => {
                let most = Text::MAX_CHARACTERS;
                write!(
                    f,
                    "the text has {characters} characters; {most} are allowed"
                )
            }
            Self::Control(c) => write!(
                f,
                "the control character U+{:04X} is not allowed",
                u32::from(c)
            ),
            Self::Missing(c) => write!(
                f,
                "no font has the character '{c}' (U+{:04X})",
                u32::from(c)
            ),
        }
    }
}

impl std::error::Error for Unshaped {}

/// A text in its box. The box is as small as the text; its upper left corner is (0, 0).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    pub outline: Outline,
    /// Units.
    pub width: i32,
    pub height: i32,
}

impl Text {
    pub const MAX_CHARACTERS: usize = 200;

    /// Lines end at `\n` and `\r\n`.
    ///
    /// # Errors
    ///
    /// [`Unshaped`] for a text that cannot be drawn.
    pub fn new(text: &str, fonts: &Fonts) -> Result<Self, Unshaped> {
        let characters = text.chars().count();
        if characters > Self::MAX_CHARACTERS {
            return Err(Unshaped::TooLong { characters });
        }
        let mut all = text.lines().flat_map(str::chars);
        if let Some(control) = all.find(|c| c.is_control()) {
            return Err(Unshaped::Control(control));
        }
        let clusters = shape::clusters(text, fonts)?;
        if clusters.iter().all(|cluster| cluster.ink.is_none()) {
            return Err(Unshaped::Empty);
        }
        Ok(Self(Arc::new(Shaped {
            text: text.to_owned(),
            clusters,
        })))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// In centred lines, as large as `width` × `height` allow, at most `largest`: the size of the font. All in modules. Words stay
    /// whole unless one is longer than a line at two fifths of `largest`. Nothing for a box of no size.
    #[must_use]
    pub fn set(&self, width: f64, height: f64, largest: f64) -> Set {
        let lines = Lines::new(&self.0.clusters);
        let Some(placed) = lines.place(width, height, largest) else {
            return Set::default();
        };
        let mut outline = Outline::default();
        for (cluster, x, y) in placed.clusters {
            let at = Point::modules(x * placed.size, y * placed.size);
            let scaled = cluster
                .outline
                .scaled(0.0, placed.size * f64::from(MODULE) / EM);
            outline.contours.extend(scaled.moved(at).contours);
        }
        let Some([min, max]) = bounds(&outline) else {
            return Set::default();
        };
        Set {
            outline: outline.moved(Point::new(-min.x, -min.y)),
            width: max.x - min.x,
            height: max.y - min.y,
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

impl Eq for Text {}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Text").field(&self.0.text).finish()
    }
}

/// Upper left and lower right corner of a box with all points of an outline, those that control curves too.
fn bounds(outline: &Outline) -> Option<[Point; 2]> {
    let points = outline.contours.iter().flat_map(|contour| {
        let pieces = contour.segments.iter().flat_map(|segment| match *segment {
            Segment::Line(end) => [end; 3],
            Segment::Quadratic(control, end) => [control, end, end],
            Segment::Cubic(first, second, end) => [first, second, end],
        });
        pieces.chain([contour.start])
    });
    points.map(|p| [p, p]).reduce(|[min, max], [p, _]| {
        [
            Point::new(min.x.min(p.x), min.y.min(p.y)),
            Point::new(max.x.max(p.x), max.y.max(p.y)),
        ]
    })
}
