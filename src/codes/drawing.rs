//! From a code to the request for its picture.

use std::sync::Arc;

use super::{Code, Codes};
use crate::{
    kernel::{Color, Level},
    render::{self, Colors, Faults, Format, Physical, Size, Spec},
};

/// How the caller wants a code drawn, where that differs from how it is stored; by default in nothing, as a PNG.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    pub format: Format,
    /// Of a JPEG, within `limits::QUALITY`.
    pub quality: Option<u8>,
    /// In steps of `limits::STEP_PX`.
    pub size: Option<u8>,
    /// In the place of `size`.
    pub pixels: Option<u32>,
    /// Modules of quiet zone.
    pub border: Option<u8>,
    pub fill_color: Option<Color>,
    pub back_color: Option<Color>,
    pub data_dark_color: Option<Color>,
    pub data_light_color: Option<Color>,
    /// With the installation's logo in the middle.
    pub logo: bool,
    pub level: Option<Level>,
    pub title: Option<String>,
    pub description: Option<String>,
    /// In the place of `size`.
    pub physical: Option<Physical>,
}

impl Codes {
    /// The code as stored, with the caller's wishes over it.
    ///
    /// # Errors
    /// What cannot be drawn.
    pub fn drawing(&self, code: &Code, wishes: Wishes) -> Result<render::In, Faults> {
        let look = &code.look;
        let spec = Spec {
            level: wishes.level.unwrap_or(look.error_level),
            format: wishes.format,
            size: match (wishes.physical, wishes.pixels) {
                (Some(physical), _) => Size::Physical(physical),
                (None, Some(pixels)) => Size::Pixels(pixels),
                (None, None) => Size::of_steps(wishes.size.unwrap_or(look.size)),
            },
            border: wishes.border.unwrap_or(look.border),
            quality: wishes.quality,
            colors: Colors {
                dark: wishes.fill_color.unwrap_or(look.fill_color),
                light: wishes.back_color.unwrap_or(look.back_color),
                data_dark: wishes.data_dark_color,
                data_light: wishes.data_light_color,
            },
            logo: wishes.logo.then(|| Arc::clone(&self.logo)),
            title: wishes.title,
            description: wishes.description,
            ..Spec::new(self.content(code))
        };
        Ok(Arc::new(render::Request::new(spec)?.of_code(code.id)))
    }
}
