//! What symbols are decorated with.

use std::path::PathBuf;

use super::{
    Reader,
    reader::{flag, list, name},
};

#[derive(Clone, Debug)]
pub struct Render {
    /// `LOGO_FILE`: a PNG for `include_logo=true`. Unset: the built-in mark.
    pub logo_file: Option<PathBuf>,
    /// `RENDER_FONTS`: files of fonts for the texts of frames, after the built-in ones (Latin, Greek, Cyrillic, Hebrew, Arabic).
    pub fonts: Vec<PathBuf>,
    /// `RENDER_PUBLIC`: drawing symbols without a code needs no credentials; each client has a limit.
    pub public: bool,
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
            public: r.read(name("render.public", "RENDER_PUBLIC"), true, flag),
        }
    }
}
