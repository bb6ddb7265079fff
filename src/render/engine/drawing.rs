//! One request on its way to a file.

use ::style::raster;
use symbol::{
    Symbol,
    file::{self, Canvas, Channels, Inks, Length, Picture, Pixels, gif, jpeg, png, svg, webp},
};

use crate::{
    kernel::{Error, Kind, Result, id::hex},
    render::{
        Color, Format, Request, Size, layout::CanvasLayout, logo::Logo, request::DEFAULT_QUALITY,
        stamp,
    },
};

/// A symbol, and how it shall look.
pub(super) struct Drawing<'a> {
    request: &'a Request,
    layout: CanvasLayout,
    picture: Picture<'a>,
}

impl<'a> Drawing<'a> {
    /// # Errors
    /// `Internal` if the layout does not hold the symbol.
    pub(super) fn new(request: &'a Request, symbol: &'a Symbol) -> Result<Self> {
        let side = symbol.matrix().modules();
        let modules = u32::try_from(side).unwrap_or(u32::MAX);
        let layout = if request.format == Format::Svg {
            CanvasLayout::vector(request, modules)
        } else {
            CanvasLayout::raster(request, modules)
        };
        let canvas = Canvas::new(side, layout.width, layout.scale, layout.offset)
            .ok_or_else(|| Error::new(Kind::Internal, "the canvas does not hold the symbol"))?;
        let colors = &request.colors;
        let picture = Picture {
            dark: symbol.matrix(),
            data: symbol.data_area(),
            canvas,
            inks: Inks {
                dark: ink(colors.dark),
                light: ink(colors.light),
                data_dark: ink(colors.data_dark()),
                data_light: ink(colors.data_light()),
            },
            dpi: match &request.size {
                Size::Pixels(_) => None,
                Size::Physical(physical) => Some(physical.density(layout.width)),
            },
        };
        Ok(Self {
            request,
            layout,
            picture,
        })
    }

    pub(super) const fn layout(&self) -> &CanvasLayout {
        &self.layout
    }

    /// Width and height of the finished file. For an SVG with a physical size: in CSS pixels, of which an inch has 96.
    pub(super) fn size_px(&self) -> [u32; 2] {
        match (self.request.format, &self.request.size) {
            (Format::Svg, Size::Physical(physical)) => [physical.pixels(96); 2],
            _ => self
                .request
                .padding
                .rest_px()
                .map(|px| self.layout.width + px),
        }
    }

    /// # Errors
    /// `Internal`: the encoders fail only on sizes that a valid request cannot have.
    pub(super) fn write(&self, file: &mut Vec<u8>) -> Result<()> {
        let quality = self.request.quality.unwrap_or(DEFAULT_QUALITY);
        let dpi = self.picture.dpi;
        if !self.request.padding.is_square() || self.stamped_gif() {
            return self.write_pixels(quality, file);
        }
        let written = match (self.request.format, self.request.logo.as_deref()) {
            (Format::Svg, _) => return self.write_svg(file),
            (Format::Png, None) => {
                png::write(&self.picture, file);
                Ok(())
            }
            (Format::Png, Some(logo)) => png::encode(&self.stamped(logo)?, dpi, file),
            (Format::Jpeg, None) => jpeg::write(&self.picture, quality, file),
            (Format::Jpeg, Some(logo)) => jpeg::encode(&self.stamped(logo)?, quality, dpi, file),
            (Format::Webp, None) => webp::write(&self.picture, file),
            (Format::Webp, Some(logo)) => webp::encode(&self.stamped(logo)?, file),
            (Format::Gif, _) => {
                gif::write(&self.picture, file);
                Ok(())
            }
            (Format::Pdf | Format::Eps | Format::Text, _) => {
                return Err(Error::internal("print and text are drawn elsewhere"));
            }
        };
        written.map_err(not_encoded)
    }

    /// The palette of a logo is not known.
    fn stamped_gif(&self) -> bool {
        self.request.format == Format::Gif && self.request.logo.is_some()
    }

    /// Pixel by pixel: for a picture that is no square, or whose colours are not those of the symbol alone.
    fn write_pixels(&self, quality: u8, file: &mut Vec<u8>) -> Result<()> {
        let square = match self.request.logo.as_deref() {
            Some(logo) => self.stamped(logo)?,
            None => Pixels::paint_with(&self.picture, Channels::Rgb).map_err(not_encoded)?,
        };
        let [width_px, height_px] = self.size_px();
        let light = self.request.colors.light.rgb;
        let rgb = centred(&square, [width_px, height_px], light);
        let pixels = Pixels::new(width_px, height_px, Channels::Rgb, rgb)
            .ok_or_else(|| Error::new(Kind::Internal, "the picture is too large"))?;
        let dpi = self.picture.dpi;
        let written = match self.request.format {
            Format::Jpeg => jpeg::encode(&pixels, quality, dpi, file),
            Format::Webp => webp::encode(&pixels, file),
            Format::Gif => {
                return raster::gif(&raster::Painted::from(&pixels), file).map_err(not_encoded);
            }
            _ => png::encode(&pixels, dpi, file),
        };
        written.map_err(not_encoded)
    }

    fn stamped(&self, logo: &Logo) -> Result<Pixels> {
        let mut pixels = Pixels::paint_with(&self.picture, Channels::Rgb).map_err(not_encoded)?;
        stamp::stamp(
            pixels.bytes_mut(),
            logo,
            &self.layout,
            self.request.colors.light,
        );
        Ok(pixels)
    }

    fn write_svg(&self, file: &mut Vec<u8>) -> Result<()> {
        let extra = self.request.logo.as_deref().map(|logo| self.plate(logo));
        let id = label_id(self.request);
        let options = svg::Options {
            extra: extra.as_deref().unwrap_or_default(),
            ..svg_options(self.request, &id)?
        };
        svg::write(&self.picture, &options, file);
        Ok(())
    }

    /// The logo on a plate of the light colour, with half a module of air around.
    fn plate(&self, logo: &Logo) -> String {
        let plate = self.layout.plate_modules();
        let at = (self.layout.modules - plate) / 2;
        format!(
            r#"<rect x="{at}" y="{at}" width="{plate}" height="{plate}" fill="{light}"/><image x="{at}.5" y="{at}.5" width="{room}" height="{room}" href="{uri}"/>"#,
            light = self.request.colors.light,
            room = plate - 1,
            uri = logo.data_uri
        )
    }
}

/// The pixels of a square in the middle of a larger picture. `size`: width and height.
fn centred(square: &Pixels, size: [u32; 2], light: [u8; 3]) -> Vec<u8> {
    let inner_px = square.width_px();
    let [width, height] = size.map(|px| px as usize);
    let [left, above] = size.map(|px| (px.saturating_sub(inner_px) / 2) as usize);
    let mut all = light.repeat(width * height);
    let rows = square.bytes().chunks_exact(3 * inner_px as usize);
    let places = all.chunks_exact_mut(3 * width).skip(above);
    for (row, place) in rows.zip(places) {
        if let Some(place) = place.get_mut(3 * left..3 * left + row.len()) {
            place.copy_from_slice(row);
        }
    }
    all
}

/// What makes ids of one symbol's texts differ from those of another.
pub(super) fn label_id(request: &Request) -> String {
    let mut id = hex(&request.digest());
    id.truncate(8);
    id
}

/// Size and texts.
///
/// # Errors
/// `Invalid` for a size that paper cannot have.
pub(super) fn svg_options<'a>(request: &'a Request, id: &'a str) -> Result<svg::Options<'a>> {
    let size = match &request.size {
        Size::Pixels(_) => svg::Size::Pixels,
        Size::Physical(physical) => {
            let length = Length::new(physical.width, physical.unit);
            svg::Size::Paper(length.map_err(|e| Error::invalid("physical_size", e.to_string()))?)
        }
    };
    let label = svg::Label::Texts {
        title: request.title.as_deref().unwrap_or_default(),
        description: request.description.as_deref().unwrap_or_default(),
        id,
    };
    Ok(svg::Options {
        size,
        label,
        extra: "",
    })
}

const fn ink(color: Color) -> file::Ink {
    file::Ink::opaque(color.rgb)
}

fn not_encoded(e: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::caused(Kind::Internal, "the image could not be encoded", e)
}
