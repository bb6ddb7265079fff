//! Styled symbols as files, for readers that are not ours: random styles, and each finder pattern for itself.
//!
//! Invariant: the manifest names every file, all that a reader should find in it, its grade, and whether rqrr finds it.

use std::{fs, path::Path};

use benches::random::Random;
use style::{
    Border, Centre, Effect, EyeShape, Fonts, Frame, FrameKind, Gradient, Kind, Logo, LogoShape,
    Pattern, Picture, Side, Stroke, Style, Text, compose, grade,
    raster::{self, Painted, Pixels},
};
use symbol::{Level, Options, encode, file::Ink};

use crate::{Flags, case};

/// One file to be.
struct Sample {
    name: String,
    text: String,
    level: Level,
    style: Style,
    quiet_zone: u8,
    module_px: u32,
}

pub fn random(flags: &Flags) -> Result<(), String> {
    let samples = (0..flags.count).map(|index| {
        let mut random = Random::new(flags.seed.wrapping_mul(0x0100_0000_01b3) + index as u64);
        Sample {
            name: "random".to_owned(),
            text: text([3, 20, 60, 150, 300][random.below(5)]),
            level: Level::ALL[random.below(4)],
            style: style(&mut random),
            quiet_zone: [4, 4, 4, 4, 3, 2][random.below(6)],
            module_px: 4 + u32::try_from(random.below(7)).unwrap_or(0),
        }
    });
    write(flags, samples)
}

/// Every border around a square, every centre inside of one, and every shape.
pub fn eyes(flags: &Flags) -> Result<(), String> {
    let borders = Border::ALL
        .iter()
        .map(|&border| ("border", border.label(), border, Centre::Square));
    let centres = Centre::ALL
        .iter()
        .map(|&centre| ("centre", centre.label(), Border::Square, centre));
    let shapes = EyeShape::ALL
        .iter()
        .map(|&shape| ("shape", shape.label(), shape.parts().0, shape.parts().1));
    let all = borders
        .chain(centres)
        .chain(shapes)
        .flat_map(|(kind, label, border, centre)| {
            let sizes = [3, 20, 60, 150, 300]
                .into_iter()
                .flat_map(|length| [4, 5, 7, 10].map(|px| (length, px)));
            sizes.flat_map(move |(length, module_px)| {
                [Level::L, Level::H].map(|level| {
                    let mut style = Style::default();
                    (style.eyes.border, style.eyes.centre) = (border, centre);
                    Sample {
                        name: format!("{kind} {label}"),
                        text: text(length),
                        level,
                        style,
                        quiet_zone: 4,
                        module_px,
                    }
                })
            })
        });
    write(flags, all)
}

/// What lies in, on, around and beneath a symbol, one at a time, in styles that are good without it.
const DECORATIONS: [&str; 8] = [
    "logo", "frame", "stroke", "shadow", "glow", "blur", "noise", "vintage",
];

pub fn decorated(flags: &Flags) -> Result<(), String> {
    let fonts = Fonts::new(Vec::new()).map_err(|_| "the built-in fonts are no fonts")?;
    let words = Text::new("Scan me, please", &fonts).map_err(|error| error.to_string())?;
    let samples = (0..flags.count).map(|index| {
        let mut random = Random::new(flags.seed.wrapping_mul(0x0200_0000_01b3) + index as u64);
        let decoration = DECORATIONS[index % DECORATIONS.len()];
        let mut style = Style {
            ink: dark(&mut random),
            ..Style::default()
        };
        if random.below(2) == 0 {
            style.pattern = pick(
                &mut random,
                &[Pattern::Rounded, Pattern::Dots, Pattern::Vertical],
            );
        }
        decorate(&mut style, decoration, &words, &mut random)?;
        Ok(Sample {
            name: decoration.to_owned(),
            text: text([3, 20, 60, 150, 300][random.below(5)]),
            level: Level::ALL[random.below(4)],
            style,
            quiet_zone: 4,
            module_px: 4 + u32::try_from(random.below(7)).unwrap_or(0),
        })
    });
    let samples: Result<Vec<_>, String> = samples.collect();
    write(flags, samples?.into_iter())
}

fn decorate(
    style: &mut Style,
    decoration: &str,
    words: &Text,
    random: &mut Random,
) -> Result<(), String> {
    let mut up_to = |most: f32| most * f32::from(small(random, 101)) / 100.0;
    let numbers = [up_to(1.0), up_to(1.0), up_to(1.0)];
    let [first, second, third] = numbers;
    let ink = dark(random);
    let effect = match decoration {
        "logo" => {
            style.logo = Some(logo(first, second, random)?);
            return Ok(());
        }
        "frame" => {
            style.frame = Some(Frame {
                kind: pick(random, FrameKind::ALL),
                ink,
                width: 3.0 * first,
                text: (random.below(4) > 0).then(|| words.clone()),
                position: pick(random, Side::ALL),
            });
            return Ok(());
        }
        "stroke" => {
            let width = 0.1 + 0.9 * first;
            style.stroke = Some(Stroke { width, ink });
            return Ok(());
        }
        "shadow" => Effect::Shadow {
            dx: 2.0 * first - 1.0,
            dy: 2.0 * second - 1.0,
            blur: 2.0 * third,
            ink: Ink {
                alpha: small(random, 256),
                ..ink
            },
        },
        "glow" => Effect::Glow {
            intensity: first,
            rgb: ink.rgb.map(|c| c.saturating_add(50)),
        },
        "blur" => Effect::Blur {
            radius: 0.8 * first,
        },
        "noise" => Effect::Noise { intensity: first },
        _ => Effect::Vintage {
            sepia: first,
            vignette: second,
        },
    };
    style.effects.push(effect);
    Ok(())
}

/// Blots on a colour. `share` and `padding`: 0.0..=1.0 of what is allowed, or of a module.
fn logo(share: f32, padding: f32, random: &mut Random) -> Result<Logo, String> {
    const SIDE: u32 = 48;
    let (back, blot) = (
        dark(random),
        Ink::opaque([0; 3].map(|_: u8| small(random, 256))),
    );
    let bits = (random.below(1 << 16), 1 + u32::from(small(random, 12)));
    let pixel = |n: u32| {
        let (x, y) = (n % SIDE / bits.1, n / SIDE / bits.1);
        let [red, green, blue] = if bits.0 >> ((x * 5 + y * 3) % 16) & 1 == 0 {
            back.rgb
        } else {
            blot.rgb
        };
        [red, green, blue, 255]
    };
    let rgba = (0..SIDE * SIDE).flat_map(pixel).collect();
    let picture = Picture::new(SIDE, SIDE, rgba).ok_or("the logo is no picture")?;
    let mut logo = Logo::new(picture, [0; 32], pick(random, LogoShape::ALL));
    (logo.share, logo.padding) = (0.05 + 0.25 * share, padding);
    logo.background = (random.below(2) == 0).then_some(Ink::WHITE);
    Ok(logo)
}

fn text(length: usize) -> String {
    format!("https://example.org/{}", "x".repeat(length))
}

fn style(random: &mut Random) -> Style {
    let mut style = Style::default();
    if random.below(4) > 0 {
        style.pattern = pick(random, Pattern::ALL);
    }
    match random.below(4) {
        0 => {}
        1 => style.eyes = pick(random, EyeShape::ALL).into(),
        2 => style.eyes.centre = pick(random, Centre::ALL),
        _ => {
            style.eyes.border = pick(random, Border::ALL);
            style.eyes.centre = pick(random, Centre::ALL);
        }
    }
    if random.below(2) == 0 {
        style.ink = dark(random);
        style.ground = Ink::opaque([0; 3].map(|_: u8| 255 - small(random, 90)));
    }
    if random.below(3) == 0 {
        (style.eyes.inks.outer, style.eyes.inks.inner) = (Some(dark(random)), Some(dark(random)));
    }
    if random.below(3) == 0 {
        let colors: Vec<_> = (0..2 + random.below(4)).map(|_| dark(random).rgb).collect();
        let mut gradient = Gradient::new(pick(random, Kind::ALL), &colors);
        gradient.angle_deg = f32::from(small(random, 255));
        gradient.on_eyes = random.below(2) == 0;
        style.gradient = Some(gradient);
    }
    style
}

fn pick<T: Copy>(random: &mut Random, words: &[T]) -> T {
    words[random.below(words.len())]
}

fn small(random: &mut Random, below: usize) -> u8 {
    u8::try_from(random.below(below)).unwrap_or(0)
}

fn dark(random: &mut Random) -> Ink {
    let below = [40, 90, 140, 200][random.below(4)];
    Ink::opaque([0; 3].map(|_: u8| small(random, below)))
}

fn write(flags: &Flags, samples: impl Iterator<Item = Sample>) -> Result<(), String> {
    let folder = Path::new(flags.folder.as_deref().ok_or("which --folder?")?);
    let mut manifest = String::new();
    for (index, sample) in samples.enumerate() {
        let options = Options {
            level: sample.level,
            ..Options::default()
        };
        let symbol = encode(&*sample.text, &options).map_err(|error| error.to_string())?;
        let scene = compose(&symbol, &sample.style, sample.quiet_zone);
        let canvas = raster::Canvas::tight(&scene, sample.module_px);
        let painted = raster::paint(&scene, canvas);
        let mut file = Vec::new();
        raster::png(&painted, None, &mut file).map_err(|error| error.to_string())?;
        let file_name = format!("{index:06}.png");
        fs::write(folder.join(&file_name), file).map_err(|error| error.to_string())?;
        let line = [
            file_name,
            case::hex(sample.text.as_bytes()),
            grade(&scene, &symbol).grade().label().to_owned(),
            sample.name,
            sample.module_px.to_string(),
            u8::from(by_rqrr(&painted).as_deref() == Some(&sample.text)).to_string(),
        ];
        manifest += &line.join("\t");
        manifest.push('\n');
    }
    fs::write(folder.join("manifest.tsv"), manifest).map_err(|error| error.to_string())
}

fn by_rqrr(painted: &Painted) -> Option<String> {
    let (width, height) = (painted.width_px as usize, painted.height_px as usize);
    let luma = |[red, green, blue]: [u8; 3]| {
        let sum = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
        u8::try_from(sum / 1000).unwrap_or(255)
    };
    let grey: Vec<u8> = match &painted.pixels {
        Pixels::Indexed { palette, indices } => indices
            .iter()
            .map(|&index| luma(palette[usize::from(index)].rgb))
            .collect(),
        Pixels::Rgba(bytes) => bytes
            .as_chunks::<4>()
            .0
            .iter()
            .map(|&[r, g, b, _]| luma([r, g, b]))
            .collect(),
    };
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| grey[y * width + x]);
    image
        .detect_grids()
        .first()?
        .decode()
        .ok()
        .map(|(_, text)| text)
}
