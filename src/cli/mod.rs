//! The command line: parses, calls `app`, prints. `docs/CLI.md` is generated from it.

mod accounts;
mod backup;
mod baseline;
mod doctor;
mod flags;
mod keys;
mod migrate;
mod output;
mod restore;
mod rollups;
mod sign_in;
mod verdict;
mod warm;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{app, config::Config, kernel::Result};

/// Self-hosted QR codes: symbols, redirects that never break, and scans that are never lost.
#[derive(Parser)]
#[command(name = "qr-observatory", version, arg_required_else_help = false)]
#[command(
    after_help = "Settings come from qr-observatory.toml and the environment; docs/OPERATIONS.md lists them."
)]
pub struct Cli {
    /// Read settings from this file instead of ./qr-observatory.toml; `-` is standard input
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve HTTP (the default)
    Serve,
    /// Migrate the database's schema up or down, or show its versions
    Migrate(migrate::Migrate),
    /// Check everything that is configured and report faults
    Doctor(doctor::Doctor),
    /// Show and change the dials of experiments
    Flags(flags::Flags),
    /// Say whether the running server's experiments may go on: exit 0 go, 3 hold, 4 no-go
    Verdict(verdict::Verdict),
    /// Make, list and revoke API keys
    Keys(keys::Keys),
    /// Users: show them, make one, give a new password or a role
    Users(accounts::Users),
    /// Organizations: show them and their members, make one
    Organizations(accounts::Organizations),
    /// Where users are signed in: show it, end it
    Sessions(accounts::Sessions),
    /// Single sign-on: try out which role claims give
    SignIn(sign_in::SignIn),
    /// Rebuild rollups, the precomputed counts of analytics
    Rollups(rollups::Rollups),
    /// Measure a server on a usual day, for alerts to compare with
    Baseline(baseline::Baseline),
    /// Put every stored code's image and destination into Redis, the most scanned first
    Warm(warm::Warm),
    /// Back up everything into one file, beside a running server
    ///
    /// One state of the database, the scans in the spool, and the captured baseline; from SQLite or PostgreSQL, for either.
    Backup(backup::Backup),
    /// Replace the database and the spool by those of a backup
    ///
    /// Every server on this data must be stopped. The file is read to its end before anything is changed; after a
    /// failure the old data are unchanged.
    Restore(restore::Restore),
}

/// Exit code for settings that cannot be used, as for a command line that cannot be parsed.
const BAD_SETTINGS: u8 = 2;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let input = PathBuf::from("-");
    if cli.config.as_ref() == Some(&input)
        && matches!(&cli.command, Some(Command::Restore(r)) if r.file == input)
    {
        output::complain(
            "Standard input is either the settings or the backup: name a file for one of them.",
        );
        return ExitCode::from(BAD_SETTINGS);
    }
    #[allow(clippy::disallowed_methods)] // the one place; config takes it from here
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let settings = match Config::load(cli.config.as_deref(), environment) {
        Ok(settings) => settings,
        Err(faults) => {
            output::complain(&faults.to_string());
            return ExitCode::from(BAD_SETTINGS);
        }
    };
    let serving = matches!(cli.command, None | Some(Command::Serve));
    match start(settings, cli.command.unwrap_or(Command::Serve), serving) {
        Ok(code) => code,
        Err(e) => {
            output::complain(&format!("qr-observatory: {e}"));
            let chain = e.chain();
            if !chain.is_empty() {
                output::complain(&format!("  because: {chain}"));
            }
            ExitCode::FAILURE
        }
    }
}

fn start(settings: Config, command: Command, serving: bool) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| {
            crate::kernel::Error::caused(
                crate::kernel::Kind::Internal,
                "no threads could be started",
                e,
            )
        })?;
    let within = runtime.enter();
    let logs = match app::operate::start_logs(&settings, serving) {
        Ok(logs) => logs,
        Err(e) => {
            output::complain(&e.to_string());
            return Ok(ExitCode::from(BAD_SETTINGS));
        }
    };
    drop(within);
    let code = runtime.block_on(async {
        match command {
            Command::Serve => Box::pin(crate::server::serve(settings))
                .await
                .map(|()| ExitCode::SUCCESS),
            Command::Migrate(m) => m.run(&settings).await,
            Command::Doctor(d) => d.run(&settings).await,
            Command::Flags(f) => f.run(&settings).await,
            Command::Verdict(v) => v.run(&settings).await,
            Command::Keys(k) => Box::pin(k.run(&settings)).await,
            Command::Users(u) => Box::pin(u.run(&settings)).await,
            Command::Organizations(o) => Box::pin(o.run(&settings)).await,
            Command::Sessions(s) => Box::pin(s.run(&settings)).await,
            Command::SignIn(s) => s.run(&settings),
            Command::Rollups(r) => r.run(&settings).await,
            Command::Baseline(b) => b.run(&settings).await,
            Command::Warm(w) => w.run(&settings).await,
            Command::Backup(b) => b.run(&settings).await,
            Command::Restore(r) => r.run(&settings).await,
        }
    });
    // After the last request was answered.
    logs.stop();
    code
}
