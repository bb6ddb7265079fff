//! A failing test: the candidate fails again and again for the same units, where the control succeeds.
//!
//! The errors test counts a unit once, so it is blind to a candidate that always fails for a few units. But each of
//! the candidate's faults is answered by the control in the same request. Whatever a unit's own flakiness `f`, both
//! arms being alike, "candidate failed and control did not" has a chance of `f * (1 - f) <= 1/4`. The test tolerates 1/2,
//! for faults that a second attempt cures.
//!
//! Only a unit that failed twice in a row is bet on, until it succeeds: that leaves out the one-off faults.
//!
//! Invariant: one unit counts at most [`BETS`] times, so that neither one nor two can decide.

use serde::{Deserialize, Serialize};

use super::trial::{Event, Terms, Trial};
use super::units::short;

/// How often one unit counts. From the default policy it follows that 13 are needed.
const BETS: u8 = 6;
/// How many units are watched: the latest that the candidate failed for.
const WATCHED: usize = 64;
/// It succeeded: nothing more is expected of it.
const DONE: u8 = u8::MAX;

/// A unit by its short name, and the runs since the candidate first failed for it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Watched(u32, u8);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeats {
    pub trial: Trial,
    watched: Vec<Watched>,
    /// Which of them makes room next.
    oldest: usize,
    /// Of which epoch they are: the next one may count them again.
    epoch: u32,
}

impl Repeats {
    pub const fn new() -> Self {
        Self {
            trial: Trial::new(),
            watched: Vec::new(),
            oldest: 0,
            epoch: 1,
        }
    }

    /// A run of the candidate. `alone`: it failed, and the control did not.
    pub fn run(&mut self, now_ms: u64, unit: u64, alone: bool, terms: &Terms) {
        if self.watched.is_empty() && !alone {
            return;
        }
        if self.epoch != self.trial.epoch() {
            self.epoch = self.trial.epoch();
            self.watched.clear();
            self.oldest = 0;
        }
        let unit = short(unit);
        let Some(Watched(_, runs)) = self.watched.iter_mut().find(|known| known.0 == unit) else {
            if alone {
                self.watch(unit);
            }
            return;
        };
        // The first fault does not count, nor does the next run, which decides whether the unit stays watched.
        let counts = (1..=BETS).contains(runs);
        *runs = if alone {
            (*runs).saturating_add(1)
        } else {
            DONE
        };
        if counts {
            let event = Event {
                unit: None,
                candidate: alone,
                share: 0.5,
            };
            self.trial.event(now_ms, &event, terms);
        }
    }

    fn watch(&mut self, unit: u32) {
        if self.watched.len() < WATCHED {
            self.watched.push(Watched(unit, 0));
        } else if let Some(place) = self.watched.get_mut(self.oldest) {
            *place = Watched(unit, 0);
            self.oldest = (self.oldest + 1) % WATCHED;
        }
    }

    pub fn sound(&self, latest_ms: u64) -> bool {
        self.trial.sound(latest_ms) && self.watched.len() <= WATCHED && self.oldest < WATCHED
    }
}
