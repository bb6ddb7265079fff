//! The arm itself: when to render on a thread of its own, how much at once, and what is recorded.
//!
//! Invariant: the bytes depend on the request only.

use std::sync::Arc;

use super::{
    raster::{self, Canvas},
    svg,
    symbol::Symbol,
};
use crate::{
    kernel::{Ctx, Result},
    render::{self, Encoding, Format, Rendered, Request, Room, Size, layout::CanvasLayout},
    rollout::{Arm, ReadOnly, Unit},
};

/// Name and version of this arm, part of every `ETag`. The version changes when the bytes of any request do.
const NAME: &str = "legacy-2";

/// Up to here rendering takes well under a millisecond, and moving it to another thread (tens of µs, and a wake-up) is
/// not worth it. Measured (one core): finding the modules takes 360 µs for 30 bytes and grows by 8 µs per byte;
/// writing pixels takes 70 µs at 300 px and 1.4 ms at 2000 px. Beyond, a request would hold up the others of its
/// worker thread.
const INLINE_BYTES: usize = 48;
/// See [`INLINE_BYTES`]. An SVG has no pixels.
const INLINE_PX: u32 = 500;

#[derive(Default)]
pub struct Renderer {
    room: Room,
}

impl Renderer {
    /// `room`: what large images share.
    #[must_use]
    pub const fn new(room: Room) -> Self {
        Self { room }
    }
}

fn render(request: &Request) -> Result<Rendered> {
    let symbol = Symbol::encode(request)?;
    let is_svg = request.format == Format::Svg;
    let layout = if is_svg {
        CanvasLayout::vector(request, symbol.modules)
    } else {
        CanvasLayout::raster(request, symbol.modules)
    };
    let (bytes, width_px) = if is_svg {
        let (text, width_px) = svg::draw(request, &symbol, &layout);
        (text.into_bytes(), width_px)
    } else {
        let mut canvas = Canvas::paint(request, &symbol, &layout);
        if let Some(logo) = &request.logo {
            canvas.stamp(logo, &layout, request.colors.light);
        }
        (canvas.encode(request, &layout)?, layout.width)
    };
    let facts = symbol.facts(request, &layout, width_px)?;
    Ok(Rendered::new(request, NAME, facts, bytes))
}

/// Asked for, in pixels; the canvas may have to be a little wider.
fn asked_px(request: &Request) -> u32 {
    match (request.format, request.size) {
        (Format::Svg, _) => 0,
        (_, Size::Pixels(px)) => px,
        (_, Size::Physical(physical)) => physical.pixels(physical.dpi),
    }
}

fn is_quick(request: &Request) -> bool {
    request.content.len() <= INLINE_BYTES
        && asked_px(request) <= INLINE_PX
        && request.logo.is_none()
}

/// The canvas, and what the encoder keeps beside it: WebP four bytes per pixel, the others little.
fn memory_bytes(request: &Request) -> u64 {
    let px = u64::from(asked_px(request));
    let encoder = if request.format == Format::Webp { 4 } else { 0 };
    px * px * (raster::channels(request) as u64 + encoder)
}

impl Arm for Renderer {
    type In = render::In;
    type Out = Rendered;

    /// It draws squares only, in square pictures, and chooses how content is encoded by itself.
    fn supports(&self, request: &Self::In) -> bool {
        let chooses = !request.micro && request.encoding == Encoding::default();
        let is_plain = request.style.is_none() && request.padding.is_none();
        chooses && is_plain && Format::ON_SCREENS.contains(&request.format)
    }

    async fn run(&self, ctx: &Ctx, request: &Self::In) -> Result<Rendered> {
        if is_quick(request) {
            return render(request);
        }
        let request = Arc::clone(request);
        let bytes = memory_bytes(&request);
        self.room.work(ctx, bytes, move || render(&request)).await
    }
}

impl ReadOnly for Renderer {
    const NAME: &'static str = NAME;

    fn unit(request: &Self::In) -> Unit {
        Unit::Digest(request.digest())
    }
}
