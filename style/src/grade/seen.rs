//! The reflectance of each module, as an aperture sees it.

use std::sync::OnceLock;

use symbol::{Matrix, file::Ink};

use crate::{
    geometry::{MODULE, Outline, Point},
    raster::{Canvas, Mask, paint},
    scene::{Layer, Modules, Paint, Scene, Shape, Tile},
};

/// Pixels of a module when its coverage is measured.
pub const PX: usize = 8;
/// The aperture's diameter, in modules (ISO/IEC 15415 §7.3.3 has 80 % of X).
const APERTURE: f32 = 0.8;

/// One kind of light.
pub struct Seen {
    modules: usize,
    /// Row by row, 0..=1, in linear light.
    reflectance: Vec<f32>,
    least: f32,
    most: f32,
    /// Dark modules are lighter than the ground; `reflectance` is turned over.
    is_reversed: bool,
}

/// Reflectance of each module, row by row, by luminance and by the red channel.
struct Light {
    modules: usize,
    bands: [Vec<f32>; 2],
}

impl Light {
    /// A share of the module changes from `on` to `ink`.
    fn cover(&mut self, (x, y): (usize, usize), coverage: f32, ink: [f32; 2], on: [f32; 2]) {
        for (band, of_band) in self.bands.iter_mut().enumerate() {
            of_band[y * self.modules + x] += coverage * (ink[band] - on[band]);
        }
    }
}

/// By luminance, and by the red channel.
pub fn bands(scene: &Scene, meant: &Matrix) -> [Seen; 2] {
    let modules = scene.modules;
    let ground = light(on_white(scene.ground));
    let has_pictures = |layer: &Layer| matches!(layer.shape, Shape::Picture(..));
    let is_flat = scene.effects.is_none() && !scene.symbol_layers().iter().any(has_pictures);
    let seen = if is_flat {
        of_shapes(scene)
    } else {
        of_pixels(scene)
    };
    let is_reversed = {
        let dark = (0..modules).flat_map(|y| {
            meant
                .runs(y)
                .flatten()
                .map(move |x| y * modules + x as usize)
        });
        let (sum, count) = dark.fold((0.0, 0_u32), |(sum, count), at| {
            (sum + seen.bands[0][at], count + 1)
        });
        sum / count.max(1) as f32 > ground[0]
    };
    let mut grounds = ground.into_iter();
    seen.bands.map(|mut reflectance| {
        // The quiet zone is seen, too.
        let mut ground = grounds.next().unwrap_or(1.0);
        if is_reversed {
            ground = 1.0 - ground;
            for seen in &mut reflectance {
                *seen = 1.0 - *seen;
            }
        }
        let least = reflectance.iter().copied().fold(ground, f32::min);
        let most = reflectance.iter().copied().fold(ground, f32::max);
        Seen {
            modules,
            reflectance,
            least,
            most,
            is_reversed,
        }
    })
}

/// From the coverage of tiles and outlines.
fn of_shapes(scene: &Scene) -> Light {
    let modules = scene.modules;
    let ground = light(on_white(scene.ground));
    let mut seen = Light {
        modules,
        bands: ground.map(|of_ground| vec![of_ground; modules * modules]),
    };
    for layer in scene.symbol_layers() {
        let on = light(on_white(layer.on.unwrap_or(scene.ground)));
        let inks = Inks::of(layer, scene);
        let mut filled = |outline: &Outline| {
            let scale = PX as f32 / MODULE as f32;
            let offset = |origin: i32| -(origin as f32) * scale;
            let corner = (offset(scene.origin.x), offset(scene.origin.y));
            for mask in Mask::all(outline, scale, corner) {
                let mask = mask.within(modules * PX, modules * PX);
                for_each_module(&mask, |x, y, coverage| {
                    seen.cover((x, y), coverage, inks.at(x, y), on);
                });
            }
        };
        match &layer.shape {
            Shape::Outline(outline) => filled(outline),
            Shape::Stroke { outline, width } => filled(&outline.stroked(*width)),
            Shape::Modules(of_layer) => {
                let coverage = coverages(of_layer);
                for (x, y) in of_layer.places() {
                    let variant = usize::from(of_layer.tile(x, y).variant());
                    seen.cover((x, y), coverage[variant], inks.at(x, y), on);
                }
            }
            Shape::Picture(..) => {}
        }
    }
    seen
}

/// From a painting, where what is seen depends on what lies around.
fn of_pixels(scene: &Scene) -> Light {
    let canvas = Canvas::tight(scene, PX as u32);
    let painted = paint(scene, canvas);
    let modules = scene.modules;
    let mut seen = Light {
        modules,
        bands: [0, 1].map(|_| vec![0.0; modules * modules]),
    };
    let aperture = aperture();
    for y in 0..modules {
        for x in 0..modules {
            let (mut sum, mut count) = ([0.0_f32; 2], 0.0_f32);
            for (dy, row) in aperture.iter().enumerate() {
                let row_px = canvas.y_px as usize + y * PX + dy;
                for (dx, _) in row.iter().enumerate().filter(|(_, inside)| **inside) {
                    let column_px = canvas.x_px as usize + x * PX + dx;
                    let ink = painted.ink(row_px * canvas.width_px as usize + column_px);
                    let of_ink = light(on_white(ink));
                    sum = [sum[0] + of_ink[0], sum[1] + of_ink[1]];
                    count += 1.0;
                }
            }
            for (band, sum) in seen.bands.iter_mut().zip(sum) {
                band[y * modules + x] = sum / count.max(1.0);
            }
        }
    }
    seen
}

impl Seen {
    pub const fn is_reversed(&self) -> bool {
        self.is_reversed
    }

    pub fn contrast(&self) -> f32 {
        self.most - self.least
    }

    fn threshold(&self) -> f32 {
        f32::midpoint(self.most, self.least)
    }

    /// The modules that are darker than the threshold.
    pub fn matrix(&self) -> Matrix {
        let threshold = self.threshold();
        Matrix::from_fn(self.modules, |x, y| {
            self.reflectance[y * self.modules + x] < threshold
        })
    }

    /// 0 for a module that is on the wrong side of the threshold.
    fn modulation(&self, x: usize, y: usize, is_dark: bool) -> f32 {
        let above = self.reflectance[y * self.modules + x] - self.threshold();
        let right = if is_dark { -above } else { above };
        (2.0 * right / self.contrast().max(1e-3)).max(0.0)
    }

    /// Modules of less modulation.
    pub fn below(&self, least: f32, meant: &Matrix) -> Matrix {
        Matrix::from_fn(self.modules, |x, y| {
            self.modulation(x, y, meant.is_dark(x, y)) + 1e-4 < least
        })
    }

    pub fn least_modulation(&self, meant: &Matrix) -> f32 {
        let all = (0..self.modules).flat_map(|y| (0..self.modules).map(move |x| (x, y)));
        all.map(|(x, y)| self.modulation(x, y, meant.is_dark(x, y)))
            .fold(1.0, f32::min)
    }
}

/// Of a paint, module by module.
struct Inks<'a> {
    paint: &'a Paint,
    /// Of an ink, or of the steps of a gradient.
    lights: Vec<[f32; 2]>,
    origin: Point,
}

/// Steps of a gradient that are told apart.
const STEPS: usize = 256;

impl<'a> Inks<'a> {
    fn of(layer: &'a Layer, scene: &Scene) -> Self {
        let on = on_white(layer.on.unwrap_or(scene.ground));
        let of_ink = |ink: Ink| light(crate::raster::over(ink, 1.0, on));
        let paint = &layer.paint;
        let lights = match paint {
            Paint::Ink(ink) => vec![of_ink(*ink)],
            Paint::Linear { ramp, .. } | Paint::Radial { ramp, .. } => (0..STEPS)
                .map(|n| of_ink(Ink::opaque(ramp.color(n as f32 / (STEPS - 1) as f32))))
                .collect(),
            Paint::Sampled(sampled) => sampled
                .colors
                .iter()
                .map(|&rgb| of_ink(Ink::opaque(rgb)))
                .collect(),
        };
        Self {
            paint,
            lights,
            origin: scene.origin,
        }
    }

    fn at(&self, x: usize, y: usize) -> [f32; 2] {
        let middle = |v: usize| (v as f64 + 0.5) * f64::from(MODULE);
        let step = match self.paint {
            Paint::Ink(_) => 0,
            Paint::Linear { .. } | Paint::Radial { .. } => {
                let at = (
                    f64::from(self.origin.x) + middle(x),
                    f64::from(self.origin.y) + middle(y),
                );
                (self.paint.share(at) * (STEPS - 1) as f32 + 0.5) as usize
            }
            Paint::Sampled(sampled) => usize::from(sampled.class(x, y)),
        };
        self.lights[step.min(self.lights.len() - 1)]
    }
}

/// What shows through a clear ground is taken to be white.
fn on_white(ink: Ink) -> Ink {
    crate::raster::over(ink, 1.0, Ink::WHITE)
}

/// Luminance (ITU-R BT.709) and red, in linear light (IEC 61966-2-1).
pub fn light(ink: Ink) -> [f32; 2] {
    static LINEAR: OnceLock<[f32; 256]> = OnceLock::new();
    let linear = LINEAR.get_or_init(|| {
        std::array::from_fn(|byte| {
            let c = byte as f32 / 255.0;
            if c <= 0.040_45 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        })
    });
    let [red, green, blue] = ink.rgb.map(|byte| linear[usize::from(byte)]);
    [0.2126 * red + 0.7152 * green + 0.0722 * blue, red]
}

/// Of each tile in use.
fn coverages(modules: &Modules) -> [f32; Tile::VARIANTS] {
    let mut all = [f32::NAN; Tile::VARIANTS];
    for (x, y) in modules.places() {
        let tile = modules.tile(x, y);
        let coverage = &mut all[usize::from(tile.variant())];
        if coverage.is_nan() {
            for_each_module(&Mask::tile(&tile.outline(), PX), |_, _, seen| {
                *coverage = seen;
            });
        }
    }
    all
}

/// Coverage within the aperture, of each module that the mask touches.
fn for_each_module(mask: &Mask, mut f: impl FnMut(usize, usize, f32)) {
    let aperture = aperture();
    let pixels: usize = aperture
        .iter()
        .map(|row| row.iter().filter(|inside| **inside).count())
        .sum();
    let (left, top) = (mask.x as usize, mask.y as usize);
    if mask.coverage.is_empty() {
        return;
    }
    let last = |from: usize, length: usize| (from + length - 1) / PX;
    for y in top / PX..=last(top, mask.height) {
        for x in left / PX..=last(left, mask.width) {
            let mut sum = 0_u32;
            for (dy, row) in aperture.iter().enumerate() {
                let Some(line) = (y * PX + dy)
                    .checked_sub(top)
                    .filter(|line| *line < mask.height)
                else {
                    continue;
                };
                let line = mask.row(line);
                for (dx, _) in row.iter().enumerate().filter(|(_, inside)| **inside) {
                    let column = (x * PX + dx).checked_sub(left);
                    sum += column
                        .and_then(|at| line.get(at))
                        .map_or(0, |&c| u32::from(c));
                }
            }
            f(x, y, sum as f32 / (255 * pixels) as f32);
        }
    }
}

/// Pixels of a module that the aperture sees.
fn aperture() -> [[bool; PX]; PX] {
    let middle = PX as f32 / 2.0;
    let reach = APERTURE * PX as f32 / 2.0;
    let from = |v: usize| v as f32 + 0.5 - middle;
    std::array::from_fn(|y| {
        std::array::from_fn(|x| from(x) * from(x) + from(y) * from(y) <= reach * reach)
    })
}
