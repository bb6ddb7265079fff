//! A styled symbol on its way to a file.

use ::style::{Scene, Style, compose, grade, raster};
use symbol::{Symbol, file::Length, file::svg};

use super::{
    NAME,
    drawing::{label_id, svg_options},
};
use crate::{
    kernel::{Error, Kind, Result},
    render::{Facts, Format, Rendered, Request, Size, request::DEFAULT_QUALITY},
};

pub(super) fn render(request: &Request, style: &Style, symbol: &Symbol) -> Result<Rendered> {
    let scene = compose(symbol, style, request.border);
    let mut file = Vec::new();
    let [width_px, height_px] = match request.format {
        Format::Svg => vector(request, &scene, &mut file)?,
        _ => pixels(request, &scene, &mut file)?,
    };
    let facts = Facts {
        version: symbol.version(),
        level: symbol.level(),
        mask: symbol.mask(),
        width_px,
        height_px,
        report: grade(&scene, symbol),
    };
    Ok(Rendered::new(request, NAME, facts, file))
}

/// Width and height, in pixels of a screen.
fn vector(request: &Request, scene: &Scene, file: &mut Vec<u8>) -> Result<[u32; 2]> {
    let longer = f64::from(scene.width.max(scene.height));
    let of_longer = |units: i32| f64::from(units) / longer;
    let side_px = match &request.size {
        Size::Pixels(px) => *px,
        Size::Physical(physical) => physical.pixels(96),
    };
    // A float cast saturates; the share is at most 1.
    let px = |units: i32| (f64::from(side_px) * of_longer(units)).round() as u32;
    let id = label_id(request);
    let mut options = svg_options(request, &id)?;
    if let svg::Size::Paper(length) = options.size {
        let width = Length::new(length.value() * of_longer(scene.width), length.unit());
        options.size = svg::Size::Paper(width.unwrap_or(length));
    }
    ::style::svg::write(scene, px(scene.width), &options, file);
    Ok([px(scene.width), px(scene.height)])
}

/// Width and height of the canvas.
fn pixels(request: &Request, scene: &Scene, file: &mut Vec<u8>) -> Result<[u32; 2]> {
    let canvas = raster::Canvas::fit(scene, request.size.pixels());
    let painted = raster::paint(scene, canvas);
    let dpi = match &request.size {
        Size::Pixels(_) => None,
        Size::Physical(physical) => Some(physical.density(canvas.width_px.max(canvas.height_px))),
    };
    let quality = request.quality.unwrap_or(DEFAULT_QUALITY);
    let written = match request.format {
        Format::Jpeg => raster::jpeg(&painted, quality, dpi, file),
        Format::Webp => raster::webp(&painted, file),
        Format::Png | Format::Svg => raster::png(&painted, dpi, file),
    };
    written.map_err(|e| Error::caused(Kind::Internal, "the image could not be encoded", e))?;
    Ok([canvas.width_px, canvas.height_px])
}
