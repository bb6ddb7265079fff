//! The renderer on our own symbol engine.
//!
//! Invariant: the bytes depend on the request and the logo only.

mod drawing;
mod stamp;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use drawing::Drawing;

use super::{Format, Image, Request, Room, logo::Logo};
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

pub struct Engine {
    inner: Arc<Inner>,
    room: Room,
}

struct Inner {
    logo: Logo,
    /// With a logo in the symbol, its fingerprint belongs to the version.
    name_with_logo: String,
}

impl Engine {
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

/// Whether there are pixels to be painted: not for vectors, nor for a PNG that is written from the symbol's structure.
fn paints(request: &Request) -> bool {
    match request.format {
        Format::Svg => false,
        Format::Png => request.logo,
        Format::Jpeg | Format::Webp => true,
    }
}

impl Inner {
    fn render(&self, request: &Request) -> Result<Image> {
        let logo = request.logo.then_some(&self.logo);
        let symbol = drawing::encode(request)?;
        let drawing = Drawing::new(request, &symbol, logo)?;
        let mut file = Vec::new();
        drawing.write(&mut file)?;
        let arm = logo.map_or(NAME, |_| &self.name_with_logo);
        Ok(Image::rendered(request, arm, file, drawing.width_px()))
    }
}

impl Arm for Engine {
    type In = render::In;
    type Out = Image;

    async fn run(&self, ctx: &Ctx, request: &Self::In) -> Result<Image> {
        if !paints(request) || (!request.logo && request.size.pixels() <= INLINE_PX) {
            return self.inner.render(request);
        }
        let (inner, request) = (Arc::clone(&self.inner), Arc::clone(request));
        // Three bytes of a pixel, and what the encoder keeps beside it: WebP four more.
        let bytes_per_pixel = if request.format == Format::Webp { 7 } else { 3 };
        let bytes = u64::from(request.size.pixels()).pow(2) * bytes_per_pixel;
        self.room
            .work(ctx, bytes, move || inner.render(&request))
            .await
    }
}

impl ReadOnly for Engine {
    const NAME: &'static str = NAME;

    fn unit(request: &Self::In) -> Unit {
        Unit::Digest(request.digest())
    }
}
