//! `qr-observatory flags list|set|kill|release|retire`.

use std::{process::ExitCode, time::Duration};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::output;
use crate::{
    app::operate,
    config::Config,
    dials::{Author, DialChange, DialChanges, Row},
    kernel::{Error, Kind, Result},
};

/// Every running server has read a change of the dials by then: it reads them once a second.
const FOLLOWED: Duration = Duration::from_secs(2);

/// A running server follows within two seconds.
#[derive(Args)]
pub struct Flags {
    #[command(subcommand)]
    action: Action,
}

#[derive(Clone, Copy, ValueEnum)]
enum Experiment {
    Render,
    Validate,
    Analytics,
}

impl Experiment {
    const fn name(self) -> &'static str {
        match self {
            Self::Render => "render",
            Self::Validate => "validate",
            Self::Analytics => "analytics",
        }
    }
}

#[derive(Subcommand)]
enum Action {
    /// Show the dial of every experiment
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Change a dial; absent options stay
    Set {
        experiment: Experiment,
        /// Percent of units that the candidate answers
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..=100))]
        candidate: Option<i64>,
        /// Percent of units for which it runs as a shadow beside the control
        #[arg(long, value_name = "M", value_parser = clap::value_parser!(i64).range(0..=100))]
        shadow: Option<i64>,
        #[command(flatten)]
        why: Why,
    },
    /// Send everything to the control, until it is released
    Kill {
        #[arg(required_unless_present = "all")]
        experiments: Vec<Experiment>,
        /// Kill every experiment
        #[arg(long, conflicts_with = "experiments")]
        all: bool,
        /// Wait until running servers follow (2 s), and fail if one was released meanwhile
        #[arg(long)]
        wait: bool,
        #[command(flatten)]
        why: Why,
    },
    /// Remove nodes that are gone for good, by their names in `verdict`, which no longer waits for them
    Retire {
        #[arg(required = true)]
        nodes: Vec<String>,
        /// For the audit log
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Lift a kill: the percentages are in force again, the evidence begins anew
    Release {
        experiment: Experiment,
        #[command(flatten)]
        why: Why,
    },
}

#[derive(Args)]
struct Why {
    /// For the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Flags {
    pub async fn run(&self, settings: &Config) -> Result<ExitCode> {
        let dials = operate::dial_changes(settings).await?;
        let (row, why) = match &self.action {
            Action::List { json } => {
                list(&dials.all().await?, *json);
                return Ok(ExitCode::SUCCESS);
            }
            Action::Retire { nodes, reason } => {
                for node in nodes {
                    dials.retire(node, &by(reason.as_ref())).await?;
                    let said = format!("{node} is retired; if it is seen again, it counts again");
                    output::say(&said);
                }
                return Ok(ExitCode::SUCCESS);
            }
            Action::Set {
                experiment,
                candidate,
                shadow,
                why,
            } => {
                if candidate.is_none() && shadow.is_none() {
                    output::complain("Nothing to set: say --candidate N, --shadow M or both.");
                    return Ok(ExitCode::from(2));
                }
                let wanted = DialChange {
                    candidate_percent: *candidate,
                    shadow_percent: *shadow,
                    breaker: None,
                };
                let by = by(why.reason.as_ref());
                (dials.set(experiment.name(), wanted, None, &by).await?, why)
            }
            Action::Kill {
                experiments,
                all,
                wait,
                why,
            } => {
                let every = Experiment::value_variants();
                let chosen = if *all { every } else { experiments };
                let rows = kill(&dials, chosen, *wait, &by(why.reason.as_ref())).await?;
                if let [row] = rows.as_slice() {
                    (row.clone(), why)
                } else {
                    list(&rows, why.json);
                    return Ok(ExitCode::SUCCESS);
                }
            }
            Action::Release { experiment, why } => {
                let by = by(why.reason.as_ref());
                (dials.release(experiment.name(), &by).await?, why)
            }
        };
        if why.json {
            output::json(&shown(&row));
        } else {
            table(&[row]);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Kills the chosen experiments, also when one of them fails; with `wait` returns once running servers follow.
async fn kill(
    dials: &DialChanges,
    chosen: &[Experiment],
    wait: bool,
    by: &Author,
) -> Result<Vec<Row>> {
    let mut results = Vec::with_capacity(chosen.len());
    for experiment in chosen {
        results.push(dials.kill(experiment.name(), by).await);
    }
    let mut rows = results.into_iter().collect::<Result<Vec<Row>>>()?;
    if wait {
        tokio::time::sleep(FOLLOWED).await;
        let is_chosen = |row: &Row| chosen.iter().any(|one| one.name() == row.experiment);
        rows = dials.all().await?.into_iter().filter(is_chosen).collect();
        if let Some(row) = rows.iter().find(|row| !row.settings.killed) {
            let (name, by) = (&row.experiment, &row.changed_by);
            let message = format!("{name} was released again by {by}");
            return Err(Error::new(Kind::Conflict, message));
        }
    }
    Ok(rows)
}

fn by(reason: Option<&String>) -> Author {
    Author {
        actor: "command line".to_owned(),
        via: Some("command line".to_owned()),
        reason: reason.cloned(),
    }
}

fn list(rows: &[Row], as_json: bool) {
    if as_json {
        let rows: Vec<Value> = rows.iter().map(shown).collect();
        output::json(&json!({ "experiments": rows }));
    } else if rows.is_empty() {
        output::complain("Nothing is set yet: the first start of the server does that.");
    } else {
        table(rows);
    }
}

fn shown(row: &Row) -> Value {
    json!({
        "experiment": row.experiment,
        "candidate_percent": row.settings.candidate_percent,
        "shadow_percent": row.settings.shadow_percent,
        "killed": row.settings.killed,
        "breaker": row.settings.breaker,
        "version": row.version,
        "changed_at": row.changed_at.to_string(),
        "changed_by": row.changed_by,
        "reason": row.reason,
    })
}

fn table(rows: &[Row]) {
    let rows: Vec<[String; 7]> = rows
        .iter()
        .map(|row| {
            [
                row.experiment.clone(),
                format!("{} %", row.settings.candidate_percent),
                format!("{} %", row.settings.shadow_percent),
                if row.settings.killed { "killed" } else { "" }.to_owned(),
                row.changed_at.to_string(),
                row.changed_by.clone(),
                row.reason.clone().unwrap_or_default(),
            ]
        })
        .collect();
    output::table(
        [
            "EXPERIMENT",
            "CANDIDATE",
            "SHADOW",
            "OVERRIDE",
            "CHANGED",
            "BY",
            "WHY",
        ],
        &rows,
    );
}
