//! What the modules say, and what is painted with what.
//!
//! Invariant: which modules are data, and which of them are dark, is what the symbol itself says after correction; not
//! what their colours suggest.

use symbol::{
    Matrix,
    read::{self, Unreadable},
};

use super::{Cell, Rgb, Sampled, Unclear, apart, plate};

/// The colours of dark and light modules, and of dark and light data modules (see [`crate::render::Colors`]).
pub type Inks = [Rgb; 4];

/// How much of the data may be of other colours than the data's: alignment patterns and a logo are at most a tenth.
const STRAY_SHARE: usize = 7;
/// In a JPEG, a module that is so far from the colour it should have is covered; or half as far again as the farthest
/// that certainly is not.
const COVERED: u8 = 24;

/// A symbol that could be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    pub said: read::Reading,
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
    pub fn read(&self) -> Result<Reading, Unclear> {
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
        let (dark, light) = (self.cell(0, 0).rgb, self.cell(1, 1).rgb);
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
    /// and the other at the upper, since neither has less than a fifth of the modules (§7.8.3 sees to that).
    fn data_pair(&self) -> Option<[Rgb; 2]> {
        let modules = self.modules();
        let cells = || {
            let places = (0..modules * modules).map(|i| (i % modules, i / modules));
            { places }
                .filter(|&(x, y)| !is_function(modules, x, y))
                .map(|(x, y)| self.cell(x, y).rgb)
        };
        let all = Histogram::of(cells());
        let ends = |channel: usize| {
            let edge = all.count / STRAY_SHARE;
            let low = all.nth(channel, edge);
            (
                all.nth(channel, all.count.saturating_sub(edge + 1)) - low,
                low,
            )
        };
        let channel = (0..3).max_by_key(|&channel| ends(channel).0)?;
        let (gap, low) = ends(channel);
        let middle = low + gap / 2;
        let low = Histogram::of(cells().filter(|rgb| rgb[channel] <= middle)).median();
        let high = Histogram::of(cells().filter(|rgb| rgb[channel] > middle)).median();
        (gap > 0).then_some([low, high])
    }

    fn said(&self, inks: &Inks) -> Result<read::Reading, Unreadable> {
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
            let hidden = Matrix::from_fn(modules, |x, y| is_on_plate(modules, x, y));
            read::read_around(&matrix, &hidden).map_err(|_| fault)
        })
    }

    /// Holds every module against what it should be.
    fn compared(&self, said: read::Reading) -> Reading {
        let modules = self.modules();
        let (matrix, data) = (said.symbol.matrix(), said.symbol.data_area());
        let places = || (0..modules * modules).map(|i| (i % modules, i / modules));
        let role = |x, y| 2 * usize::from(data.is_dark(x, y)) + usize::from(!matrix.is_dark(x, y));
        let inks: Inks = std::array::from_fn(|ink| {
            let own = |&(x, y): &(usize, usize)| role(x, y) == ink && !is_on_plate(modules, x, y);
            Histogram::of({ places() }.filter(own).map(|(x, y)| self.cell(x, y).rgb)).median()
        });
        let off = |x, y| apart(self.cell(x, y).rgb, inks[role(x, y)]);
        let noise = if self.is_exact {
            0
        } else {
            Histogram::of(places().map(|(x, y)| [off(x, y); 3])).median()[0]
        };
        let (mut found, mut farthest) = ([[0; 2]; 2], [0; 2]);
        for (x, y) in places() {
            let on_plate = usize::from(is_on_plate(modules, x, y));
            farthest[on_plate] = farthest[on_plate].max(off(x, y));
            if let Some(fault) = self.fault(self.cell(x, y), off(x, y), inks[role(x, y) ^ 1]) {
                found[on_plate][fault as usize] += 1;
            }
        }
        let [[damaged, strays], covered] = found;
        let has_logo = if self.is_exact {
            covered != [0; 2]
        } else {
            farthest[1] > COVERED.max(farthest[0].saturating_add(farthest[0] / 2))
        };
        Reading {
            inks,
            noise,
            damaged,
            strays,
            has_logo,
            said,
        }
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

fn is_on_plate(modules: usize, x: usize, y: usize) -> bool {
    let (first, plate) = plate(modules);
    let plate = first..first + plate;
    plate.contains(&x) && plate.contains(&y)
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

/// Colours, counted channel by channel.
struct Histogram {
    channels: [[u32; 256]; 3],
    count: usize,
}

impl Histogram {
    fn of(colors: impl Iterator<Item = Rgb>) -> Self {
        let mut all = Self {
            channels: [[0; 256]; 3],
            count: 0,
        };
        for rgb in colors {
            for (channel, value) in all.channels.iter_mut().zip(rgb) {
                channel[usize::from(value)] += 1;
            }
            all.count += 1;
        }
        all
    }

    /// The value of a channel that `n` others are not above.
    fn nth(&self, channel: usize, n: usize) -> u8 {
        let mut seen = 0;
        let found = (0..=255).find(|&value| {
            seen += self.channels[channel][usize::from(value)] as usize;
            seen > n
        });
        found.unwrap_or(255)
    }

    /// Of each channel. If most colours are equal, it is that one.
    fn median(&self) -> Rgb {
        [0, 1, 2].map(|channel| self.nth(channel, self.count / 2))
    }
}
