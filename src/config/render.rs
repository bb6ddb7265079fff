//! Who draws symbols, and what they are decorated with.

use std::path::PathBuf;

use super::{
    Reader,
    reader::{name, one_of},
};

/// Who draws symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arm {
    /// The renderer being replaced.
    Legacy,
    /// Our own symbol engine.
    Engine,
}

#[derive(Clone, Debug)]
pub struct Render {
    /// `RENDER_ARM`.
    pub arm: Arm,
    /// `LOGO_FILE`: a PNG for `include_logo=true`. Unset: the built-in mark.
    pub logo_file: Option<PathBuf>,
}

impl Render {
    pub(super) fn read(r: &mut Reader) -> Self {
        Self {
            arm: r.read(
                name("render.arm", "RENDER_ARM"),
                Arm::Legacy,
                one_of(&[("legacy", Arm::Legacy), ("engine", Arm::Engine)]),
            ),
            logo_file: r.read(name("render.logo_file", "LOGO_FILE"), None, |s| {
                Ok(Some(s.into()))
            }),
        }
    }
}
