//! Moves stages without an operator, when it is switched on.
//!
//! Invariant: it advances on a go only, one stage at a time. A no-go means control at once. Its changes are in the audit
//! log, with the verdict as reason.

use super::{Author, DialChange, ExperimentEntry, Rollout};
use crate::{kernel::Kind, rollout::evidence::Verdict};

const NAME: &str = "autopilot";

/// The step that a verdict asks for.
#[derive(Clone, Debug, PartialEq)]
enum Move {
    Stay,
    Advance(u8),
    Control,
}

fn next(verdict: &Verdict, percent: u8, overridden: bool) -> Move {
    match verdict {
        _ if overridden => Move::Stay,
        Verdict::NoGo { .. } if percent > 0 => Move::Control,
        // Only an operator leaves 0 %: that is the decision to begin.
        Verdict::Go {
            next: Some(next), ..
        } if percent > 0 && *next > percent => Move::Advance(*next),
        _ => Move::Stay,
    }
}

impl Rollout {
    /// Acts on the verdict of every experiment.
    pub(super) async fn steer(&self) {
        if !self.settings.autopilot {
            return;
        }
        for entry in &self.entries {
            self.steer_one(entry).await;
        }
    }

    async fn steer_one(&self, entry: &ExperimentEntry) {
        let pilot = entry.experiment.pilot();
        let dial = pilot.dial();
        let verdict = pilot.verdict();
        let percent = dial.shares.candidate.percent_taken();
        let overridden = dial.overridden.is_some();
        let by = Author {
            via: None,
            actor: NAME.to_owned(),
            reason: Some(verdict.to_string()),
        };
        let done = match next(&verdict, percent, overridden) {
            Move::Stay => return,
            Move::Control => self.kill(entry, &by).await.map(drop),
            // Unleash has the dial. The page shows the go.
            Move::Advance(_) if self.source.is_unleash() => return,
            Move::Advance(percent) => {
                let expected = self.version(entry);
                let wanted = DialChange {
                    candidate_percent: Some(percent.into()),
                    ..DialChange::default()
                };
                self.set(entry, wanted, expected, &by).await.map(drop)
            }
        };
        match done {
            Ok(()) => {}
            // Another node was faster.
            Err(e) if e.kind() == Kind::PreconditionFailed => {}
            Err(e) => tracing::warn!("the autopilot could not change a dial: {e:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::evidence::{Evidence, Policy, TestReading, Why};

    fn reading() -> TestReading {
        Evidence::new(0, Policy::default()).readings()[0]
    }

    #[test]
    fn absent_data_moves_nothing_and_a_no_go_always_does() {
        let hold = Verdict::Hold {
            needed: None,
            why: Why::Breaker,
            refused: 0,
        };
        let go = |next| Verdict::Go {
            next,
            reading: reading(),
        };
        let no_go = Verdict::NoGo { reading: reading() };
        for percent in [0, 1, 5, 25, 50, 100] {
            assert_eq!(next(&hold, percent, false), Move::Stay);
            for verdict in [&hold, &go(Some(100)), &no_go] {
                assert_eq!(next(verdict, percent, true), Move::Stay, "held");
            }
        }
        assert_eq!(next(&go(Some(5)), 1, false), Move::Advance(5));
        assert_eq!(next(&go(None), 100, false), Move::Stay);
        assert_eq!(
            next(&go(Some(1)), 0, false),
            Move::Stay,
            "an operator begins"
        );
        assert_eq!(next(&no_go, 1, false), Move::Control);
        assert_eq!(next(&no_go, 100, false), Move::Control);
        assert_eq!(next(&no_go, 0, false), Move::Stay, "at control already");
    }
}
