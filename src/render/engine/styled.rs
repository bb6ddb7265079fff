//! A styled symbol on its way to a file.

use ::style::{Style, compose, grade, raster, svg};
use symbol::{Symbol, file::Canvas, file::svg::Options};

use super::{
    NAME,
    drawing::{label_id, svg_options},
};
use crate::{
    kernel::{Error, Kind, Result},
    render::{
        Facts, Format, Rendered, Request, Size, layout::CanvasLayout, request::DEFAULT_QUALITY,
    },
};

pub(super) fn render(request: &Request, style: &Style, symbol: &Symbol) -> Result<Rendered> {
    let scene = compose(symbol, style, request.border);
    let modules = u32::try_from(symbol.matrix().modules()).unwrap_or(u32::MAX);
    let layout = match request.format {
        Format::Svg => CanvasLayout::vector(request, modules),
        Format::Png | Format::Jpeg | Format::Webp => CanvasLayout::raster(request, modules),
    };
    let width_px = match (request.format, &request.size) {
        (Format::Svg, Size::Physical(physical)) => physical.pixels(96),
        _ => layout.width,
    };
    let mut file = Vec::new();
    if request.format == Format::Svg {
        let id = label_id(request);
        let options = Options {
            extra: "",
            ..svg_options(request, &id)?
        };
        svg::write(&scene, width_px, &options, &mut file);
    } else {
        let canvas = Canvas::new(
            symbol.matrix().modules(),
            layout.width,
            layout.scale,
            layout.offset,
        )
        .ok_or_else(|| Error::new(Kind::Internal, "the canvas does not hold the symbol"))?;
        let painted = raster::paint(&scene, canvas);
        let dpi = match &request.size {
            Size::Pixels(_) => None,
            Size::Physical(physical) => Some(layout.dpi(physical)),
        };
        let quality = request.quality.unwrap_or(DEFAULT_QUALITY);
        let written = match request.format {
            Format::Jpeg => raster::jpeg(&painted, quality, dpi, &mut file),
            Format::Webp => raster::webp(&painted, &mut file),
            Format::Png | Format::Svg => raster::png(&painted, dpi, &mut file),
        };
        written.map_err(|e| Error::caused(Kind::Internal, "the image could not be encoded", e))?;
    }
    let facts = Facts {
        version: symbol.version(),
        level: symbol.level(),
        mask: symbol.mask(),
        width_px,
        height_px: width_px,
        report: grade(&scene, symbol),
    };
    Ok(Rendered::new(request, NAME, facts, file))
}
