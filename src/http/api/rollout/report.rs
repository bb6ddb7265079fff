//! The report of an experiment, made from the pilot's state.

mod shape;

use uuid::Uuid;

use shape::{
    ArmReport, ArmsReport, AutopilotReport, BreakerReport, EvidenceReport, ExampleReport,
    FlagsReport, LoadReport, NoiseReport, OverrideReport, PointReport, RunsReport, ShadowReport,
    ShareReport, StageReport, VerdictReport,
};
pub use shape::{ExperimentReport, ForcedBreaker, RolloutReport};

use crate::{
    dials::{Age, Rollout, View},
    kernel::{Result, clock::from_micros},
    rollout::{
        Mismatch, Override,
        breaker::Mode,
        evidence,
        history::Total,
        pilot::{ArmNow, RunsNow},
    },
    telemetry::labels::{ArmOutcome, BreakerState, ShadowResult},
};

/// The report of all experiments.
pub fn all(rollout: &Rollout) -> Result<RolloutReport> {
    let source = rollout.source();
    let now_ms = rollout.now_ms();
    let mut experiments = Vec::new();
    for entry in &rollout.entries {
        experiments.push(one(rollout, &rollout.view(entry)?));
    }
    let age = source
        .last_success_ms()
        .map(|ms| seconds(now_ms.saturating_sub(ms)));
    Ok(RolloutReport {
        flags: FlagsReport {
            source: source.name().to_owned(),
            state: match source.age(now_ms) {
                Age::Fresh => "fresh",
                Age::Stale => "stale",
                Age::Absent => "absent",
            }
            .to_owned(),
            age_seconds: age,
            caveats: source.caveats(),
        },
        autopilot: AutopilotReport {
            enabled: rollout.settings.autopilot,
            dwell_seconds: rollout.settings.dwell_secs,
        },
        load: LoadReport {
            saturated: rollout.load.is_saturated(),
        },
        experiments,
    })
}

/// One experiment.
pub fn one(rollout: &Rollout, view: &View) -> ExperimentReport {
    let name = view.state.experiment.label();
    let state = &view.state;
    let percent = state.dial.shares.candidate.percent_taken();
    ExperimentReport {
        name: name.to_owned(),
        version: view.row.version,
        control: view.arms[0].to_owned(),
        candidate: view.arms[1].to_owned(),
        candidate_percent: percent,
        shadow_percent: state.dial.shares.shadow.percent_taken(),
        r#override: held(view),
        stage: StageReport {
            percent,
            since: view.row.stage_at.to_string(),
            next_percent: rollout.next_stage(percent),
        },
        breaker: breaker(view),
        arms: ArmsReport {
            control: arm(&state.control),
            candidate: arm(&state.candidate),
        },
        fallbacks: state.fallbacks,
        share: ShareReport {
            requests: state.share,
            window_seconds: 60,
        },
        shadow: shadow(view, name),
        history: history(view),
        evidence: state.readings.iter().map(reading).collect(),
        verdict: verdict(&state.verdict),
    }
}

fn held(view: &View) -> Option<OverrideReport> {
    let kind = match view.state.dial.overridden? {
        Override::Killed => "killed",
        Override::Damaged => "damaged",
        Override::NoFlags => "no_flags",
    };
    // A kill is in force here before it is in the database.
    let killed = kind == "killed" && view.row.settings.killed;
    Some(OverrideReport {
        kind: kind.to_owned(),
        by: if killed {
            view.row.changed_by.clone()
        } else {
            "this node".to_owned()
        },
        why: view.row.reason.clone().filter(|_| killed),
        since: view.row.changed_at.to_string(),
    })
}

fn breaker(view: &View) -> BreakerReport {
    let breaker = &view.state.breaker;
    BreakerReport {
        state: breaker.state.label().to_owned(),
        reason: (breaker.state != BreakerState::Closed).then(|| breaker.reason.label().to_owned()),
        since: time(breaker.since_ms),
        retry_in_seconds: breaker.retry_in_ms.map(seconds),
        forced: match breaker.mode {
            Mode::Auto => ForcedBreaker::Auto,
            Mode::Open => ForcedBreaker::Open,
            Mode::Closed => ForcedBreaker::Closed,
        },
    }
}

fn arm(arm: &ArmNow) -> ArmReport {
    let total: &Total = &arm.total;
    ArmReport {
        requests: total.all(),
        ok: total.of(ArmOutcome::Ok),
        answers: total.of(ArmOutcome::Answer),
        faults: total.of(ArmOutcome::Fault),
        timeouts: total.of(ArmOutcome::Timeout),
        panics: total.of(ArmOutcome::Panic),
        unsupported: total.of(ArmOutcome::Unsupported),
        cancelled: total.of(ArmOutcome::Cancelled),
        remembered: total.of(ArmOutcome::Remembered),
        p50_ms: arm.p50_ms,
        p95_ms: arm.p95_ms,
        p99_ms: arm.p99_ms,
    }
}

fn shadow(view: &View, name: &str) -> ShadowReport {
    let state = &view.state;
    let of = |result: ShadowResult| state.shadows[result as usize];
    let found = |mismatch: bool| {
        let labels = state.differences.iter();
        labels
            .filter(|(_, found)| found.is_mismatch == mismatch)
            .map(|(what, found)| ((*what).to_owned(), found.count))
            .collect()
    };
    let path = |id: &Uuid, side| format!("/api/rollout/{name}/mismatches/{id}/{side}");
    let example = |mismatch: &Mismatch| ExampleReport {
        id: mismatch.id,
        at: time(mismatch.at_ms),
        what: mismatch.what.to_owned(),
        control: path(&mismatch.id, "control"),
        candidate: path(&mismatch.id, "candidate"),
    };
    let noise = of(ShadowResult::NoiseMismatch);
    ShadowReport {
        same: of(ShadowResult::Same),
        tolerated: found(false),
        mismatched: found(true),
        candidate_faults: of(ShadowResult::CandidateFault),
        control_faults: of(ShadowResult::ControlFault),
        shed: state.shed,
        skipped: of(ShadowResult::Remembered)
            + of(ShadowResult::Unsupported)
            + of(ShadowResult::BothFault),
        noise: NoiseReport {
            pairs: of(ShadowResult::NoiseSame) + noise,
            mismatched: noise,
        },
        examples: view.mismatches.iter().map(example).collect(),
    }
}

fn history(view: &View) -> Vec<PointReport> {
    let runs = |r: &RunsNow| RunsReport {
        requests: r.requests,
        served: r.served,
        faults: r.faults,
        p99_ms: r.p99_ms,
    };
    let point = |p: &crate::rollout::pilot::PointNow| PointReport {
        at: time(p.start_ms),
        seconds: crate::rollout::history::POINT_SECONDS,
        control: runs(&p.control),
        candidate: runs(&p.candidate),
    };
    view.state.points.iter().map(point).collect()
}

fn reading(reading: &evidence::TestReading) -> EvidenceReport {
    let passes = reading.test == evidence::Test::ErrorsPass;
    EvidenceReport {
        test: reading.test.label().to_owned(),
        kind: if passes { "pass" } else { "fail" }.to_owned(),
        log: reading.ln_e,
        threshold_log: reading.ln_threshold,
        fired: reading.fired,
        detail: reading.to_string(),
    }
}

fn verdict(verdict: &evidence::Verdict) -> VerdictReport {
    let (test, needed_requests, waits_for) = match verdict {
        evidence::Verdict::Go { .. } => (None, None, None),
        evidence::Verdict::Hold { needed, why, .. } => {
            (None, *needed, Some(why.label().to_owned()))
        }
        evidence::Verdict::NoGo { reading } => (Some(reading.test.label().to_owned()), None, None),
    };
    VerdictReport {
        verdict: verdict.label().to_owned(),
        test,
        waits_for,
        needed_requests,
        sentence: verdict.to_string(),
    }
}

fn time(unix_ms: u64) -> String {
    let micros = i64::try_from(unix_ms.saturating_mul(1000)).unwrap_or(i64::MAX);
    from_micros(micros).to_string()
}

#[allow(clippy::cast_precision_loss)]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}
