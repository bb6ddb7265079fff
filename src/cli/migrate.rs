//! `qr-observatory migrate up|down|status`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use super::output;
use crate::{
    app::operate::{self, Version},
    config::Config,
    kernel::Result,
};

#[derive(Args)]
pub struct Migrate {
    #[command(subcommand)]
    direction: Direction,
}

#[derive(Subcommand)]
enum Direction {
    /// Apply every migration that is pending
    Up(Print),
    /// Revert the last migrations
    Down {
        /// How many
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
        steps: u32,
        #[command(flatten)]
        print: Print,
    },
    /// Show which migrations are applied
    Status(Print),
}

#[derive(Args)]
struct Print {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Migrate {
    pub async fn run(&self, settings: &Config) -> Result<ExitCode> {
        let print = match &self.direction {
            Direction::Up(print) => {
                operate::migrate_up(settings).await?;
                print
            }
            Direction::Down { steps, print } => {
                operate::migrate_down(settings, *steps).await?;
                print
            }
            Direction::Status(print) => print,
        };
        let versions = operate::migrations(settings).await?;
        if print.json {
            let versions: Vec<_> = versions
                .iter()
                .map(|v| json!({"name": v.name, "applied": v.applied, "known": v.known}))
                .collect();
            output::json(&json!({ "migrations": versions }));
        } else {
            let state = |v: &Version| match (v.applied, v.known) {
                (true, true) => "applied",
                (true, false) => "applied by a newer release, unknown to this one",
                (false, _) => "pending",
            };
            let rows: Vec<[String; 2]> = versions
                .into_iter()
                .map(|v| [v.name.clone(), state(&v).to_owned()])
                .collect();
            output::table(["MIGRATION", "STATE"], &rows);
        }
        Ok(ExitCode::SUCCESS)
    }
}
