//! Made-up traffic: units, their habits, two arms, a dial. Deterministic for a seed.

use qr_observatory::rollout::evidence::{Evidence, Pair, Policy, Run, Side};

/// SplitMix64: small, fast, good enough to roll dice with.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(hash(seed, 0))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    /// 0 <= x < 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn chance(&mut self, chance: f64) -> bool {
        self.unit() < chance
    }

    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[(self.next() % list.len() as u64) as usize]
    }

    /// Evenly on a logarithmic scale.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.unit())
    }
}

pub fn hash(seed: u64, unit: u64) -> u64 {
    let mut x = seed
        .wrapping_mul(0xD6E8_FEB8_6659_FD93)
        .wrapping_add(unit.wrapping_mul(0xA076_1D64_78BD_642F) ^ 0xE703_7ED1_A0B4_28DB);
    x = (x ^ (x >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    x = (x ^ (x >> 29)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^ (x >> 32)
}

fn fraction(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

/// Who asks how often.
pub struct Crowd {
    /// Running sums of the units' weights, up to 1.
    sums: Vec<f64>,
}

impl Crowd {
    /// `exponent` 0: all alike.
    pub fn new(units: usize, exponent: f64) -> Self {
        let mut sum = 0.0;
        let mut sums: Vec<f64> = (1..=units)
            .map(|rank| {
                sum += (rank as f64).powf(-exponent);
                sum
            })
            .collect();
        for part in &mut sums {
            *part /= sum;
        }
        Self { sums }
    }

    pub fn len(&self) -> usize {
        self.sums.len()
    }

    fn draw(&self, dice: &mut Dice) -> u64 {
        let x = dice.unit();
        self.sums
            .partition_point(|sum| *sum <= x)
            .min(self.len() - 1) as u64
    }
}

/// How an arm behaves for a unit without habits of its own.
#[derive(Clone, Copy)]
pub struct Arm {
    pub fault_rate: f64,
    pub slow_rate: f64,
    /// Part of the units that always fail in this arm (the same units, hashed, in both).
    pub broken_units: f64,
}

/// One rollout.
pub struct World<'a> {
    pub seed: u64,
    pub crowd: &'a Crowd,
    pub control: Arm,
    pub candidate: Arm,
    /// Parts of the units that fail in both arms always, or `flaky_rate` of the time.
    pub failing_units: f64,
    pub flaky_units: f64,
    pub flaky_rate: f64,
    /// Part of the units that are slow half of the time.
    pub slow_units: f64,
    pub step_ms: u64,
    /// (from which request on, percent).
    pub dial: Vec<(u64, u8)>,
    /// An answer without a fault is cached, per arm, for so many requests.
    pub cache: Option<u64>,
    /// Part of the requests that are shadowed, and of those the control runs twice.
    pub shadowed: f64,
    pub noisy: f64,
    /// How often the candidate's answer differs, and the control's from itself.
    pub mismatch_rate: f64,
    pub noise_rate: f64,
    /// How often the candidate is the slower one.
    pub slower_rate: f64,
}

impl World<'_> {
    fn fails(&self, arm: Arm, unit: u64, dice: &mut Dice) -> bool {
        let habit = fraction(hash(self.seed ^ 1, unit));
        let rate = if habit < self.failing_units {
            1.0
        } else if habit < self.failing_units + self.flaky_units {
            self.flaky_rate
        } else if habit > 1.0 - arm.broken_units {
            1.0
        } else {
            arm.fault_rate
        };
        dice.chance(rate)
    }

    fn is_slow(&self, arm: Arm, unit: u64, dice: &mut Dice) -> bool {
        let habit = fraction(hash(self.seed ^ 2, unit));
        dice.chance(if habit < self.slow_units {
            0.5
        } else {
            arm.slow_rate
        })
    }

    /// Feeds `requests` of them; gives each to `look` until that says stop. How many there were.
    pub fn play(
        &self,
        evidence: &mut Evidence,
        requests: u64,
        mut look: impl FnMut(u64, &Evidence) -> bool,
    ) -> u64 {
        let mut dice = Dice::new(self.seed);
        let mut cached: [Vec<u64>; 2] = match self.cache {
            Some(_) => [vec![0; self.crowd.len()], vec![0; self.crowd.len()]],
            None => [Vec::new(), Vec::new()],
        };
        let mut dial = self.dial.iter().peekable();
        let mut percent = 0;
        for nth in 1..=requests {
            let now = nth * self.step_ms;
            while let Some((_, to)) = dial.next_if(|(from, _)| *from <= nth) {
                percent = *to;
                evidence.dial(now, percent);
            }
            let unit = self.crowd.draw(&mut dice);
            let name = hash(self.seed ^ 3, unit);
            let candidate = hash(self.seed ^ 4, unit) % 100 < u64::from(percent);
            let side = if candidate {
                Side::Candidate
            } else {
                Side::Control
            };
            evidence.place(now, name, side);
            let fresh = self
                .cache
                .is_none_or(|_| cached[usize::from(candidate)][unit as usize] < nth);
            if fresh {
                let run = self.run(side, unit, name, &mut dice);
                evidence.run(now, &run);
                if let (Some(kept), false) = (self.cache, run.fault) {
                    cached[usize::from(candidate)][unit as usize] = nth + kept;
                }
            }
            if dice.chance(self.shadowed) {
                self.shadow(evidence, now, unit, &mut dice);
            }
            if look(nth, evidence) {
                return nth;
            }
        }
        requests
    }

    fn run(&self, side: Side, unit: u64, name: u64, dice: &mut Dice) -> Run {
        let arm = if side == Side::Candidate {
            self.candidate
        } else {
            self.control
        };
        let fault = self.fails(arm, unit, dice);
        Run {
            side,
            unit: name,
            fault,
            slow: self.is_slow(arm, unit, dice),
            fallback_failed: fault
                && side == Side::Candidate
                && self.fails(self.control, unit, dice),
        }
    }

    fn shadow(&self, evidence: &mut Evidence, now: u64, unit: u64, dice: &mut Dice) {
        if dice.chance(self.noisy) {
            evidence.noise(dice.chance(self.noise_rate));
            return;
        }
        let control_failed = self.fails(self.control, unit, dice);
        let candidate_failed = self.fails(self.candidate, unit, dice);
        let both = !control_failed && !candidate_failed;
        let pair = Pair {
            slower: both.then(|| dice.chance(self.slower_rate)),
            control_failed,
            candidate_failed,
            mismatch: both.then(|| dice.chance(self.mismatch_rate)),
        };
        evidence.pair(now, &pair);
    }
}

/// Both arms alike, one percentage, every unit without habits: change what matters.
pub fn plain(seed: u64, crowd: &Crowd, percent: u8) -> World<'_> {
    let arm = Arm {
        fault_rate: 0.001,
        slow_rate: 0.01,
        broken_units: 0.0,
    };
    World {
        seed,
        crowd,
        control: arm,
        candidate: arm,
        failing_units: 0.0,
        flaky_units: 0.0,
        flaky_rate: 0.5,
        slow_units: 0.0,
        step_ms: 100,
        dial: vec![(1, percent)],
        cache: None,
        shadowed: 0.0,
        noisy: 0.1,
        mismatch_rate: 0.0,
        noise_rate: 0.0,
        slower_rate: 0.5,
    }
}

pub fn evidence() -> Evidence {
    Evidence::new(0, Policy::default())
}
