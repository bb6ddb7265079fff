//! What operators of the machine do from the command line: above all, when they have locked themselves out.

use std::sync::Arc;

use super::{
    Author, Membership, Organization, Organizations, Parts, Role, Session, Source, User, Wanted,
    invitations::check_name, password::Passwords,
};
use crate::{
    kernel::{
        Error, Kind, Result,
        clock::Timestamp,
        id::{self, Uuid},
    },
    store::organizations::Organizations as Rows,
};

/// Users, organizations and sessions of an installation.
pub struct Accounts {
    parts: Parts,
    passwords: Arc<Passwords>,
    organizations: Organizations,
}

/// A user that was made, or got a new password.
pub struct NewUser {
    pub user: User,
    /// The password, shown once.
    pub generated: String,
}

impl Accounts {
    /// # Errors
    /// `Internal` when the operating system gives no randomness.
    pub fn new(parts: Parts) -> Result<Self> {
        Ok(Self {
            passwords: Arc::new(Passwords::new()?),
            organizations: Organizations::new(&parts),
            parts,
        })
    }

    /// All users with their organizations.
    ///
    /// # Errors
    /// The store's.
    pub async fn users(&self) -> Result<Vec<(User, Vec<(Organization, Role)>)>> {
        let mut all = Vec::new();
        for user in self.parts.store.users.list().await? {
            let of = self.parts.store.organizations.of_user(user.id).await?;
            all.push((user, of));
        }
        Ok(all)
    }

    /// Makes a user, a member of `org`, with a generated password.
    ///
    /// # Errors
    /// `Invalid` for a name that cannot be one; `Conflict` when it is taken; the store's.
    pub async fn make_user(
        &self,
        name: &str,
        (org, role): (Option<&str>, &str),
        reason: Option<String>,
    ) -> Result<NewUser> {
        check_name(name)?;
        if self.parts.store.users.has_alike(name).await? {
            let message = format!("there is a user `{name}` already, perhaps with other capitals");
            return Err(Error::new(Kind::Conflict, message));
        }
        parsed(role)?;
        let org = self.organization(org).await?;
        let generated = id::secret::<12>()?;
        let user = User {
            id: self.parts.ids.next(),
            name: name.to_owned(),
            password_hash: self.passwords.hash(generated.clone()).await?,
            has_password: true,
            epoch: 0,
            created_at: self.parts.clock.now(),
        };
        self.parts.store.users.insert(&user).await.map_err(|e| {
            if e.kind() == Kind::Conflict {
                return Error::new(Kind::Conflict, format!("there is a user `{name}` already"));
            }
            e
        })?;
        self.join(name, Some(&org.id.to_string()), role, reason)
            .await?;
        Ok(NewUser { user, generated })
    }

    /// Gives a user a generated password, and ends all the user's sessions.
    ///
    /// # Errors
    /// `Invalid` for an unknown user; the store's.
    pub async fn set_password(&self, name: &str, reason: Option<String>) -> Result<NewUser> {
        let user = self.user(name).await?;
        let generated = id::secret::<12>()?;
        let hash = self.passwords.hash(generated.clone()).await?;
        let entry = self.author(&user, reason).await?.entry(
            self.parts.stamp(),
            "password.replace",
            format!("user:{}", user.id),
            None,
        );
        let users = &self.parts.store.users;
        let changed = users.set_password(&user, &hash, &entry).await;
        self.parts.changed(user.id).await;
        if changed? {
            return Ok(NewUser { user, generated });
        }
        Err(unknown_user(name))
    }

    /// Makes a user a member, or changes the role of one.
    ///
    /// # Errors
    /// `Invalid` for an unknown user or organization; `Conflict` when no owner would be left; the store's.
    pub async fn join(
        &self,
        name: &str,
        org: Option<&str>,
        role: &str,
        reason: Option<String>,
    ) -> Result<()> {
        let role = parsed(role)?;
        let user = self.user(name).await?;
        let org = self.organization(org).await?;
        let rows = &self.parts.store.organizations;
        let before = rows.role(org.id, user.id).await?;
        let detail = serde_json::json!({
            "before": before.map(Role::label), "after": role.label(),
        });
        let entry = Author::operator(Some(org.id), reason)?.entry(
            self.parts.stamp(),
            "member.role",
            format!("user:{}", user.id),
            Some(detail),
        );
        let given = (role, Source::Local);
        let is_set = if before.is_some() {
            rows.set_role(org.id, user.id, given, &entry).await
        } else {
            rows.join(org.id, user.id, role, Source::Local, &entry)
                .await
                .map(|()| true)
        };
        self.parts.changed(user.id).await;
        if is_set? {
            return Ok(());
        }
        Err(Error::new(
            Kind::Conflict,
            "this is the last owner: make another user the owner first",
        ))
    }

    /// Removes a user from an organization.
    ///
    /// # Errors
    /// As [`Accounts::join`].
    pub async fn remove(
        &self,
        name: &str,
        org: Option<&str>,
        reason: Option<String>,
    ) -> Result<()> {
        let user = self.user(name).await?;
        let org = self.organization(org).await?;
        let entry = Author::operator(Some(org.id), reason)?.entry(
            self.parts.stamp(),
            "member.remove",
            format!("user:{}", user.id),
            None,
        );
        let rows = &self.parts.store.organizations;
        let removed = rows.remove(org.id, user.id, &entry).await;
        self.parts.changed(user.id).await;
        if removed? {
            return Ok(());
        }
        let is_member = rows.role(org.id, user.id).await?.is_some();
        let message = if is_member {
            "this is the last owner: make another user the owner first"
        } else {
            "that user is no member there"
        };
        Err(Error::new(Kind::Conflict, message))
    }

    /// All organizations with the number of members.
    ///
    /// # Errors
    /// The store's.
    pub async fn organizations(&self) -> Result<Vec<(Organization, i64)>> {
        self.parts.store.organizations.list().await
    }

    /// Makes an organization that the user called `owner` owns.
    ///
    /// # Errors
    /// `Invalid` for an unknown user, a name or a time zone that cannot be one; the store's.
    pub async fn make_organization(
        &self,
        owner: &str,
        (name, time_zone): (&str, &str),
        reason: Option<String>,
    ) -> Result<Organization> {
        let wanted = Wanted {
            name: Some(name.to_owned()),
            time_zone: Some(time_zone.to_owned()),
            business_code: None,
        };
        let owner = self.user(owner).await?;
        let mut why = Author::operator(None, reason)?;
        self.organizations
            .make_for(owner.id, wanted, &mut why)
            .await
    }

    /// Members of an organization.
    ///
    /// # Errors
    /// `Invalid` for an unknown organization; the store's.
    pub async fn members(&self, org: Option<&str>) -> Result<Vec<(Membership, String)>> {
        let org = self.organization(org).await?;
        self.parts.store.organizations.members(org.id).await
    }

    /// Sessions of a user, also those that are over and not yet deleted.
    ///
    /// # Errors
    /// `Invalid` for an unknown user; the store's.
    pub async fn sessions(&self, name: &str) -> Result<Vec<Session>> {
        let user = self.user(name).await?;
        let now = self.parts.clock.now();
        let sessions = &self.parts.store.sessions;
        sessions.of_user(user.id, now, Timestamp::MIN).await
    }

    /// Ends all sessions of a user. Returns how many there were.
    ///
    /// # Errors
    /// As [`Accounts::sessions`].
    pub async fn end_sessions(&self, name: &str, reason: Option<String>) -> Result<usize> {
        let count = self.sessions(name).await?.len();
        let user = self.user(name).await?;
        let entry = self.author(&user, reason).await?.entry(
            self.parts.stamp(),
            "session.end_all",
            format!("user:{}", user.id),
            None,
        );
        let ended = self.parts.store.sessions.end_all(user.id, &entry).await;
        self.parts.changed(user.id).await;
        ended.map(|()| count)
    }

    /// What an operator does to a user is told where the user belongs.
    async fn author(&self, user: &User, reason: Option<String>) -> Result<Author> {
        let home = self.parts.store.organizations.home(user.id).await?;
        Author::operator(home.map(|(org, _)| org), reason)
    }

    async fn user(&self, name: &str) -> Result<User> {
        let found = self.parts.store.users.find(name).await?;
        found.ok_or_else(|| unknown_user(name))
    }

    /// By its id or, if only one is called so, its name; without either, that of the installation.
    ///
    /// # Errors
    /// `Invalid` when there is none, or there are several; the store's.
    pub async fn organization(&self, named: Option<&str>) -> Result<Organization> {
        let all = self.parts.store.organizations.list().await?;
        let Some(named) = named else {
            let found = all.into_iter().find(|(o, _)| o.id == Rows::DEFAULT);
            return found
                .map(|(o, _)| o)
                .ok_or_else(|| Error::internal("the organization of the installation is gone"));
        };
        let id = Uuid::try_parse(named).ok();
        let is_it = |o: &Organization| Some(o.id) == id || o.name == named;
        let mut found = all.into_iter().map(|(o, _)| o).filter(is_it);
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(Error::invalid(
                "organization",
                format!("there is no organization `{named}`"),
            )),
            (Some(_), Some(_)) => Err(Error::invalid(
                "organization",
                format!("several are called `{named}`: give an id, from `organizations list`"),
            )),
        }
    }
}

fn parsed(role: &str) -> Result<Role> {
    let unknown = || {
        let labels = Role::ALL.map(Role::label).join(", ");
        Error::invalid("role", format!("must be one of {labels}"))
    };
    Role::from_label(role).ok_or_else(unknown)
}

fn unknown_user(name: &str) -> Error {
    Error::invalid("user", format!("there is no user `{name}`"))
}
