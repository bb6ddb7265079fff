//! Pixels around the square that a symbol and its quiet zone fill.
//!
//! Invariant: the symbol stays in the middle. An odd pixel goes to the right and to the bottom.

use super::{Problem, Spec};
use crate::kernel::limits::IMAGE_PX;

/// Added to the square of `size`, half of it on each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Padding {
    /// To the width.
    pub across_px: u32,
    /// To the height.
    pub down_px: u32,
}

impl Padding {
    /// The same on all four sides.
    #[must_use]
    pub const fn around(px: u32) -> Self {
        let both = px.saturating_mul(2);
        Self {
            across_px: both,
            down_px: both,
        }
    }

    /// What makes a picture of this width and height of the square that fits into it.
    #[must_use]
    pub fn to(size_px: [u32; 2]) -> Self {
        let side = size_px[0].min(size_px[1]);
        Self {
            across_px: size_px[0] - side,
            down_px: size_px[1] - side,
        }
    }

    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            across_px: self.across_px.saturating_add(other.across_px),
            down_px: self.down_px.saturating_add(other.down_px),
        }
    }

    #[must_use]
    pub(super) const fn is_none(self) -> bool {
        self.across_px == 0 && self.down_px == 0
    }

    /// The picture stays a square.
    pub(super) const fn is_square(self) -> bool {
        self.across_px == self.down_px
    }

    /// Of both directions.
    pub(super) fn everywhere_px(self) -> u32 {
        self.across_px.min(self.down_px)
    }

    pub(super) fn most_px(self) -> u32 {
        self.across_px.max(self.down_px)
    }

    /// Beyond what is the same in both directions: to the width, and to the height.
    pub(super) fn rest_px(self) -> [u32; 2] {
        [self.across_px, self.down_px].map(|px| px - self.everywhere_px())
    }

    pub(super) fn problem(self, spec: &Spec) -> Option<Problem> {
        let is_plain = spec.style.is_none() && !spec.format.is_for_print();
        let is_drawn = is_plain && (self.is_square() || !spec.format.is_vector());
        if !self.is_none() && !is_drawn {
            return Some(Problem::WholeModules);
        }
        let side_px = spec.size.pixels().saturating_add(self.most_px());
        (!self.is_none() && side_px > IMAGE_PX).then_some(Problem::Pixels {
            px: side_px,
            most: IMAGE_PX,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Format, Request, Size, layout::CanvasLayout};

    fn spec(padding: Padding) -> Spec {
        Spec {
            padding,
            size: Size::Pixels(100),
            ..Spec::new("a")
        }
    }

    #[test]
    fn the_symbol_stays_where_it_was_in_its_square() {
        let bare = CanvasLayout::raster(&spec(Padding::default()), 21);
        let padded = CanvasLayout::raster(&spec(Padding::around(7)), 21);
        assert_eq!((padded.width, padded.scale), (114, bare.scale));
        assert_eq!(padded.offset, bare.offset + 7);
        let wide = Padding::to([300, 200]);
        assert_eq!((wide.across_px, wide.down_px), (100, 0));
        assert_eq!(wide.plus(Padding::around(1)).rest_px(), [100, 0]);
    }

    #[test]
    fn only_plain_pictures_on_screens_have_padding_and_each_has_its_digest() {
        let digest = |padding| Request::new(spec(padding)).unwrap().digest();
        let all = [
            Padding::default(),
            Padding::around(1),
            Padding::to([9, 8]),
            Padding::to([8, 9]),
        ];
        for (n, one) in all.into_iter().enumerate() {
            for other in &all[n + 1..] {
                assert_ne!(digest(one), digest(*other));
            }
        }
        for (format, padding, is_drawn) in [
            (Format::Svg, Padding::around(5), true),
            (Format::Svg, Padding::to([9, 8]), false),
            (Format::Eps, Padding::around(5), false),
            (Format::Gif, Padding::to([9, 8]), true),
            (Format::Png, Padding::around(IMAGE_PX), false),
        ] {
            let spec = Spec {
                format,
                ..spec(padding)
            };
            assert_eq!(
                Request::new(spec).is_ok(),
                is_drawn,
                "{format:?} {padding:?}"
            );
        }
    }
}
