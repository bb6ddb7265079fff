//! `qr-observatory verdict`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::output;
use crate::{
    app::operate,
    config::Config,
    dials::{ReportedVerdict, verdicts_of_all_nodes, verdicts_of_this_node},
    kernel::{Error, Result},
};

/// Exit codes that scripts rely on.
const HOLD: u8 = 3;
const NO_GO: u8 = 4;

/// Reads the evidence that the server on this machine last saved (within two seconds of a change); with `PROMETHEUS_URL`,
/// that of all nodes
#[derive(Args)]
pub struct Verdict {
    /// `render`, `validate` or `analytics` (default: all of them; the worst one decides)
    experiment: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Verdict {
    pub async fn run(&self, settings: &Config) -> Result<ExitCode> {
        let all = match &settings.rollout.prometheus_url {
            Some(url) => {
                let decisions = operate::dial_changes(settings).await?.decisions().await?;
                verdicts_of_all_nodes(url, &decisions).await?
            }
            None => verdicts_of_this_node(&settings.rollout),
        };
        let wanted = |found: &&ReportedVerdict| {
            self.experiment
                .as_ref()
                .is_none_or(|n| *n == found.experiment)
        };
        let asked: Vec<&ReportedVerdict> = all.iter().filter(wanted).collect();
        if asked.is_empty() {
            return Err(Error::not_found(
                "there is no such experiment: there are render, validate, analytics",
            ));
        }
        if self.json {
            let all: Vec<Value> = asked.iter().map(|found| shown(found)).collect();
            output::json(&json!({ "experiments": all }));
        } else {
            for found in &asked {
                output::say(&format!("{}: {}", found.experiment, found.sentence));
                if let (Some(age), Some(false)) = (found.age_seconds, found.server_runs) {
                    output::complain(&format!(
                        "  written {age} s ago, and no server writes it now: does one run, and is ROLLOUT_DIR its folder?"
                    ));
                }
            }
        }
        let worst = asked.iter().map(|found| code(found.verdict)).max();
        Ok(ExitCode::from(worst.unwrap_or(HOLD)))
    }
}

fn code(verdict: &str) -> u8 {
    match verdict {
        "go" => 0,
        "no-go" => NO_GO,
        _ => HOLD,
    }
}

fn shown(found: &ReportedVerdict) -> Value {
    json!({
        "experiment": found.experiment,
        "verdict": found.verdict,
        "sentence": found.sentence,
        "age_seconds": found.age_seconds,
        "server_runs": found.server_runs,
        "evidence": found.readings.iter().map(|r| json!({
            "test": r.test.label(),
            "log": r.ln_e,
            "threshold_log": r.ln_threshold,
            "fired": r.fired,
            "detail": r.to_string(),
        })).collect::<Vec<_>>(),
    })
}
