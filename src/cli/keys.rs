//! `qr-observatory keys create|list|revoke`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

use super::output;
use crate::{app::operate::Identity, config::Config, kernel::Result};

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
        /// The organization that it acts in, by id or name (default: the user's own)
        #[arg(long)]
        organization: Option<String>,
        /// What it may do, such as codes:read,render (default: all that the user's role allows)
        #[arg(long, value_delimiter = ',', value_name = "SCOPE")]
        scopes: Vec<String>,
        /// Days until it expires (default: never)
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: Option<u32>,
        /// For the audit log
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
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
        /// For the audit log
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

impl Keys {
    pub async fn run(&self, settings: &Config) -> Result<ExitCode> {
        let admin = &settings.auth.admin_user;
        match &self.action {
            Action::Create { user, .. } => {
                self.create(settings, user.as_ref().unwrap_or(admin))
                    .await?;
            }
            Action::List { user, json } => Box::pin(list(settings, user.as_ref(), *json)).await?,
            Action::Revoke { id, user, reason } => {
                let identity = Identity::open(settings).await?;
                let user = user.as_ref().unwrap_or(admin);
                identity.keys.revoke_of(user, *id, reason.clone()).await?;
                Box::pin(identity.close()).await;
                output::say("revoked");
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn create(&self, settings: &Config, user: &str) -> Result<()> {
        let Action::Create {
            name,
            organization,
            scopes,
            days,
            reason,
            json,
            ..
        } = &self.action
        else {
            return Ok(());
        };
        let identity = Identity::open(settings).await?;
        let org = match organization {
            Some(named) => Some(identity.accounts.organization(Some(named)).await?.id),
            None => None,
        };
        let draft = identity.keys.draft(name, scopes, *days)?;
        let issued = identity.keys.issue_for(user, org, draft, reason.clone());
        let issued = issued.await?;
        if *json {
            output::json(&json!({
                "id": issued.stored.id, "name": name, "user": user, "key": issued.key,
                "organization": issued.stored.org_id, "scopes": issued.stored.scopes,
                "expires_at": issued.stored.expires_at.map(|t| t.to_string()),
            }));
        } else {
            output::say(&issued.key);
            output::complain("This is the only time that the key is shown.");
        }
        Ok(())
    }
}

async fn list(settings: &Config, user: Option<&String>, as_json: bool) -> Result<()> {
    let user = user.unwrap_or(&settings.auth.admin_user);
    let keys = Identity::open(settings).await?.keys.of(user).await?;
    if as_json {
        let keys: Vec<_> = keys
            .iter()
            .map(|k| {
                json!({
                    "id": k.id, "name": k.name, "prefix": k.prefix, "created_at": k.created_at.to_string(),
                    "organization": k.org_id, "scopes": k.scopes,
                    "expires_at": k.expires_at.map(|t| t.to_string()),
                    "last_used_at": k.last_used_at.map(|t| t.to_string()),
                    "revoked_at": k.revoked_at.map(|t| t.to_string()),
                })
            })
            .collect();
        output::json(&json!({ "keys": keys }));
        return Ok(());
    }
    let rows: Vec<[String; 7]> = keys
        .into_iter()
        .map(|key| {
            let state = match (key.revoked_at, key.expires_at) {
                (Some(at), _) => format!("revoked {at}"),
                (None, Some(at)) => format!("until {at}"),
                (None, None) => "valid".to_owned(),
            };
            [
                key.id.to_string(),
                key.name,
                format!("{}…", key.prefix),
                key.scopes.unwrap_or_else(|| "all of the role".to_owned()),
                key.created_at.to_string(),
                key.last_used_at
                    .map_or_else(|| "never".to_owned(), |t| t.to_string()),
                state,
            ]
        })
        .collect();
    output::table(
        [
            "ID",
            "NAME",
            "BEGINS WITH",
            "SCOPES",
            "CREATED",
            "LAST USED",
            "STATE",
        ],
        &rows,
    );
    Ok(())
}
