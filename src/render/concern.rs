//! What may keep a symbol from being read although it is drawn as asked, and what of a request its format cannot carry.
//!
//! Invariant: follows from the request and the size of the answer alone, so every arm is told the same.
//!
//! Where zbar 0.23 or zxing-cpp 3.1 missed one of 48 symbols (versions 1 to 25, levels l and h, black on white) in a JPEG
//! of a quality (measured at 1, 2, 3, 5, 7, 10, 12, 15, 20, 25, 30, 40, …), by pixels per module:
//!
//! | pixels | symbols that zxing-cpp reads | symbols that zbar reads |
//! |---|---|---|
//! | 1 | none below 10, 97 % at 30, all from 40 on | a quarter at best, even of a lossless file |
//! | 2 | half at 2, all from 5 on | half at 2, 97 % at 15, all from 20 on |
//! | 3 to 6 | all | from two thirds to all below 20, all from 20 on |
//! | 8 | all | all |

use super::{Colors, Field, Format, Names, Size, Spec, fit};
use crate::kernel::{color::Contrast, limits::QUIET_ZONE_MODULES};

/// Qualities of a JPEG below which readers miss symbols (see above): where a module is one pixel, and where it is at most
/// [`COARSE_MODULE_PX`].
const FINE_QUALITY: u8 = 40;
const COARSE_QUALITY: u8 = 20;
const COARSE_MODULE_PX: u32 = 7;
/// Of the largest symbol there is.
const MOST_MODULES: u32 = 177;

/// Something that a reader may stumble over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// Fewer light modules around than the standard asks for.
    QuietZone { modules: u8 },
    /// Darkest light less lightest dark, in percent of full reflectance, rounded down; 0 if they overlap.
    Contrast { percent: u8 },
    /// Fewer pixels were asked for than there are modules. A module is at least a pixel, so the image is that wide.
    Enlarged { width_px: u32 },
    /// Light on dark. Many readers only look for dark on light.
    Inverted,
    /// A module is one pixel: few readers find a symbol then.
    SmallModules { px: u32 },
    /// A JPEG so coarse for the width of a module that readers miss symbols.
    Compression { quality: u8, module_px: u32 },
    /// The format has no place for pixels per inch: the width on paper is whatever the program that prints assumes.
    NoDensity,
    /// The format has no place for what this field asked for.
    Ignored { field: Field },
}

impl Concern {
    /// An item of a structured field (RFC 9651 §3.1), e.g. `quiet-zone;modules=0`. `names`: what the dialect calls a field.
    #[must_use]
    pub fn item(&self, names: Names) -> String {
        match self {
            Self::QuietZone { modules } => format!("quiet-zone;modules={modules}"),
            Self::Contrast { percent } => format!("contrast;percent={percent}"),
            Self::Enlarged { width_px } => format!("enlarged;width={width_px}"),
            Self::Inverted => "inverted".into(),
            Self::SmallModules { px } => format!("small-modules;pixels={px}"),
            Self::Compression { quality, module_px } => {
                format!("compression;quality={quality};pixels={module_px}")
            }
            Self::NoDensity => "no-density".into(),
            Self::Ignored { field } => format!("ignored;field={}", names(*field)),
        }
    }
}

/// All of them, of an image of `width_px`; `ignored`: fields that the format has no place for. None for what any reader
/// can read.
pub(super) fn of(spec: &Spec, ignored: &[Field], width_px: u32) -> Vec<Concern> {
    let mut concerns = Vec::new();
    let needed = if spec.micro { 2 } else { QUIET_ZONE_MODULES };
    // Of a picture without padding it is the border: how many pixels it is wide need not be known.
    let padding_px = spec.padding.across_px;
    let width_px = width_px.saturating_sub(padding_px);
    let mut quiet = spec.border;
    if spec.border < needed && !spec.padding.is_none() {
        quiet = quiet.saturating_add(padded_modules(spec, width_px));
    }
    if quiet < needed {
        concerns.push(Concern::QuietZone { modules: quiet });
    }
    // What the inks of a style are worth, its grade says.
    if spec.style.is_none() {
        concerns.extend(of_colors(&spec.colors));
    }
    let on_paper = matches!(spec.size, Size::Physical(_)) && spec.format.is_vector();
    let has_pixels = spec.format != Format::Text;
    if has_pixels && width_px > spec.size.pixels() && !on_paper {
        concerns.push(Concern::Enlarged {
            width_px: width_px + padding_px,
        });
    }
    concerns.extend(resolution(spec, width_px));
    if matches!(spec.format, Format::Webp | Format::Gif) && matches!(spec.size, Size::Physical(_)) {
        concerns.push(Concern::NoDensity);
    }
    concerns.extend(ignored.iter().map(|&field| Concern::Ignored { field }));
    concerns
}

/// Whole modules that fit into the padding on each side.
fn padded_modules(spec: &Spec, width_px: u32) -> u8 {
    let across = fit::modules(spec).unwrap_or(MOST_MODULES) + 2 * u32::from(spec.border);
    let module_px = (width_px / across).max(1);
    let modules = spec.padding.everywhere_px() / 2 / module_px;
    u8::try_from(modules).unwrap_or(u8::MAX)
}

fn of_colors(colors: &Colors) -> impl Iterator<Item = Concern> {
    let contrast = Contrast::between(
        [colors.dark, colors.data_dark()],
        [colors.light, colors.data_light()],
    );
    let low = contrast
        .too_low()
        .map(|percent| Concern::Contrast { percent });
    low.into_iter()
        .chain(contrast.inverted.then_some(Concern::Inverted))
}

/// Whether a module has pixels enough. The symbol is only measured where that may be in question.
fn resolution(spec: &Spec, width_px: u32) -> Option<Concern> {
    let module_below = |px: u32| width_px < px * (MOST_MODULES + 2 * u32::from(spec.border));
    let is_coarse = spec.quality.is_some_and(|quality| quality < FINE_QUALITY);
    let may_be = match spec.format {
        Format::Svg | Format::Pdf | Format::Eps | Format::Text => false,
        Format::Jpeg if is_coarse => module_below(COARSE_MODULE_PX + 1),
        Format::Jpeg | Format::Png | Format::Webp | Format::Gif => module_below(2),
    };
    let modules = if may_be { fit::modules(spec) } else { None };
    let module_px = width_px / (modules? + 2 * u32::from(spec.border));
    let worst = match module_px {
        ..2 => FINE_QUALITY,
        2..=COARSE_MODULE_PX => COARSE_QUALITY,
        _ => 0,
    };
    if let Some(quality) = spec.quality.filter(|quality| *quality < worst) {
        return Some(Concern::Compression { quality, module_px });
    }
    (module_px < 2).then_some(Concern::SmallModules { px: module_px })
}

#[cfg(test)]
mod tests;
