//! What the modules say, and what is painted with what.
//!
//! Invariant: which modules are data, and which of them are dark, is what the symbol itself says after correction; not
//! what their colours suggest.

use symbol::{
    Matrix, Symbol,
    read::{self, Unreadable},
};

use super::{
    Cell, Rgb, Sampled, Unclear, apart, corner::finder_modules, histogram::Histogram, plate,
};

/// The colours of dark and light modules, and of dark and light data modules (see [`crate::render::Colors`]).
pub type Inks = [Rgb; 4];

/// How much of the data may be of other colours than the data's: alignment patterns and a logo are at most a tenth.
const STRAY_SHARE: usize = 7;

/// A symbol that could be read.
#[derive(Clone, Debug, PartialEq)]
pub struct SampledSymbol {
    pub said: read::DecodedSymbol,
    pub inks: Inks,
    /// Of a JPEG: by how much colours are off, at the median of the modules. Else 0.
    pub noise: u8,
    /// Modules that are dark and should be light, or light and should be dark. None of those under a logo.
    pub damaged: usize,
    /// Modules that have none of the colours, or more than one. None of those under a logo; not told of a JPEG.
    pub strays: usize,
    /// Something hides modules in the middle.
    pub has_logo: bool,
}

impl Sampled {
    /// # Errors
    /// `Illegible`.
    pub fn read(&self) -> Result<SampledSymbol, Unclear> {
        let mut fault = Unclear::Illegible("all data modules have one colour");
        for inks in self.guesses() {
            match self.said(&inks) {
                Ok(said) => return Ok(self.compared(said)),
                Err(e) => fault = Unclear::Illegible(illegible(&e)),
            }
        }
        Err(fault)
    }

    /// The colours, as far as they can be told before it is known which modules are data; the likelier way first.
    fn guesses(&self) -> impl Iterator<Item = Inks> + use<> {
        let [dark, light] = [true, false].map(|wanted| {
            let modules = finder_modules().filter(|&(_, _, dark)| dark == wanted);
            Histogram::of(modules.map(|(x, y, _)| self.cell(x, y).rgb)).median()
        });
        let pair = self.data_pair();
        let [a, b] = pair.unwrap_or([dark, light]);
        let cost = |a, b| u16::from(apart(a, dark)) + u16::from(apart(b, light));
        let (a, b) = if cost(a, b) <= cost(b, a) {
            (a, b)
        } else {
            (b, a)
        };
        let ways = [[dark, light, a, b], [dark, light, b, a]];
        ways.into_iter().take(if pair.is_some() { 2 } else { 0 })
    }

    /// The two colours that most data modules have. Of the channel in which they differ most, one is at the lower end
    /// and the other at the upper: masking leaves neither less than a fifth of the modules.
    fn data_pair(&self) -> Option<[Rgb; 2]> {
        let modules = self.modules();
        let cells = || {
            let data = self.places().filter(|&(x, y)| !is_function(modules, x, y));
            data.map(|(x, y)| self.cell(x, y).rgb)
        };
        let all = Histogram::of(cells());
        let edge = all.count / STRAY_SHARE;
        let low = |channel| all.nth(channel, edge);
        let gap = |channel| all.nth(channel, all.count.saturating_sub(edge + 1)) - low(channel);
        let channel = (0..3).max_by_key(|&channel| gap(channel))?;
        let (gap, middle) = (gap(channel), low(channel) + gap(channel) / 2);
        let low = Histogram::of(cells().filter(|rgb| rgb[channel] <= middle)).median();
        let high = Histogram::of(cells().filter(|rgb| rgb[channel] > middle)).median();
        (gap > 0).then_some([low, high])
    }

    fn said(&self, inks: &Inks) -> Result<read::DecodedSymbol, Unreadable> {
        let modules = self.modules();
        let matrix = Matrix::from_fn(modules, |x, y| {
            let rgb = self.cell(x, y).rgb;
            let [dark, light] = if is_function(modules, x, y) {
                [inks[0], inks[1]]
            } else {
                [inks[2], inks[3]]
            };
            apart(rgb, dark) < apart(rgb, light)
        });
        // Almost always there is enough to correct what a logo hides without being told where it is.
        read::read(&matrix).or_else(|fault| {
            let (first, plate) = plate(modules);
            let plate = first..first + plate;
            let hidden = Matrix::from_fn(modules, |x, y| plate.contains(&x) && plate.contains(&y));
            read::read_around(&matrix, &hidden).map_err(|_| fault)
        })
    }

    /// Holds every module against what it should be.
    fn compared(&self, said: read::DecodedSymbol) -> SampledSymbol {
        let roles = self.roles(&said.symbol);
        let cells = || self.cells.iter().zip(&roles);
        let inks: Inks = std::array::from_fn(|ink| {
            let own = cells().filter(|(_, role)| role.ink == ink && !role.on_plate);
            Histogram::of(own.map(|(cell, _)| cell.rgb)).median()
        });
        let off = |(cell, role): (&Cell, &Role)| apart(cell.rgb, inks[role.ink]);
        let noise = if self.is_exact {
            0
        } else {
            Histogram::of(cells().map(|pair| [off(pair); 3])).median()[0]
        };
        let (mut found, mut farthest) = ([[0; 2]; 2], [0; 2]);
        for (cell, role) in cells() {
            let on_plate = usize::from(role.on_plate);
            let off = off((cell, role));
            farthest[on_plate] = farthest[on_plate].max(off);
            // The ink of the other shade stands beside it.
            if let Some(fault) = self.fault(*cell, off, inks[role.ink ^ 1]) {
                found[on_plate][fault as usize] += 1;
            }
        }
        let [[damaged, strays], covered] = found;
        let has_logo = if self.is_exact {
            covered != [0; 2]
        } else {
            // A covered module is farther from the colour it should have than a JPEG moves any: by a quarter of the
            // contrast, and half as far again as the farthest that certainly is not covered.
            let covered = (contrast(&inks) / 4).max(farthest[0].saturating_add(farthest[0] / 2));
            farthest[1] > covered
        };
        SampledSymbol {
            said,
            inks,
            noise,
            damaged,
            strays,
            has_logo,
        }
    }

    /// Row by row.
    fn roles(&self, symbol: &Symbol) -> Vec<Role> {
        let (matrix, data) = (symbol.matrix(), symbol.data_area());
        let (first, plate) = plate(self.modules());
        let plate = first..first + plate;
        let role = |(x, y)| Role {
            ink: 2 * usize::from(data.is_dark(x, y)) + usize::from(!matrix.is_dark(x, y)),
            on_plate: plate.contains(&x) && plate.contains(&y),
        };
        self.places().map(role).collect()
    }

    /// Across and down, row by row.
    fn places(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let modules = self.modules();
        (0..modules).flat_map(move |y| (0..modules).map(move |x| (x, y)))
    }

    /// `off`: how far it is from the colour it should have; `other`: the one that would say the opposite.
    fn fault(&self, cell: Cell, off: u8, other: Rgb) -> Option<Fault> {
        if apart(cell.rgb, other) < off {
            Some(Fault::Damaged)
        } else if self.is_exact && (off > 0 || cell.is_mixed) {
            Some(Fault::Stray)
        } else {
            None
        }
    }
}

/// How far dark is from light, at the least.
#[must_use]
pub fn contrast([dark, light, data_dark, data_light]: &Inks) -> u8 {
    apart(*dark, *light).min(apart(*data_dark, *data_light))
}

/// What a module is for.
struct Role {
    /// Which of [`Inks`] it should have.
    ink: usize,
    on_plate: bool,
}

#[derive(Clone, Copy)]
enum Fault {
    Damaged,
    Stray,
}

/// Whether a module is certainly none of the data: finder and timing patterns and format information. Only alignment
/// patterns are missing.
fn is_function(modules: usize, x: usize, y: usize) -> bool {
    let far = modules.saturating_sub(8);
    x == 6 || y == 6 || (x < 9 && (y < 9 || y >= far)) || (x >= far && y < 9)
}

/// Without numbers: it becomes part of a fact.
const fn illegible(fault: &Unreadable) -> &'static str {
    match fault {
        Unreadable::Size { .. } => "no symbol is of this size",
        Unreadable::Format => "the format information cannot be read",
        Unreadable::Version { .. } => "the version information is another version's",
        Unreadable::Block { .. } => "there are more errors than can be corrected",
        Unreadable::Data { .. } => "the data break the rules of their encoding",
    }
}
