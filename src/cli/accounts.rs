//! `qr-observatory users|organizations|sessions …`: for operators, above all those who locked themselves out.

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::output;
use crate::{app::operate::Identity, config::Config, kernel::Result};

#[derive(Clone, Copy, ValueEnum)]
enum RoleName {
    Owner,
    Admin,
    Manager,
    Analyst,
    Member,
}

impl RoleName {
    const fn label(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Analyst => "analyst",
            Self::Member => "member",
        }
    }
}

#[derive(Args)]
struct Why {
    /// For the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Args)]
pub struct Users {
    #[command(subcommand)]
    action: UserAction,
}

#[derive(Subcommand)]
enum UserAction {
    /// Show all users, with their roles
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a user with a generated password, which is shown once
    Create {
        name: String,
        /// The organization, by id or name (default: that of the installation)
        #[arg(long)]
        organization: Option<String>,
        #[arg(long, default_value = "member")]
        role: RoleName,
        #[command(flatten)]
        why: Why,
    },
    /// Give a user a new password, generated and shown once; all the user's sessions end
    Password {
        name: String,
        #[command(flatten)]
        why: Why,
    },
    /// Make a user a member of an organization, or change the role of one
    Role {
        name: String,
        role: RoleName,
        /// By id or name (default: that of the installation)
        #[arg(long)]
        organization: Option<String>,
        #[command(flatten)]
        why: Why,
    },
    /// Remove a user from an organization, with its sessions and keys there
    Remove {
        name: String,
        /// By id or name (default: that of the installation)
        #[arg(long)]
        organization: Option<String>,
        #[command(flatten)]
        why: Why,
    },
}

impl Users {
    pub async fn run(&self, settings: &Config) -> Result<ExitCode> {
        let identity = Identity::open(settings).await?;
        let accounts = &identity.accounts;
        match &self.action {
            UserAction::List { json } => list(&identity, *json).await?,
            UserAction::Create {
                name,
                organization,
                role,
                why,
            } => {
                let place = (organization.as_deref(), role.label());
                let made = accounts.make_user(name, place, why.reason.clone());
                show_password(name, &made.await?.generated);
            }
            UserAction::Password { name, why } => {
                let changed = accounts.set_password(name, why.reason.clone());
                show_password(name, &changed.await?.generated);
            }
            UserAction::Role {
                name,
                role,
                organization,
                why,
            } => {
                let (org, role) = (organization.as_deref(), role.label());
                let set = accounts.join(name, org, role, why.reason.clone());
                set.await?;
                output::say(&format!("{name} is {role} now"));
            }
            UserAction::Remove {
                name,
                organization,
                why,
            } => {
                let org = organization.as_deref();
                accounts.remove(name, org, why.reason.clone()).await?;
                output::say(&format!("{name} was removed"));
            }
        }
        Box::pin(identity.close()).await;
        Ok(ExitCode::SUCCESS)
    }
}

fn show_password(name: &str, password: &str) {
    output::say(password);
    output::complain(&format!(
        "This is the only time that the password of {name} is shown."
    ));
}

async fn list(identity: &Identity, as_json: bool) -> Result<()> {
    let users = identity.accounts.users().await?;
    if as_json {
        let users = users.iter().map(|(user, of)| {
            let of = of.iter().map(|(organization, role)| {
                json!({ "id": organization.id, "name": organization.name, "role": role.label() })
            });
            json!({
                "id": user.id, "name": user.name, "has_password": user.has_password,
                "created_at": user.created_at.to_string(), "organizations": of.collect::<Vec<_>>(),
            })
        });
        output::json(&json!({ "users": users.collect::<Vec<_>>() }));
        return Ok(());
    }
    let rows: Vec<[String; 4]> = users
        .into_iter()
        .map(|(user, of)| {
            let of = of
                .iter()
                .map(|(o, role)| format!("{} ({})", o.name, role.label()));
            let signs_in = if user.has_password {
                "password"
            } else {
                "single sign-on"
            };
            [
                user.name,
                signs_in.to_owned(),
                user.created_at.to_string(),
                of.collect::<Vec<_>>().join(", "),
            ]
        })
        .collect();
    output::table(["NAME", "SIGNS IN BY", "CREATED", "ORGANIZATIONS"], &rows);
    Ok(())
}

#[derive(Args)]
pub struct Organizations {
    #[command(subcommand)]
    action: OrganizationAction,
}

#[derive(Subcommand)]
enum OrganizationAction {
    /// Show all organizations
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make an organization
    Create {
        name: String,
        /// The user who owns it
        #[arg(long)]
        owner: String,
        /// Where its days begin, such as Europe/Berlin
        #[arg(long, default_value = "UTC")]
        time_zone: String,
        #[command(flatten)]
        why: Why,
    },
    /// Show the members of an organization
    Members {
        /// By id or name (default: that of the installation)
        organization: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Organizations {
    pub async fn run(&self, settings: &Config) -> Result<ExitCode> {
        let identity = Identity::open(settings).await?;
        match &self.action {
            OrganizationAction::List { json } => organizations(&identity, *json).await?,
            OrganizationAction::Create {
                name,
                owner,
                time_zone,
                why,
            } => {
                let wanted = (name.as_str(), time_zone.as_str());
                let made = identity
                    .accounts
                    .make_organization(owner, wanted, why.reason.clone());
                output::say(&made.await?.id.to_string());
            }
            OrganizationAction::Members { organization, json } => {
                members(&identity, organization.as_deref(), *json).await?;
            }
        }
        Box::pin(identity.close()).await;
        Ok(ExitCode::SUCCESS)
    }
}

async fn organizations(identity: &Identity, as_json: bool) -> Result<()> {
    let all = identity.accounts.organizations().await?;
    if as_json {
        let all = all.iter().map(|(o, members)| {
            json!({ "id": o.id, "name": o.name, "time_zone": o.time_zone, "members": members })
        });
        output::json(&json!({ "organizations": all.collect::<Vec<_>>() }));
        return Ok(());
    }
    let rows: Vec<[String; 4]> = all
        .into_iter()
        .map(|(o, members)| [o.id.to_string(), o.name, o.time_zone, members.to_string()])
        .collect();
    output::table(["ID", "NAME", "TIME ZONE", "MEMBERS"], &rows);
    Ok(())
}

async fn members(identity: &Identity, org: Option<&str>, as_json: bool) -> Result<()> {
    let all = identity.accounts.members(org).await?;
    if as_json {
        let all = all.iter().map(|(member, name)| {
            json!({
                "user_id": member.user_id, "name": name, "role": member.role.label(),
                "source": member.source.label(),
            })
        });
        output::json(&json!({ "members": all.collect::<Vec<_>>() }));
        return Ok(());
    }
    let rows: Vec<[String; 3]> = all
        .into_iter()
        .map(|(member, name)| {
            [
                name,
                member.role.label().to_owned(),
                member.source.label().to_owned(),
            ]
        })
        .collect();
    output::table(["NAME", "ROLE", "DECIDED BY"], &rows);
    Ok(())
}

#[derive(Args)]
pub struct Sessions {
    #[command(subcommand)]
    action: SessionAction,
}

#[derive(Subcommand)]
enum SessionAction {
    /// Show where a user is signed in
    List {
        user: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End all sessions of a user
    End {
        user: String,
        #[command(flatten)]
        why: Why,
    },
}

impl Sessions {
    pub async fn run(&self, settings: &Config) -> Result<ExitCode> {
        let identity = Identity::open(settings).await?;
        match &self.action {
            SessionAction::List { user, json } => sessions(&identity, user, *json).await?,
            SessionAction::End { user, why } => {
                let ended = identity.accounts.end_sessions(user, why.reason.clone());
                output::say(&format!("{} ended", ended.await?));
            }
        }
        Box::pin(identity.close()).await;
        Ok(ExitCode::SUCCESS)
    }
}

async fn sessions(identity: &Identity, user: &str, as_json: bool) -> Result<()> {
    let all = identity.accounts.sessions(user).await?;
    if as_json {
        let all = all.iter().map(|s| {
            json!({
                "id": s.id, "organization": s.org_id, "created_at": s.created_at.to_string(),
                "seen_at": s.seen_at.to_string(), "expires_at": s.expires_at.to_string(), "how": s.how,
                "agent": s.agent, "address": s.address,
            })
        });
        output::json(&json!({ "sessions": all.collect::<Vec<_>>() }));
        return Ok(());
    }
    let rows: Vec<[String; 5]> = all
        .into_iter()
        .map(|s| {
            [
                s.created_at.to_string(),
                s.seen_at.to_string(),
                s.how,
                s.address.unwrap_or_default(),
                s.agent,
            ]
        })
        .collect();
    output::table(["BEGAN", "LAST USED", "BY", "ADDRESS", "BROWSER"], &rows);
    Ok(())
}
