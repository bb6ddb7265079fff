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

use std::fmt;

use super::{Format, Size, Spec, fit};
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
    Ignored { field: &'static str },
}

/// An item of a structured field (RFC 9651 §3.1), e.g. `quiet-zone;modules=0`.
impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QuietZone { modules } => write!(f, "quiet-zone;modules={modules}"),
            Self::Contrast { percent } => write!(f, "contrast;percent={percent}"),
            Self::Enlarged { width_px } => write!(f, "enlarged;width={width_px}"),
            Self::Inverted => f.write_str("inverted"),
            Self::SmallModules { px } => write!(f, "small-modules;pixels={px}"),
            Self::Compression { quality, module_px } => {
                write!(f, "compression;quality={quality};pixels={module_px}")
            }
            Self::NoDensity => f.write_str("no-density"),
            Self::Ignored { field } => write!(f, "ignored;field={field}"),
        }
    }
}

/// All of them, of an image of `width_px`; `ignored`: fields that the format has no place for. None for what any reader
/// can read.
pub(super) fn of(spec: &Spec, ignored: &[&'static str], width_px: u32) -> Vec<Concern> {
    let mut concerns = Vec::new();
    if spec.border < QUIET_ZONE_MODULES {
        concerns.push(Concern::QuietZone {
            modules: spec.border,
        });
    }
    let colors = &spec.colors;
    let contrast = Contrast::between(
        [colors.dark, colors.data_dark()],
        [colors.light, colors.data_light()],
    );
    concerns.extend(
        contrast
            .too_low()
            .map(|percent| Concern::Contrast { percent }),
    );
    if contrast.inverted {
        concerns.push(Concern::Inverted);
    }
    let on_paper = matches!(spec.size, Size::Physical(_)) && spec.format == Format::Svg;
    if width_px > spec.size.pixels() && !on_paper {
        concerns.push(Concern::Enlarged { width_px });
    }
    concerns.extend(resolution(spec, width_px));
    if spec.format == Format::Webp && matches!(spec.size, Size::Physical(_)) {
        concerns.push(Concern::NoDensity);
    }
    concerns.extend(ignored.iter().map(|&field| Concern::Ignored { field }));
    concerns
}

/// Whether a module has pixels enough. The symbol is only measured where that may be in question.
fn resolution(spec: &Spec, width_px: u32) -> Option<Concern> {
    let module_below = |px: u32| width_px < px * (MOST_MODULES + 2 * u32::from(spec.border));
    let is_coarse = spec.quality.is_some_and(|quality| quality < FINE_QUALITY);
    let may_be = match spec.format {
        Format::Svg => false,
        Format::Jpeg if is_coarse => module_below(COARSE_MODULE_PX + 1),
        Format::Jpeg | Format::Png | Format::Webp => module_below(2),
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
mod tests {
    use super::*;
    use crate::kernel::Color;

    fn concerns(change: impl FnOnce(&mut Spec)) -> Vec<String> {
        let mut spec = Spec::new("a");
        change(&mut spec);
        told(&spec, spec.size.pixels().max(29))
    }

    fn told(spec: &Spec, width_px: u32) -> Vec<String> {
        let concerns = of(spec, &spec.ignored(), width_px);
        concerns.iter().map(ToString::to_string).collect()
    }

    fn colors(dark: &str, light: &str) -> impl FnOnce(&mut Spec) {
        let (dark, light) = (dark.parse().unwrap(), light.parse().unwrap());
        move |spec| {
            spec.colors.dark = dark;
            spec.colors.light = light;
        }
    }

    #[test]
    fn what_any_reader_reads_is_no_concern() {
        assert!(concerns(|_| ()).is_empty());
        assert!(concerns(colors("#123", "#ffe")).is_empty());
        assert!(concerns(|spec| spec.border = 20).is_empty());
    }

    #[test]
    fn a_narrow_quiet_zone_is_told() {
        for border in 0..4 {
            let told = format!("quiet-zone;modules={border}");
            assert_eq!(concerns(|spec| spec.border = border), [told]);
        }
    }

    #[test]
    fn contrast_counts_the_colours_of_data() {
        assert_eq!(concerns(colors("#777", "#888")), ["contrast;percent=6"]);
        let grey = |spec: &mut Spec| spec.colors.data_dark = Some("#eee".parse().unwrap());
        assert_eq!(concerns(grey), ["contrast;percent=14"]);
    }

    #[test]
    fn an_image_that_had_to_grow_is_told() {
        let tiny = Spec {
            size: Size::Pixels(25),
            ..Spec::new("a")
        };
        let grown = ["enlarged;width=29", "small-modules;pixels=1"];
        assert_eq!(told(&tiny, 29), grown);
        assert!(concerns(|spec| spec.size = Size::Pixels(250)).is_empty());
    }

    #[test]
    fn modules_too_small_for_a_jpeg_are_told() {
        // 21 modules and a border of 4 at each side.
        let jpeg = |quality: u8, module_px: u32| {
            concerns(|spec| {
                spec.format = Format::Jpeg;
                spec.quality = Some(quality);
                spec.size = Size::Pixels(29 * module_px);
            })
        };
        assert_eq!(jpeg(10, 1), ["compression;quality=10;pixels=1"]);
        assert_eq!(jpeg(39, 1), ["compression;quality=39;pixels=1"]);
        assert_eq!(jpeg(40, 1), ["small-modules;pixels=1"]);
        for module_px in 2..=7 {
            let coarse = format!("compression;quality=19;pixels={module_px}");
            assert_eq!(jpeg(19, module_px), [coarse]);
            assert!(jpeg(20, module_px).is_empty());
        }
        assert!(jpeg(1, 8).is_empty());
        // Of a larger symbol at the same size.
        let long = |spec: &mut Spec| {
            spec.content = vec![b'a'; 2000].into();
            spec.format = Format::Jpeg;
            spec.quality = Some(10);
            spec.size = Size::Pixels(4 * 177);
        };
        assert_eq!(concerns(long), ["compression;quality=10;pixels=4"]);
    }

    #[test]
    fn small_modules_are_told_of_any_raster() {
        for (format, told) in [
            (Format::Png, &["small-modules;pixels=1"][..]),
            (Format::Webp, &["small-modules;pixels=1"]),
            (Format::Jpeg, &["small-modules;pixels=1"]),
            (Format::Svg, &[]),
        ] {
            let small = |spec: &mut Spec| {
                spec.format = format;
                spec.size = Size::Pixels(57);
            };
            assert_eq!(concerns(small), told);
            assert!(
                concerns(|spec| (spec.format, spec.size) = (format, Size::Pixels(58))).is_empty()
            );
        }
    }

    #[test]
    fn what_the_format_has_no_place_for_is_told() {
        let asked = |format| {
            concerns(|spec| {
                spec.format = format;
                spec.quality = Some(80);
                spec.title = Some("t".into());
                spec.description = Some("d".into());
                spec.size = Size::Physical(crate::render::Physical {
                    width: 5.0,
                    unit: crate::render::Unit::Cm,
                    dpi: 300,
                });
            })
        };
        let [quality, title, description] =
            ["image_quality", "svg_title", "svg_description"].map(|f| format!("ignored;field={f}"));
        let texts = || [title.clone(), description.clone()];
        assert_eq!(asked(Format::Svg), [quality.as_str()]);
        assert_eq!(asked(Format::Jpeg), texts());
        let [title, description] = texts();
        assert_eq!(asked(Format::Png), [&*quality, &*title, &*description]);
        assert_eq!(
            asked(Format::Webp),
            ["no-density", &*quality, &*title, &*description]
        );
        // What is left empty asks for nothing.
        assert!(concerns(|spec| spec.title = Some(String::new())).is_empty());
    }

    #[test]
    fn light_on_dark_is_told() {
        assert_eq!(concerns(colors("#fff", "#000")), ["inverted"]);
        let mixed = |spec: &mut Spec| {
            colors("#fff", "#000")(spec);
            spec.colors.data_dark = Some(Color::BLACK);
            spec.colors.data_light = Some(Color::WHITE);
        };
        assert_eq!(concerns(mixed), ["contrast;percent=0", "inverted"]);
    }
}
