//! The report of an experiment: the fields that callers see.

use std::collections::BTreeMap;

use poem_openapi::{Enum, Object};
use serde::Deserialize;
use uuid::Uuid;

use crate::rollout::breaker::Mode;

/// All experiments.
#[derive(Object)]
pub struct RolloutReport {
    pub flags: FlagsReport,
    pub autopilot: AutopilotReport,
    pub load: LoadReport,
    pub experiments: Vec<ExperimentReport>,
}

/// Source of the percentages.
#[derive(Object)]
pub struct FlagsReport {
    /// `local` or `unleash`.
    pub source: String,
    /// `fresh`, `stale` (the last flags stay in force) or `absent` (everything goes to the control).
    pub state: String,
    /// Seconds since the flags were last read.
    pub age_seconds: Option<f64>,
    /// By flag: strategies that are ignored or only approximated.
    pub caveats: BTreeMap<String, String>,
}

#[derive(Object)]
pub struct AutopilotReport {
    pub enabled: bool,
    /// Shortest duration of a stage.
    pub dwell_seconds: u64,
}

#[derive(Object)]
pub struct LoadReport {
    /// No processor is free: shadows do not run.
    pub saturated: bool,
}

/// One experiment. Times are RFC 3339, UTC.
#[derive(Object)]
pub struct ExperimentReport {
    /// `render`, `validate` or `analytics`.
    pub name: String,
    /// Grows with every change; also the `ETag`.
    pub version: i64,
    /// Name and version of the control.
    pub control: String,
    /// Name and version of the candidate.
    pub candidate: String,
    pub candidate_percent: u8,
    pub shadow_percent: u8,
    pub r#override: Option<OverrideReport>,
    pub stage: StageReport,
    pub breaker: BreakerReport,
    pub arms: ArmsReport,
    /// Candidates' runs that the control answered.
    pub fallbacks: u64,
    pub share: ShareReport,
    pub shadow: ShadowReport,
    /// Oldest first; only points in which something ran.
    pub history: Vec<PointReport>,
    pub evidence: Vec<EvidenceReport>,
    pub verdict: VerdictReport,
}

/// Reason why everything goes to the control.
#[derive(Object)]
pub struct OverrideReport {
    /// `killed` (by an operator or the autopilot), `damaged` (the state file could not be read) or `no_flags`.
    pub kind: String,
    pub by: String,
    pub why: Option<String>,
    pub since: String,
}

#[derive(Object)]
pub struct StageReport {
    pub percent: u8,
    pub since: String,
    pub next_percent: Option<u8>,
}

/// Who decides the breaker's state: the breaker itself (`auto`) or an operator.
#[derive(Clone, Copy, Deserialize, Enum, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum ForcedBreaker {
    Auto,
    Open,
    Closed,
}

impl From<ForcedBreaker> for Mode {
    fn from(forced: ForcedBreaker) -> Self {
        match forced {
            ForcedBreaker::Auto => Self::Auto,
            ForcedBreaker::Open => Self::Open,
            ForcedBreaker::Closed => Self::Closed,
        }
    }
}

#[derive(Object)]
pub struct BreakerReport {
    /// `closed`, `open` or `half_open`.
    pub state: String,
    pub reason: Option<String>,
    pub since: String,
    pub retry_in_seconds: Option<f64>,
    pub forced: ForcedBreaker,
}

#[derive(Object)]
pub struct ArmsReport {
    pub control: ArmReport,
    pub candidate: ArmReport,
}

/// One arm since the start of this process, shadows too; times of the last ten minutes.
#[derive(Object)]
pub struct ArmReport {
    pub requests: u64,
    pub ok: u64,
    /// 4xx.
    pub answers: u64,
    pub faults: u64,
    pub timeouts: u64,
    pub panics: u64,
    pub unsupported: u64,
    pub cancelled: u64,
    /// From the arm's cache.
    pub remembered: u64,
    pub p50_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub p99_ms: Option<f64>,
}

#[derive(Object)]
pub struct ShareReport {
    /// The candidate's share of the fresh answers to callers, 0 to 1.
    pub requests: Option<f64>,
    pub window_seconds: u64,
}

#[derive(Object)]
pub struct ShadowReport {
    pub same: u64,
    /// By the part of the answer that differs.
    pub tolerated: BTreeMap<String, u64>,
    /// By the part of the answer that differs.
    pub mismatched: BTreeMap<String, u64>,
    pub candidate_faults: u64,
    pub control_faults: u64,
    /// Not run: no processor or no slot was free.
    pub shed: u64,
    /// Run, without a result that can be compared.
    pub skipped: u64,
    pub noise: NoiseReport,
    /// Newest first.
    pub examples: Vec<ExampleReport>,
}

/// The control, compared with itself.
#[derive(Object)]
pub struct NoiseReport {
    pub pairs: u64,
    pub mismatched: u64,
}

#[derive(Object)]
pub struct ExampleReport {
    pub id: Uuid,
    pub at: String,
    pub what: String,
    /// Path of the control's answer.
    pub control: String,
    /// Path of the candidate's answer.
    pub candidate: String,
}

#[derive(Object)]
pub struct PointReport {
    pub at: String,
    pub seconds: u64,
    pub control: RunsReport,
    pub candidate: RunsReport,
}

#[derive(Object)]
pub struct RunsReport {
    /// Fresh runs, shadows too.
    pub requests: u64,
    /// Runs whose answer a caller got.
    pub served: u64,
    pub faults: u64,
    pub p99_ms: Option<f64>,
}

/// One test.
#[derive(Object)]
pub struct EvidenceReport {
    pub test: String,
    /// `fail`: bad when it reaches its threshold. `pass`: good when it does.
    pub kind: String,
    /// Natural logarithm of the e-value.
    pub log: f64,
    pub threshold_log: f64,
    pub fired: bool,
    pub detail: String,
}

#[derive(Object)]
pub struct VerdictReport {
    /// `go`, `hold` or `no-go`.
    pub verdict: String,
    /// The test that says no-go.
    pub test: Option<String>,
    /// What a hold waits for: `off` (the dial), `faults` or `candidate` (requests of the candidate), `control` (requests of
    /// the control), `pairs` or `mismatches` (shadow pairs), `breaker` or `dwell`.
    pub waits_for: Option<String>,
    /// About how many more are needed of `waits_for`.
    pub needed_requests: Option<u64>,
    pub sentence: String,
}
