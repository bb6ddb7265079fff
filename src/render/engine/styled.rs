//! A styled symbol on its way to a file.

use ::style::{Scene, Style, compose, grade, raster};
use symbol::{
    Symbol,
    file::{Length, Sheet, Unit, svg},
};

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
        Format::Pdf | Format::Eps => printed(request, &scene, &mut file)?,
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

/// A sheet as wide as the picture. Width and height in pixels of a screen.
fn printed(request: &Request, scene: &Scene, file: &mut Vec<u8>) -> Result<[u32; 2]> {
    let (width, [width_px, height_px]) = sheet(request, scene)?;
    let sheet = Sheet {
        width,
        paint: request.paint,
        title: request.title.as_deref().unwrap_or_default(),
    };
    if request.format == Format::Eps {
        ::style::eps::write(scene, &sheet, file);
    } else {
        ::style::pdf::write(scene, &sheet, file);
    }
    Ok([width_px, height_px])
}

/// Width and height, in pixels of a screen.
fn vector(request: &Request, scene: &Scene, file: &mut Vec<u8>) -> Result<[u32; 2]> {
    let (length, [width_px, height_px]) = sheet(request, scene)?;
    let id = label_id(request);
    let mut options = svg_options(request, &id)?;
    if matches!(options.size, svg::Size::Paper(_)) {
        options.size = svg::Size::Paper(length);
    }
    ::style::svg::write(scene, width_px, &options, file);
    Ok([width_px, height_px])
}

/// The width on paper, and width and height in pixels of a screen, of which 96 are an inch (CSS). What was asked for is the longer side.
///
/// # Errors
/// `Invalid` for a size that paper cannot have.
fn sheet(request: &Request, scene: &Scene) -> Result<(Length, [u32; 2])> {
    const PER_INCH: u16 = 96;
    let longer = f64::from(scene.width.max(scene.height));
    let share = |units: i32| f64::from(units) / longer;
    let (side_px, length, unit) = match &request.size {
        Size::Pixels(px) => (*px, f64::from(*px) / f64::from(PER_INCH), Unit::In),
        Size::Physical(physical) => (physical.pixels(PER_INCH), physical.width, physical.unit),
    };
    // The share is at most 1.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let px = |units: i32| (f64::from(side_px) * share(units)).round() as u32;
    let width = Length::new(length * share(scene.width), unit);
    let width = width.map_err(|e| Error::invalid("physical_size", e.to_string()))?;
    Ok((width, [px(scene.width), px(scene.height)]))
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
        Format::Gif => raster::gif(&painted, file),
        _ => raster::png(&painted, dpi, file),
    };
    written.map_err(|e| Error::caused(Kind::Internal, "the image could not be encoded", e))?;
    Ok([canvas.width_px, canvas.height_px])
}
