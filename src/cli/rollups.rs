//! `qr-observatory rollups rebuild`.

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

use super::output;
use crate::{
    app::operate::{self, Rebuilt},
    config::Config,
    kernel::Result,
};

/// Characters of the bar itself.
const WIDTH: u64 = 30;

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
        let (done, told) = operate::rebuild_rollups(settings, *code, |done, of| {
            if shown {
                bar(done, of);
            }
        })
        .await?;
        if shown {
            output::complain("");
        }
        if let Err(e) = told {
            let why = e.message();
            output::complain(&format!(
                "running servers were not told and may answer as before for an hour: {why}"
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

/// Draws over itself.
fn bar(done: Rebuilt, of: u64) {
    let full = (done.codes * WIDTH)
        .checked_div(of)
        .unwrap_or(WIDTH)
        .min(WIDTH);
    let bar: String = (0..WIDTH)
        .map(|i| if i < full { '█' } else { '░' })
        .collect();
    let mut stderr = std::io::stderr().lock();
    // Nobody is told less by a bar that is missing.
    let _ = write!(
        stderr,
        "\r{bar} {} of {of} codes, {} scans",
        done.codes, done.scans
    );
    let _ = stderr.flush();
}
