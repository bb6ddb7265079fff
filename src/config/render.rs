//! What symbols are decorated with.

use std::path::PathBuf;

use super::{
    Reader,
    reader::{list, name},
};

#[derive(Clone, Debug)]
pub struct Render {
    /// `LOGO_FILE`: a PNG for `include_logo=true`. Unset: the built-in mark.
    pub logo_file: Option<PathBuf>,
    /// `RENDER_FONTS`: files of fonts for the texts of frames, after the built-in ones (Latin, Greek, Cyrillic, Hebrew, Arabic).
    pub fonts: Vec<PathBuf>,
}

impl Render {
    pub(super) fn read(r: &mut Reader) -> Self {
        Self {
            logo_file: r.read(name("render.logo_file", "LOGO_FILE"), None, |s| {
                Ok(Some(s.into()))
            }),
            fonts: r.read(
                name("render.fonts", "RENDER_FONTS"),
                Vec::new(),
                list(|path| Ok(path.into())),
            ),
        }
    }
}
