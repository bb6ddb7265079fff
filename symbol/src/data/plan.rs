//! The shortest sequence of segments (see the [module above](super) for why it is).
//!
//! Invariant: no other choice of modes for the same runs has fewer bits.

use crate::{Mode, tables::Widths};

use super::runs::Run;

/// Sixths of a bit: three digits are 10 bits, two alphanumerics 11.
const SIXTHS: u64 = 6;

/// More than any cost, and far from overflow.
const NEVER: u64 = 1 << 60;

/// The segmentations to choose from.
pub(super) struct Plans<'a> {
    plain: &'a mut [Run],
    /// With everything that is not ASCII in Kanji mode, where that may be.
    kanji: Option<&'a mut [Run]>,
    forced: Option<Mode>,
    /// Sixths for all characters in their cheapest modes.
    floor: u64,
}

impl<'a> Plans<'a> {
    pub(super) fn new(
        plain: &'a mut [Run],
        kanji: Option<&'a mut [Run]>,
        forced: Option<Mode>,
    ) -> Self {
        let floor = |runs: &[Run]| runs.iter().map(Run::floor).sum();
        let plain_floor: u64 = floor(plain);
        let floor = kanji
            .as_deref()
            .map_or(plain_floor, |runs| plain_floor.min(floor(runs)));
        Self {
            plain,
            kanji,
            forced,
            floor,
        }
    }

    /// Chooses modes. Bits from the first mode indicator to the last character, and whether [`Self::runs`] are to be
    /// those with Kanji.
    pub(super) fn plan(&mut self, widths: Widths) -> (u64, bool) {
        let bits = match self.forced {
            Some(mode) => force(self.plain, mode, widths),
            None => plan(self.plain, widths),
        };
        match &mut self.kanji {
            Some(runs) => {
                let with_kanji = plan(runs, widths);
                (bits.min(with_kanji), with_kanji < bits)
            }
            None => (bits, false),
        }
    }

    /// A lower bound in bits: one header, and each character in its cheapest mode.
    pub(super) fn at_least(&self, widths: Widths) -> u64 {
        if self.plain.is_empty() {
            return 0;
        }
        let headers = Mode::ALL.map(|mode| header(mode, widths));
        let cheapest = headers.into_iter().min().unwrap_or(0);
        (cheapest + self.floor).div_ceil(SIXTHS)
    }

    /// The runs, with the modes last planned.
    pub(super) fn runs(&self, kanji: bool) -> &[Run] {
        let runs = self.kanji.as_deref().filter(|_| kanji);
        runs.unwrap_or(self.plain)
    }

    /// The widest mode that a character needs.
    pub(super) fn widest(&self) -> Mode {
        let mode = |run: &Run| self.forced.unwrap_or(run.class.narrowest());
        let modes = self.plain.iter().map(mode);
        modes.max().unwrap_or(Mode::Numeric)
    }
}

/// Chooses a mode for each run; bits from the first mode indicator to the last character.
fn plan(runs: &mut [Run], widths: Widths) -> u64 {
    let headers = Mode::ALL.map(|mode| header(mode, widths));
    let mut costs = [NEVER; 4];
    // The lowest cost so far, and its mode.
    let mut spent = 0;
    let mut cheapest = 0;
    for run in &mut *runs {
        let prices = run.prices();
        let mut switches = 0;
        for mode in 0..4 {
            let fresh = spent + headers[mode];
            let kept_apart = run.apart && mode == Mode::Alphanumeric as usize;
            let switch = fresh < costs[mode] || kept_apart;
            switches |= u8::from(switch) << mode;
            costs[mode] = if switch { fresh } else { costs[mode] } + prices[mode];
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
    let price = |run: &Run| run.prices()[mode as usize];
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

/// Sixths for mode indicator and character count indicator.
fn header(mode: Mode, widths: Widths) -> u64 {
    match widths.count(mode) {
        0 => NEVER,
        count => SIXTHS * u64::from(widths.indicator() + count),
    }
}

/// The lowest cost, rounded up to whole bits, and its mode.
fn least(costs: [u64; 4]) -> (u64, u8) {
    let mut least = (costs[0], 0);
    for (mode, &cost) in (1..4).zip(&costs[1..]) {
        if cost < least.0 {
            least = (cost, mode);
        }
    }
    (least.0.next_multiple_of(SIXTHS), least.1)
}
