//! `qr-observatory rollups rebuild`.

use std::{io::IsTerminal, process::ExitCode};

use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

use super::output;
use crate::{app::operate, config::Config, kernel::Result};

#[derive(Args)]
pub struct Rollups {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Count scans anew, beside a running server
    Rebuild {
        /// Only this code's (default: those of every code)
        #[arg(long, value_name = "ID")]
        code: Option<Uuid>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Rollups {
    pub async fn run(&self, settings: &Config) -> Result<ExitCode> {
        let Action::Rebuild { code, json } = &self.action;
        let shown = std::io::stderr().is_terminal();
        let (done, invalidated) = operate::rebuild_rollups(settings, *code, |done, of| {
            if shown {
                let text = format!("{} of {of} codes, {} scans", done.codes, done.scans);
                output::bar(done.codes, of, &text);
            }
        })
        .await?;
        if shown {
            output::complain("");
        }
        if let Err(e) = invalidated {
            let why = e.message();
            output::complain(&format!(
                "running servers could not be reached and may answer as before for an hour: {why}"
            ));
        }
        if *json {
            output::json(&json!({"codes": done.codes, "scans": done.scans}));
        } else {
            output::say(&format!(
                "{} scans of {} codes counted",
                done.scans, done.codes
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}
