//! `qr-observatory doctor`: what someone runs when it does not work.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::output;
use crate::{
    app::doctor::{self, Verdict},
    config::Config,
    kernel::Result,
};

#[derive(Args)]
pub struct Doctor {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Doctor {
    /// Exit code 1 when a check failed.
    pub async fn run(&self, settings: &Config) -> Result<ExitCode> {
        let checks = doctor::examine(settings).await;
        let failed = checks.iter().any(|c| c.verdict == Verdict::Fail);
        if self.json {
            let checks: Vec<_> = checks
                .iter()
                .map(|c| json!({"check": c.name, "status": c.verdict.label(), "detail": c.detail, "advice": c.advice}))
                .collect();
            output::json(
                &json!({ "status": if failed { "fail" } else { "pass" }, "checks": checks }),
            );
        } else {
            let rows: Vec<[String; 3]> = checks
                .iter()
                .map(|c| {
                    [
                        c.name.to_owned(),
                        c.verdict.label().to_owned(),
                        c.detail.clone(),
                    ]
                })
                .collect();
            output::table(["CHECK", "RESULT", "DETAIL"], &rows);
            for check in checks.iter().filter(|c| !c.advice.is_empty()) {
                output::say(&format!("\n{}: {}", check.name, check.advice));
            }
        }
        Ok(if failed {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}
