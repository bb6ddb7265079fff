//! The last ten minutes of both arms, for reports.
//!
//! Invariant: memory is bounded, and a run costs a few additions. Quantiles are of buckets a quarter of an octave wide: at
//! most 9 % off.

use std::{collections::VecDeque, time::Duration};

use crate::telemetry::labels::{ArmOutcome, Side};

/// Width of a point.
pub const POINT_SECONDS: u64 = 5;
const POINTS: usize = 120;
/// Four for each doubling, from 1 µs to over a minute.
const BUCKETS: usize = 4 * 27;

/// The runs of one arm within one point.
#[derive(Clone, Debug)]
pub struct Counts {
    pub requests: u64,
    pub faults: u64,
    /// Runs whose answer a caller got: no shadows, and no runs that the other arm answered in the end.
    pub served: u64,
    took: [u32; BUCKETS],
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            requests: 0,
            faults: 0,
            served: 0,
            took: [0; BUCKETS],
        }
    }
}

impl Counts {
    fn add(&mut self, fault: bool, served: bool, took: Duration) {
        self.requests += 1;
        self.served += u64::from(served);
        self.faults += u64::from(fault);
        self.took[bucket(took)] += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.faults += other.faults;
        self.served += other.served;
        for (mine, theirs) in self.took.iter_mut().zip(other.took) {
            *mine = mine.saturating_add(theirs);
        }
    }

    /// What `q` (0 to 1) of the runs took at most, in milliseconds; `None` without runs.
    #[must_use]
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )]
    pub fn quantile_ms(&self, q: f64) -> Option<f64> {
        let all: u64 = self.took.iter().map(|n| u64::from(*n)).sum();
        let rank = ((all as f64 * q).ceil() as u64).max(1);
        let mut seen = 0;
        let at = self.took.iter().position(|n| {
            seen += u64::from(*n);
            all > 0 && seen >= rank
        })?;
        // The middle of the bucket, by ratio.
        Some(2_f64.powf((at as f64 + 0.5) / 4.0) / 1000.0)
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn bucket(took: Duration) -> usize {
    let quarters = (took.as_secs_f64() * 1e6).max(1.0).log2() * 4.0;
    (quarters as usize).min(BUCKETS - 1)
}

/// Both arms within one point's time.
#[derive(Clone, Debug)]
pub struct Point {
    /// Unix time.
    pub start_ms: u64,
    pub control: Counts,
    pub candidate: Counts,
}

/// Since the process started.
#[derive(Clone, Copy, Debug, Default)]
pub struct Total([u64; ArmOutcome::ALL.len()]);

impl Total {
    #[must_use]
    pub fn of(&self, outcome: ArmOutcome) -> u64 {
        self.0[outcome as usize]
    }

    #[must_use]
    pub fn all(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// One run of an arm that ended.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    pub side: Side,
    pub outcome: ArmOutcome,
    pub took: Duration,
    /// A caller got its answer.
    pub served: bool,
}

#[derive(Debug, Default)]
pub struct History {
    points: VecDeque<Point>,
    control: Total,
    candidate: Total,
}

impl History {
    pub fn add(&mut self, now_ms: u64, run: &Run) {
        let total = match run.side {
            Side::Control => &mut self.control,
            Side::Candidate => &mut self.candidate,
        };
        total.0[run.outcome as usize] += 1;
        let fault = match run.outcome {
            ArmOutcome::Ok | ArmOutcome::Answer => false,
            ArmOutcome::Fault | ArmOutcome::Timeout | ArmOutcome::Panic => true,
            ArmOutcome::Unsupported | ArmOutcome::Cancelled | ArmOutcome::Remembered => return,
        };
        let start_ms = now_ms - now_ms % (POINT_SECONDS * 1000);
        if self.points.back().is_none_or(|p| p.start_ms < start_ms) {
            if self.points.len() == POINTS {
                self.points.pop_front();
            }
            self.points.push_back(Point {
                start_ms,
                control: Counts::default(),
                candidate: Counts::default(),
            });
        }
        if let Some(point) = self.points.back_mut() {
            match run.side {
                Side::Control => point.control.add(fault, run.served, run.took),
                Side::Candidate => point.candidate.add(fault, run.served, run.took),
            }
        }
    }

    /// Those points in which something ran, oldest first.
    pub fn points(&self, now_ms: u64) -> impl Iterator<Item = &Point> {
        let from = now_ms.saturating_sub(POINT_SECONDS * 1000 * POINTS as u64);
        self.points.iter().filter(move |p| p.start_ms >= from)
    }

    #[must_use]
    pub fn total(&self, side: Side) -> Total {
        match side {
            Side::Control => self.control,
            Side::Candidate => self.candidate,
        }
    }

    /// The points of the last `seconds` together.
    #[must_use]
    pub fn recent(&self, now_ms: u64, seconds: u64) -> (Counts, Counts) {
        let from = now_ms.saturating_sub(seconds * 1000);
        let mut both = (Counts::default(), Counts::default());
        for point in self
            .points
            .iter()
            .filter(|p| p.start_ms + POINT_SECONDS * 1000 > from)
        {
            both.0.merge(&point.control);
            both.1.merge(&point.candidate);
        }
        both
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearly_right() {
        let mut counts = Counts::default();
        for ms in 1..=1000 {
            counts.add(false, true, Duration::from_millis(ms));
        }
        for (q, right) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0)] {
            let found = counts.quantile_ms(q).unwrap();
            assert!((found / right - 1.0).abs() < 0.1, "{q}: {found}");
        }
        assert_eq!(Counts::default().quantile_ms(0.5), None);
        assert_eq!(bucket(Duration::ZERO), 0);
        assert_eq!(bucket(Duration::MAX), BUCKETS - 1);
    }

    #[test]
    fn ten_minutes_are_kept() {
        let mut history = History::default();
        let start = 1_000_000_000;
        for i in 0..1000 {
            let now = start + i * 1000 * POINT_SECONDS;
            let panic = Run {
                side: Side::Candidate,
                outcome: ArmOutcome::Panic,
                took: Duration::ZERO,
                served: false,
            };
            let remembered = Run {
                side: Side::Control,
                outcome: ArmOutcome::Remembered,
                served: true,
                ..panic
            };
            history.add(now, &panic);
            history.add(now, &remembered);
        }
        let now = start + 1000 * 1000 * POINT_SECONDS;
        assert_eq!(history.points(now).count(), POINTS);
        let (control, candidate) = history.recent(now, 60);
        assert_eq!((control.requests, candidate.faults), (0, 12));
        assert_eq!((control.served, candidate.served), (0, 0));
        assert_eq!(
            history.total(Side::Control).of(ArmOutcome::Remembered),
            1000
        );
        assert_eq!(history.total(Side::Candidate).all(), 1000);
    }
}
