//! The shortest sequence of segments (see the [module above](super) for why it is).
//!
//! Invariant: no other choice of modes for the same runs has fewer bits.

use crate::{Error, Mode, Options, tables::Widths};

use super::{
    runs::{Run, Runs},
    source::Source,
};

/// Sixths of a bit: three digits are 10 bits, two alphanumerics 11.
const SIXTHS: u64 = 6;

/// Dearer than anything, and far from overflow.
const NEVER: u64 = 1 << 60;

/// The ways in which content may become segments.
pub(super) struct Plans {
    plain: Runs,
    /// With everything that is not ASCII in Kanji mode, where that may be.
    kanji: Option<Runs>,
    forced: Option<Mode>,
}

impl Plans {
    pub(super) fn new(source: &Source, options: &Options, only_qr: bool) -> Result<Self, Error> {
        Ok(match options.mode {
            Some(mode) => Self {
                plain: source.forced_runs(mode, options.fnc1.is_some())?,
                kanji: None,
                forced: Some(mode),
            },
            None => Self {
                plain: source.runs(options, only_qr),
                kanji: source.kanji_runs(options),
                forced: None,
            },
        })
    }

    /// Chooses modes. Bits from the first mode indicator to the last character, and whether [`Self::runs`] are to be
    /// those with Kanji.
    pub(super) fn plan(&mut self, widths: Widths) -> (u64, bool) {
        let bits = match self.forced {
            Some(mode) => force(self.plain.as_mut(), mode, widths),
            None => plan(self.plain.as_mut(), widths),
        };
        match &mut self.kanji {
            Some(runs) => {
                let with_kanji = plan(runs.as_mut(), widths);
                (bits.min(with_kanji), with_kanji < bits)
            }
            None => (bits, false),
        }
    }

    /// Nothing will have fewer bits.
    pub(super) fn at_least(&self, widths: Widths) -> u64 {
        let plain = at_least(self.plain.as_slice(), widths);
        let kanji = self.kanji.as_ref();
        kanji.map_or(plain, |runs| plain.min(at_least(runs.as_slice(), widths)))
    }

    /// With the modes last planned.
    pub(super) fn runs(&self, kanji: bool) -> &[Run] {
        let runs = self.kanji.as_ref().filter(|_| kanji);
        runs.unwrap_or(&self.plain).as_slice()
    }

    /// The widest mode without which it cannot be done.
    pub(super) fn widest(&self) -> Mode {
        let runs = self.plain.as_slice().iter();
        let mode = |run: &Run| self.forced.unwrap_or(run.class.narrowest());
        runs.map(mode).max().unwrap_or(Mode::Numeric)
    }
}

/// Chooses a mode for each run; bits from the first mode indicator to the last character.
fn plan(runs: &mut [Run], widths: Widths) -> u64 {
    let headers = Mode::ALL.map(|mode| header(mode, widths));
    let mut costs = [NEVER; 4];
    // What is spent when the next mode may begin, and in which mode that was least.
    let mut spent = 0;
    let mut cheapest = 0;
    for run in &mut *runs {
        let prices = run.class.prices();
        let mut switches = 0;
        for mode in 0..4 {
            let fresh = spent + headers[mode];
            let kept_apart = run.apart && mode == Mode::Alphanumeric as usize;
            let switch = fresh < costs[mode] || kept_apart;
            switches |= u8::from(switch) << mode;
            let before = if switch { fresh } else { costs[mode] };
            costs[mode] = match prices[mode] {
                0 => NEVER,
                price => before + price * count(run, Mode::ALL[mode]),
            };
        }
        // In the first run there is no mode to come from; the way back ends there.
        run.trace = switches << 2 | cheapest;
        (spent, cheapest) = least(costs);
    }
    for run in runs.iter_mut().rev() {
        run.mode = Mode::ALL[cheapest as usize];
        if run.trace >> 2 >> cheapest & 1 == 1 {
            cheapest = run.trace & 0b11;
        }
    }
    spent / SIXTHS
}

/// Bits for all runs in one mode, which must have all of their characters.
fn force(runs: &mut [Run], mode: Mode, widths: Widths) -> u64 {
    for run in &mut *runs {
        run.mode = mode;
    }
    let price = |run: &Run| run.class.prices()[mode as usize] * count(run, mode);
    let segment = |runs: &[Run]| {
        let characters: u64 = runs.iter().map(price).sum();
        (characters + header(mode, widths)).div_ceil(SIXTHS)
    };
    segments(runs).map(segment).sum()
}

/// Neighbouring runs that share a header.
pub(super) fn segments(runs: &[Run]) -> impl Iterator<Item = &[Run]> {
    let kept_apart = |run: &Run| run.apart && run.mode == Mode::Alphanumeric;
    runs.chunk_by(move |a, b| a.mode == b.mode && !kept_apart(b))
}

/// No plan has fewer bits: one header, and each character in its cheapest mode.
fn at_least(runs: &[Run], widths: Widths) -> u64 {
    let cheapest = |run: &Run| {
        let modes = Mode::ALL.into_iter().zip(run.class.prices());
        let possible = modes.filter(|&(_, price)| price > 0);
        possible.map(|(mode, price)| price * count(run, mode)).min()
    };
    let characters: u64 = runs.iter().filter_map(cheapest).sum();
    let header = Mode::ALL.map(|mode| header(mode, widths)).into_iter().min();
    match runs {
        [] => 0,
        _ => (characters + header.unwrap_or(0)).div_ceil(SIXTHS),
    }
}

/// Sixths for mode indicator and character count indicator.
fn header(mode: Mode, widths: Widths) -> u64 {
    match widths.count(mode) {
        0 => NEVER,
        count => SIXTHS * u64::from(widths.indicator() + count),
    }
}

/// What a mode's price is asked for.
fn count(run: &Run, mode: Mode) -> u64 {
    u64::from(if mode == Mode::Byte {
        run.bytes
    } else {
        run.chars
    })
}

/// The least, rounded up to whole bits, and whose it is.
fn least(costs: [u64; 4]) -> (u64, u8) {
    let mut least = (costs[0], 0);
    for (mode, &cost) in (1..4).zip(&costs[1..]) {
        if cost < least.0 {
            least = (cost, mode);
        }
    }
    (least.0.next_multiple_of(SIXTHS), least.1)
}
