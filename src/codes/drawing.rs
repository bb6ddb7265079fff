//! From a code to the request for its picture.

use std::sync::Arc;

use super::{Code, Codes};
use crate::{
    kernel::{Color, Level, Result},
    render::{self, Format, Physical, Size, Spec},
};

/// What the caller asks to be drawn differently from how the code is stored; by default nothing, as a PNG.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    pub format: Format,
    pub quality: Option<u8>,
    /// In steps of 25 pixels.
    pub size: Option<i64>,
    pub border: Option<u8>,
    pub fill_color: Option<String>,
    pub back_color: Option<String>,
    pub data_dark_color: Option<String>,
    pub data_light_color: Option<String>,
    pub logo: bool,
    pub level: Option<Level>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub physical: Option<Physical>,
}

impl Codes {
    /// The code as stored, with the caller's wishes over it.
    ///
    /// # Errors
    /// `Invalid`, naming what cannot be drawn.
    pub fn drawing(&self, code: &Code, wishes: Wishes) -> Result<render::In> {
        let spec = spec(self.content(code), code, wishes)?;
        Ok(Arc::new(render::Request::new(spec)?.of_code(code.id)))
    }
}

fn spec(content: String, code: &Code, wishes: Wishes) -> Result<Spec> {
    let look = &code.look;
    let color = |wish: &Option<String>, field| {
        let parsed = wish.as_deref().map(str::parse::<Color>).transpose();
        parsed.map_err(|e| e.in_field(field))
    };
    Ok(Spec {
        level: wishes.level.unwrap_or(look.error_level),
        format: wishes.format,
        size: match wishes.physical {
            Some(physical) => Size::Physical(physical),
            None => Size::steps(wishes.size.unwrap_or(look.size.into()))?,
        },
        border: wishes.border.unwrap_or(look.border),
        quality: wishes.quality,
        colors: render::Colors {
            dark: color(&wishes.fill_color, "fill_color")?.unwrap_or(look.fill_color),
            light: color(&wishes.back_color, "back_color")?.unwrap_or(look.back_color),
            data_dark: color(&wishes.data_dark_color, "data_dark_color")?,
            data_light: color(&wishes.data_light_color, "data_light_color")?,
        },
        logo: wishes.logo,
        title: wishes.title,
        description: wishes.description,
        ..Spec::new(content)
    })
}
