//! `qr-observatory warm`.

use std::{io::IsTerminal, process::ExitCode, time::Duration};

use clap::Args;
use serde_json::json;

use super::output;
use crate::{app, config::Config, kernel::Result, warm::Pace};

/// Goes on where it was interrupted.
#[derive(Args)]
pub struct Warm {
    /// Codes at once
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    batch: u16,
    /// Pause between batches
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=60_000))]
    delay_ms: u64,
    /// Codes per second at most (default: as fast as it goes)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Start with the first code, also after an interrupted run
    #[arg(long)]
    restart: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Warm {
    pub async fn run(&self, settings: &Config) -> Result<ExitCode> {
        let pace = Pace {
            batch: self.batch.into(),
            delay: Duration::from_millis(self.delay_ms),
            rate: self.rate,
            restart: self.restart,
        };
        let shown = std::io::stderr().is_terminal();
        let done = app::warm::warm(settings, pace, |done, of| {
            if shown {
                output::bar(done, of, &format!("{done} of {of} codes"));
            }
        })
        .await?;
        if shown {
            output::complain("");
        }
        let entries = done.entries;
        if self.json {
            output::json(&json!({
                "codes": done.codes,
                "resumed_at": done.resumed_at,
                "kept": entries.stored,
                "bypassed": entries.bypassed,
                "failed": entries.failed,
                "seconds": done.seconds,
                "codes_per_second": done.codes_per_second,
            }));
        } else {
            if done.resumed_at > 0 {
                output::say(&format!(
                    "{} codes were done before it was interrupted",
                    done.resumed_at
                ));
            }
            output::say(&format!(
                "{} codes in {:.1} s ({} codes/s): {} images and destinations kept in Redis, {} not (cheaper to make than to \
                 fetch), {} failed",
                done.codes,
                done.seconds,
                done.codes_per_second,
                entries.stored,
                entries.bypassed,
                entries.failed
            ));
        }
        Ok(if entries.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
