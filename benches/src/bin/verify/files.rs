//! Random symbols as files, for readers that are not ours.
//!
//! Invariant: the manifest names every file that was written and all that a reader should find in it.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use benches::{
    files,
    ours::{self, Content, Level, Options, Symbol, Version, Versions},
    random::Random,
};
use symbol::file::{Ink, Inks};

use crate::{Flags, case};

const NARROW: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const ADDRESS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789-_/.?=&";

pub fn list() -> Result<(), String> {
    files::ALL
        .iter()
        .try_for_each(|format| writeln!(io::stdout(), "{}", format.name))
        .map_err(|error| error.to_string())
}

pub fn write(flags: &Flags) -> Result<(), String> {
    let folder = flags.folder.as_deref().ok_or("which --folder?")?;
    let name = flags.format.as_deref().ok_or("which --format?")?;
    let format = files::named(name).ok_or_else(|| format!("there is no format {name}"))?;
    let folder = Path::new(folder);
    let mut manifest = String::new();
    for index in 0..flags.count {
        let mut random = Random::new(flags.seed.wrapping_mul(0x0100_0000_01b3) + index as u64);
        let text = text(&mut random);
        let symbol = encode(&mut random, &text)
            .map_err(|error| format!("input {index} of seed {}: {error}", flags.seed))?;
        let width_px = width(&mut random, &symbol);
        let file = files::file(format, &symbol, width_px, inks(&mut random)).unwrap_or_default();
        let file_name = format!("{index:06}.{name}");
        fs::write(folder.join(&file_name), file).map_err(|error| error.to_string())?;
        let line = [
            file_name,
            symbol.version().to_string(),
            format!("{:?}", symbol.level()),
            symbol.mask().reference().to_string(),
            width_px.to_string(),
            case::hex(text.as_bytes()),
        ];
        manifest += &line.join("\t");
        manifest.push('\n');
    }
    fs::write(folder.join("manifest.tsv"), manifest).map_err(|error| error.to_string())
}

/// What people put into symbols: mostly addresses.
fn text(random: &mut Random) -> String {
    let length = match random.below(8) {
        0 => random.between(1, 10),
        7 => random.between(200, 900),
        _ => random.between(8, 120),
    };
    let letters = match random.below(6) {
        0 => random.letters(b"0123456789", length),
        1 => random.letters(NARROW, length),
        2 => return case::kanji(random, length.min(300)),
        3 => {
            return (0..length.min(300))
                .map(|_| random.one_of(&['a', 'é', 'ß', 'Ж', '€', '漢', '🙂', ' ']))
                .collect();
        }
        _ => [
            b"https://example.org/".to_vec(),
            random.letters(ADDRESS, length),
        ]
        .concat(),
    };
    letters.into_iter().map(char::from).collect()
}

/// Micro QR where it fits and is wanted; else any level, sometimes a larger version than need be.
fn encode(random: &mut Random, text: &str) -> Result<Symbol, String> {
    let mut options = Options {
        level: random.one_of(&Level::ALL),
        ..Options::default()
    };
    match random.below(6) {
        0 => options.versions = Versions::MicroOrQr,
        1 => options.boost = true,
        _ => {}
    }
    let symbol = ours::encode(Content::Text(text), &options).map_err(|error| error.to_string())?;
    if random.below(6) > 0 || symbol.version().is_micro() {
        return Ok(symbol);
    }
    let least = usize::from(symbol.version().number());
    let larger = ours::qr(random.between(least, Version::MAX.number().into()));
    options.versions = Versions::Exactly(larger);
    ours::encode(Content::Text(text), &options).map_err(|error| error.to_string())
}

/// Modules of 3 to 8 pixels and some left over, at most about 1000 in all: readers take their time.
fn width(random: &mut Random, symbol: &Symbol) -> u32 {
    let across = symbol.matrix().modules() + 2 * usize::from(symbol.version().quiet_zone());
    let module_px = random.between(3, 8).min(1000 / across).max(3);
    let width_px = across * module_px + random.below(module_px);
    u32::try_from(width_px).unwrap_or_default()
}

/// Black on white, or dark on light.
fn inks(random: &mut Random) -> Inks {
    let mut colour = |least: usize| {
        let mut part = || u8::try_from(random.between(least, least + 60)).unwrap_or_default();
        Ink::opaque([part(), part(), part()])
    };
    let (dark, light) = (colour(0), colour(195));
    if random.below(2) == 0 {
        Inks::BLACK_ON_WHITE
    } else {
        Inks::two(dark, light)
    }
}
