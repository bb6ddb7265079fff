//! Who asks.
//!
//! Invariant: only this module's parent makes a [`Caller`], from credentials that it checked. Features take the organization from
//! one, as an [`OrgId`]: whoever has one may act there.

use std::{sync::Arc, time::Duration};

use super::policy::Scopes;
use crate::{
    kernel::{clock::Timestamp, id::Uuid},
    store::organizations::{Organizations, Role},
};

/// How long a person counts as having just proved to be who they are.
pub const STEP_UP: Duration = Duration::from_mins(10);

/// An organization in which somebody may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OrgId(Uuid);

impl OrgId {
    pub(super) const fn new(id: Uuid) -> Self {
        Self(id)
    }

    #[must_use]
    pub const fn id(self) -> Uuid {
        self.0
    }
}

/// How a caller is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    Session(SessionUse),
    Key(KeyUse),
    /// A password, and the user's epoch when it was checked.
    Basic {
        epoch: i64,
    },
}

/// A session that is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionUse {
    pub id: Uuid,
    /// When the person last proved to be who they are.
    pub stepped_up_at: Option<Timestamp>,
}

impl SessionUse {
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        let since = now.checked_sub(STEP_UP).unwrap_or(Timestamp::MIN);
        self.stepped_up_at.is_some_and(|at| at > since)
    }
}

/// A key that is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    pub id: Uuid,
    /// `None`: those of the user's role, as keys had them that were made before there were scopes.
    pub scopes: Option<Scopes>,
    pub expires_at: Option<Timestamp>,
}

/// A user, in an organization. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller(Arc<Inner>);

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    user_id: Uuid,
    name: String,
    organization: OrgId,
    role: Role,
    via: Via,
}

impl Caller {
    pub(super) fn new(user_id: Uuid, name: String, (org, role): (Uuid, Role), via: Via) -> Self {
        Self(Arc::new(Inner {
            user_id,
            name,
            organization: OrgId::new(org),
            role,
            via,
        }))
    }

    /// The same user in another of the user's organizations.
    pub(super) fn moved(&self, (org, role): (Uuid, Role)) -> Self {
        Self::new(
            self.0.user_id,
            self.0.name.clone(),
            (org, role),
            self.0.via.clone(),
        )
    }

    #[must_use]
    pub fn user_id(&self) -> Uuid {
        self.0.user_id
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    #[must_use]
    pub fn organization(&self) -> OrgId {
        self.0.organization
    }

    #[must_use]
    pub fn role(&self) -> Role {
        self.0.role
    }

    #[must_use]
    pub fn via(&self) -> &Via {
        &self.0.via
    }

    /// Whether the organization is that of the installation.
    #[must_use]
    pub fn is_of_installation(&self) -> bool {
        self.organization().id() == Organizations::DEFAULT
    }

    /// For the audit log.
    #[must_use]
    pub fn shown_via(&self) -> String {
        match self.via() {
            Via::Session(_) => "session".to_owned(),
            Via::Key(key) => format!("key:{}", key.id),
            Via::Basic { .. } => "basic".to_owned(),
        }
    }
}
