//! `qr-observatory sign-in preview`: which role claims would give, and why. Nobody signs in, and nothing is asked or changed.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use oidc::{Decision, Step, Verdict};
use serde_json::{Map, Value, json};

use super::output;
use crate::{
    config::{Config, single_sign_on::SingleSignOn},
    kernel::{Error, Kind, Result},
};

#[derive(Args)]
pub struct SignIn {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Show which role claims give, and why
    Preview {
        /// The claims of an ID token or of userinfo as JSON; `-` is standard input
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl SignIn {
    pub fn run(&self, settings: &Config) -> Result<ExitCode> {
        let Action::Preview { file, json } = &self.action;
        let Some(settings) = &settings.single_sign_on else {
            let message = "single sign-on is not set up: there is no OIDC_ISSUER";
            return Err(Error::invalid("OIDC_ISSUER", message));
        };
        let verdict = settings.roles.decide(&claims(file)?);
        let (role, why) = outcome(&verdict, settings);
        if *json {
            let steps: Vec<Value> = verdict.steps.iter().map(step).collect();
            output::json(&json!({ "role": role, "why": why, "steps": steps }));
            return Ok(ExitCode::SUCCESS);
        }
        let rows: Vec<[String; 4]> = verdict.steps.iter().map(row).collect();
        output::table(["CLAIM", "VALUE", "ROLE", "WHY"], &rows);
        output::say(&format!("\nrole: {} ({why})", role.unwrap_or("none")));
        Ok(ExitCode::SUCCESS)
    }
}

/// The role at a first sign-in, and what a later one does.
fn outcome<'a>(verdict: &'a Verdict, settings: &SingleSignOn) -> (Option<&'a str>, String) {
    let by_default = settings.default_role;
    match (&verdict.decision, by_default) {
        (Decision::Role { role, why }, _) => (Some(role), why.clone()),
        (Decision::NoMatch, Some(role)) => (
            Some(role),
            "no group gives a role: OIDC_DEFAULT_ROLE".to_owned(),
        ),
        (Decision::NoMatch, None) => {
            let why = "no group gives a role: not let in, and a role that the provider gave is taken away";
            (None, why.to_owned())
        }
        (Decision::Absent, Some(role)) => {
            let why = "no claim with groups: OIDC_DEFAULT_ROLE at a first sign-in, later ones change nothing";
            (Some(role), why.to_owned())
        }
        (Decision::Absent, None) => {
            let why =
                "no claim with groups: not let in at a first sign-in, later ones change nothing";
            (None, why.to_owned())
        }
    }
}

fn claims(file: &std::path::Path) -> Result<Map<String, Value>> {
    let text = if file == std::path::Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(file)
    };
    let text = text.map_err(|e| {
        let message = format!("{} cannot be read", file.display());
        Error::caused(Kind::Invalid, message, e)
    })?;
    serde_json::from_str(&text)
        .map_err(|e| Error::invalid("claims", format!("no JSON object: {e}")))
}

fn step(step: &Step) -> Value {
    json!({ "claim": step.claim, "value": step.value, "role": step.role, "why": step.why })
}

fn row(step: &Step) -> [String; 4] {
    let shown = |text: &Option<String>| text.as_deref().unwrap_or("-").to_owned();
    [
        step.claim.clone(),
        shown(&step.value),
        shown(&step.role),
        step.why.clone(),
    ]
}
