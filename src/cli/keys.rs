//! `qr-observatory keys create|list|revoke`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

use super::output;
use crate::{app::operate, config::Config, kernel::Result};

#[derive(Args)]
pub struct Keys {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make an API key; it is shown once
    Create {
        /// Its purpose, to recognize it by
        #[arg(long)]
        name: String,
        /// The user that it acts as (default: the administrator)
        #[arg(long)]
        user: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List API keys, without their text
    List {
        /// The user whose keys (default: the administrator)
        #[arg(long)]
        user: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End an API key
    Revoke {
        /// Its id, from `keys list`
        id: Uuid,
        /// The user whose key it is (default: the administrator)
        #[arg(long)]
        user: Option<String>,
    },
}

impl Keys {
    pub async fn run(&self, settings: &Config) -> Result<ExitCode> {
        match &self.action {
            Action::Create { name, user, json } => {
                let user = user.as_ref().unwrap_or(&settings.auth.admin_user);
                let issued = operate::keys(settings).await?.issue(user, name).await?;
                if *json {
                    output::json(
                        &json!({"id": issued.stored.id, "name": name, "user": user, "key": issued.key}),
                    );
                } else {
                    output::say(&issued.key);
                    output::complain("This is the only time that the key is shown.");
                }
            }
            Action::List { user, json } => list(settings, user.as_ref(), *json).await?,
            Action::Revoke { id, user } => {
                let user = user.as_ref().unwrap_or(&settings.auth.admin_user);
                operate::keys(settings).await?.revoke(user, *id).await?;
                output::say("revoked");
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn list(settings: &Config, user: Option<&String>, as_json: bool) -> Result<()> {
    let user = user.unwrap_or(&settings.auth.admin_user);
    let keys = operate::keys(settings).await?.list(user).await?;
    if as_json {
        let keys: Vec<_> = keys
            .iter()
            .map(|k| {
                json!({
                    "id": k.id, "name": k.name, "prefix": k.prefix, "created_at": k.created_at.to_string(),
                    "revoked_at": k.revoked_at.map(|t| t.to_string()),
                })
            })
            .collect();
        output::json(&json!({ "keys": keys }));
        return Ok(());
    }
    let rows: Vec<[String; 5]> = keys
        .into_iter()
        .map(|k| {
            let state = k
                .revoked_at
                .map_or_else(|| "valid".to_owned(), |t| format!("revoked {t}"));
            [
                k.id.to_string(),
                k.name,
                format!("{}…", k.prefix),
                k.created_at.to_string(),
                state,
            ]
        })
        .collect();
    output::table(["ID", "NAME", "BEGINS WITH", "CREATED", "STATE"], &rows);
    Ok(())
}
