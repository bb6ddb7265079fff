//! `qr-observatory verdict`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::output;
use crate::{
    app::operate,
    config::Config,
    dials::{Said, said, said_by_all},
    kernel::{Error, Result},
};

/// Exit codes that scripts rely on.
const HOLD: u8 = 3;
const NO_GO: u8 = 4;

/// What the server on this machine has learned, as it last wrote it down (within two seconds of a change); with
/// `PROMETHEUS_URL`, what all nodes have
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
                let decisions = operate::desk(settings).await?.decisions().await?;
                said_by_all(url, &decisions).await?
            }
            None => said(&settings.rollout),
        };
        let wanted = |said: &&Said| {
            self.experiment
                .as_ref()
                .is_none_or(|n| *n == said.experiment)
        };
        let asked: Vec<&Said> = all.iter().filter(wanted).collect();
        if asked.is_empty() {
            return Err(Error::not_found(
                "there is no such experiment: there are render, validate, analytics",
            ));
        }
        if self.json {
            let all: Vec<Value> = asked.iter().map(|said| shown(said)).collect();
            output::json(&json!({ "experiments": all }));
        } else {
            for said in &asked {
                output::say(&format!("{}: {}", said.experiment, said.sentence));
                if let (Some(age), Some(false)) = (said.age_seconds, said.is_written) {
                    output::complain(&format!(
                        "  written {age} s ago, and no server writes it now: does one run, and is ROLLOUT_DIR its folder?"
                    ));
                }
            }
        }
        let worst = asked.iter().map(|said| code(said.verdict)).max();
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

fn shown(said: &Said) -> Value {
    json!({
        "experiment": said.experiment,
        "verdict": said.verdict,
        "sentence": said.sentence,
        "age_seconds": said.age_seconds,
        "server_runs": said.is_written,
        "evidence": said.readings.iter().map(|r| json!({
            "test": r.test.label(),
            "log": r.ln_e,
            "threshold_log": r.ln_threshold,
            "fired": r.fired,
            "detail": r.to_string(),
        })).collect::<Vec<_>>(),
    })
}
