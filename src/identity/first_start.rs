//! The first administrator: made on the first start, so that a fresh installation is never open and never locked.

use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use super::password;
use crate::{
    config,
    kernel::{Error, Kind, Result, Secret, SharedClock, id},
    store::{
        Store,
        audit::Entry,
        organizations::{Organizations, Role, Source},
        users::User,
    },
};

/// Result of [`ensure_administrator`].
#[derive(Debug, PartialEq, Eq)]
pub enum Administrator {
    /// It existed.
    Existing,
    /// Made with the configured password.
    Created,
    /// Made with a generated password, which was written to the file and should be shown once.
    Generated(String),
    /// The configured password replaced the stored one.
    PasswordReplaced,
}

/// Makes the administrator if there is none; takes over a configured password that differs from the stored one.
///
/// # Errors
/// `Internal` when the password file cannot be written (then nothing was made), and the store's.
pub async fn ensure_administrator(
    settings: &config::auth::Auth,
    store: &Store,
    clock: &SharedClock,
) -> Result<Administrator> {
    let configured = settings.admin_password.as_ref().map(Secret::expose);
    match (store.users.find(&settings.admin_user).await?, configured) {
        (None, _) => create(settings, store, clock).await,
        (Some(user), Some(password)) if !password::verify(password, &user.password_hash)? => {
            let hash = password::hash(password)?;
            let entry = entry(clock, &user, "password.replace")?;
            store.users.set_password(&user, &hash, &entry).await?;
            Ok(Administrator::PasswordReplaced)
        }
        (Some(_), _) => Ok(Administrator::Existing),
    }
}

async fn create(
    settings: &config::auth::Auth,
    store: &Store,
    clock: &SharedClock,
) -> Result<Administrator> {
    let (password, generated) = match &settings.admin_password {
        Some(configured) => (configured.expose().to_owned(), false),
        None => (id::secret::<12>()?, true),
    };
    if generated {
        // Before the user exists: an administrator with a lost password would be worse than none.
        write_for_owner(&settings.initial_password_file, &password)?;
    }
    let user = User {
        id: id::Ids::new(SharedClock::clone(clock))?.next(),
        name: settings.admin_user.clone(),
        password_hash: password::hash(&password)?,
        has_password: true,
        epoch: 0,
        created_at: clock.now(),
    };
    store.users.insert(&user).await?;
    let entry = entry(clock, &user, "user.create")?;
    let (org, role) = (Organizations::DEFAULT, Role::Owner);
    store
        .organizations
        .join(org, user.id, role, Source::Local, &entry)
        .await?;
    Ok(if generated {
        Administrator::Generated(password)
    } else {
        Administrator::Created
    })
}

fn entry(clock: &SharedClock, user: &User, action: &str) -> Result<Entry> {
    Ok(Entry {
        id: id::Ids::new(SharedClock::clone(clock))?.next(),
        at: clock.now(),
        actor: "start".to_owned(),
        action: action.to_owned(),
        subject: format!("user:{}", user.name),
        reason: None,
        detail: None,
        org_id: Some(Organizations::DEFAULT),
        via: Some("start".to_owned()),
    })
}

/// Mode 0600 from the first byte on: never readable by others, not even for a moment.
fn write_for_owner(path: &Path, password: &str) -> Result<()> {
    let write = || {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        if path.exists() {
            std::fs::remove_file(path)?;
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        writeln!(file, "{password}")?;
        file.sync_all()
    };
    write().map_err(|e| {
        Error::caused(
            Kind::Internal,
            format!(
                "the generated administrator password could not be written to {}",
                path.display()
            ),
            e,
        )
    })
}
