//! The renderer on our own symbol engine.
//!
//! Invariant: the bytes depend on the request only.

mod drawing;
mod styled;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;

use ::style::Style;
use drawing::Drawing;

use super::{Facts, Format, Rendered, Request, Room, grades};
use crate::{
    kernel::{Ctx, Result},
    render,
    rollout::{Arm, ReadOnly, Unit},
};

/// Name and version of this arm, part of every `ETag`. The version changes when the bytes of any request do.
const NAME: &str = "engine-2";

/// Up to here pixels are painted and encoded where the request is: in less than the half millisecond for which it is
/// not worth to hand work to another thread. Symbols, SVG and plain PNG take microseconds at any size.
const INLINE_PX: u32 = 400;

/// Of a page that becomes one picture (`style::pdf`).
const PRINT_PX: u32 = 2400;

#[derive(Default)]
pub struct Engine {
    room: Room,
}

impl Engine {
    /// `room`: what large images share.
    #[must_use]
    pub const fn new(room: Room) -> Self {
        Self { room }
    }
}

/// Whether there are pixels to be painted: not for vectors, nor for a PNG that is written from the symbol's structure.
fn paints(request: &Request) -> bool {
    match request.format {
        Format::Svg | Format::Text => false,
        Format::Pdf | Format::Eps => request.has_effects(),
        Format::Png | Format::Gif => {
            request.logo.is_some() || request.style.is_some() || !request.padding.is_square()
        }
        Format::Jpeg | Format::Webp => true,
    }
}

fn render(request: &Request) -> Result<Rendered> {
    let symbol = request.symbol()?;
    if let Some(style) = &request.style {
        return styled::render(request, style, &symbol);
    }
    if request.format == Format::Text {
        return Ok(text::render(request, &symbol));
    }
    if request.format.is_for_print() {
        return styled::render(request, &Style::from(&request.colors), &symbol);
    }
    let drawing = Drawing::new(request, &symbol)?;
    let mut file = Vec::new();
    drawing.write(&mut file)?;
    let [width_px, height_px] = drawing.size_px();
    let facts = Facts {
        version: symbol.version(),
        level: symbol.level(),
        mask: symbol.mask(),
        width_px,
        height_px,
        report: grades::plain(request, drawing.layout(), symbol.version()),
    };
    Ok(Rendered::new(request, NAME, facts, file))
}

impl Arm for Engine {
    type In = render::In;
    type Out = Rendered;

    async fn run(&self, ctx: &Ctx, request: &Self::In) -> Result<Rendered> {
        let is_plain = request.logo.is_none() && request.style.is_none();
        let is_small = is_plain && request.size.pixels() + request.padding.most_px() <= INLINE_PX;
        if !paints(request) || is_small {
            return render(request);
        }
        let request = Arc::clone(request);
        // Three bytes of a pixel, and what the encoder keeps beside it: WebP four more. A style may need a fourth, and a copy; effects
        // need several copies of twice the depth.
        let bytes_per_pixel = match (request.format, request.style.is_some()) {
            _ if request.has_effects() => 40,
            (Format::Webp, true) => 12,
            (_, true) => 8,
            (Format::Webp, false) => 7,
            (_, false) => 3,
        };
        let side_px = if request.format.is_for_print() {
            PRINT_PX
        } else {
            request.size.pixels() + request.padding.most_px()
        };
        let bytes = u64::from(side_px).pow(2) * bytes_per_pixel;
        self.room.work(ctx, bytes, move || render(&request)).await
    }
}

impl ReadOnly for Engine {
    const NAME: &'static str = NAME;

    fn unit(request: &Self::In) -> Unit {
        Unit::Digest(request.digest())
    }
}
