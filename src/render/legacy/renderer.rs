//! The arm itself: when to render on a thread of its own, how much at once, and what is recorded.
//!
//! Invariant: the bytes depend on the request and the logo only.

use std::sync::Arc;

use super::{
    raster::{self, Canvas},
    svg,
    symbol::Symbol,
};
use crate::{
    kernel::{Ctx, Result},
    render::{self, Format, Image, Request, Room, Size, layout::Layout, logo::Logo},
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

pub struct Renderer {
    inner: Arc<Inner>,
    room: Room,
}

struct Inner {
    logo: Logo,
    /// With a logo in the symbol, its fingerprint belongs to the version.
    name_with_logo: String,
}

impl Renderer {
    /// `logo`: a PNG file of at most 256 KiB and 2048 px; without one, a built-in mark.
    ///
    /// # Errors
    /// `Invalid` when `logo` is not such a file.
    pub fn new(logo: Option<&[u8]>, room: Room) -> Result<Self> {
        let logo = logo.map_or_else(Logo::mark, Logo::from_png)?;
        let name_with_logo = format!("{NAME}-{}", logo.fingerprint);
        Ok(Self {
            inner: Arc::new(Inner {
                logo,
                name_with_logo,
            }),
            room,
        })
    }
}

impl Inner {
    fn render(&self, request: &Request) -> Result<Image> {
        let symbol = Symbol::encode(request)?;
        let logo = request.logo.then_some(&self.logo);
        let (bytes, width_px) = if request.format == Format::Svg {
            let layout = Layout::vector(request, symbol.modules);
            let (text, width_px) = svg::draw(request, &symbol, &layout, logo);
            (text.into_bytes(), width_px)
        } else {
            let layout = Layout::raster(request, symbol.modules);
            let mut canvas = Canvas::paint(request, &symbol, &layout);
            if let Some(logo) = logo {
                canvas.stamp(logo, &layout, request.colors.light);
            }
            (canvas.encode(request, &layout)?, layout.width)
        };
        let arm = logo.map_or(NAME, |_| &self.name_with_logo);
        Ok(Image::rendered(request, arm, bytes, width_px))
    }
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
    request.content.len() <= INLINE_BYTES && asked_px(request) <= INLINE_PX && !request.logo
}

/// The canvas, and what the encoder keeps beside it: WebP four bytes per pixel, the others little.
fn memory_bytes(request: &Request) -> u64 {
    let px = u64::from(asked_px(request));
    let encoder = if request.format == Format::Webp { 4 } else { 0 };
    px * px * (raster::channels(request) as u64 + encoder)
}

impl Arm for Renderer {
    type In = render::In;
    type Out = Image;

    async fn run(&self, ctx: &Ctx, request: &Self::In) -> Result<Image> {
        if is_quick(request) {
            return self.inner.render(request);
        }
        let (inner, request) = (Arc::clone(&self.inner), Arc::clone(request));
        let bytes = memory_bytes(&request);
        self.room
            .work(ctx, bytes, move || inner.render(&request))
            .await
    }
}

impl ReadOnly for Renderer {
    const NAME: &'static str = NAME;

    fn unit(request: &Self::In) -> Unit {
        Unit::Digest(request.digest())
    }
}
