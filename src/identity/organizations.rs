//! Organizations and their members.
//!
//! Invariants: an organization always has an owner. Nobody gives a role above their own, and only owners make owners or take that
//! role away.

use jiff::tz::TimeZone;

use super::{Author, Caller, Entry, OrgId, Parts, Via, invitations::check_plain};
use crate::{
    cache::Tag,
    kernel::{Error, Kind, Result, id::Uuid},
    store::organizations::{Membership, Organization, Organizations as Rows, Role, Source},
};

/// Organizations that one person may own.
const MOST: usize = 100;
/// Longest name, in characters.
const NAME_CHARS: usize = 100;

/// What an organization is to be called, and where its days begin.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub name: Option<String>,
    /// IANA name.
    pub time_zone: Option<String>,
    /// The code that stands for the organization; `Some(None)`: none.
    pub business_code: Option<Option<Uuid>>,
}

impl Wanted {
    fn check(&self) -> Result<()> {
        if let Some(name) = &self.name
            && (name.trim().is_empty() || name.chars().count() > NAME_CHARS)
        {
            let message = format!("must have 1 to {NAME_CHARS} characters");
            return Err(Error::invalid("name", message));
        }
        if let Some(name) = &self.name {
            check_plain("name", name)?;
        }
        if let Some(zone) = &self.time_zone
            && TimeZone::get(zone).is_err()
        {
            let message = "must be a time zone of the IANA database, such as Europe/Berlin or UTC";
            return Err(Error::invalid("time_zone", message));
        }
        Ok(())
    }
}

pub struct Organizations {
    parts: Parts,
}

impl Organizations {
    pub(super) fn new(parts: &Parts) -> Self {
        Self {
            parts: parts.clone(),
        }
    }

    fn rows(&self) -> &Rows {
        &self.parts.store.organizations
    }

    /// The caller's organizations, with the caller's role in each; of a key the one that it acts in.
    ///
    /// # Errors
    /// The store's.
    pub async fn of(&self, caller: &Caller) -> Result<Vec<(Organization, Role)>> {
        let all = self.rows().of_user(caller.user_id()).await?;
        let is_key = matches!(caller.via(), Via::Key(_));
        let own = caller.organization().id();
        let shown = all.into_iter().filter(|(o, _)| !is_key || o.id == own);
        Ok(shown.collect())
    }

    /// # Errors
    /// `NotFound` when it was deleted a moment ago; the store's.
    pub async fn get(&self, org: OrgId) -> Result<Organization> {
        self.rows().get(org.id()).await?.ok_or_else(gone)
    }

    /// Makes one, which the caller owns.
    ///
    /// # Errors
    /// `Invalid` for a name of no or over 100 characters, or an unknown time zone; the store's.
    pub async fn make(&self, caller: &Caller, wanted: Wanted) -> Result<Organization> {
        let own = self.rows().of_user(caller.user_id()).await?;
        let owned = own.iter().filter(|(_, role)| *role == Role::Owner).count();
        if owned >= MOST {
            let message =
                format!("you own {MOST} organizations: delete one or hand one over first");
            return Err(Error::new(Kind::Conflict, message));
        }
        let mut author = Author::of(caller, None)?;
        self.make_for(caller.user_id(), wanted, &mut author).await
    }

    pub(super) async fn make_for(
        &self,
        owner: Uuid,
        wanted: Wanted,
        why: &mut Author,
    ) -> Result<Organization> {
        wanted.check()?;
        let name = wanted
            .name
            .ok_or_else(|| Error::invalid("name", "is missing"))?;
        let made = Organization {
            id: self.parts.ids.next(),
            name,
            time_zone: wanted.time_zone.unwrap_or_else(|| "UTC".to_owned()),
            business_code: None,
        };
        why.concern(made.id);
        let entry = self.entry(why, "organization.create", made.id, None);
        self.rows().insert(&made, owner, &entry).await?;
        self.parts.changed(owner).await;
        Ok(made)
    }

    /// Renames one, or moves its midnight.
    ///
    /// # Errors
    /// As [`Organizations::make`].
    pub async fn edit(&self, caller: &Caller, wanted: Wanted) -> Result<Organization> {
        wanted.check()?;
        let before = self.get(caller.organization()).await?;
        let after = Organization {
            id: before.id,
            name: wanted.name.unwrap_or_else(|| before.name.clone()),
            time_zone: wanted.time_zone.unwrap_or_else(|| before.time_zone.clone()),
            business_code: wanted.business_code.unwrap_or(before.business_code),
        };
        if after == before {
            return Ok(after);
        }
        let shown = |o: &Organization| {
            serde_json::json!({
                "name": o.name, "time_zone": o.time_zone, "business_code": o.business_code
            })
        };
        let detail = serde_json::json!({ "before": shown(&before), "after": shown(&after) });
        let why = Author::of(caller, None)?;
        let entry = self.entry(&why, "organization.edit", after.id, Some(detail));
        if self.rows().update(&after, &entry).await? {
            return Ok(after);
        }
        Err(gone())
    }

    /// Deletes one with all that it has. `confirmed`: its name, typed again.
    ///
    /// # Errors
    /// `Conflict` for the organization of the installation; `Invalid` for another name; the store's.
    pub async fn delete(&self, caller: &Caller, confirmed: &str) -> Result<()> {
        let organization = self.get(caller.organization()).await?;
        if caller.is_of_installation() {
            let message = "this is the organization of the installation, which stays";
            return Err(Error::new(Kind::Conflict, message));
        }
        if confirmed != organization.name {
            let message = "must be the organization's name: all its codes stop to work";
            return Err(Error::invalid("name", message));
        }
        let members = self.rows().members(organization.id).await?;
        let codes = self.rows().codes(organization.id).await?;
        let detail = serde_json::json!({ "name": organization.name, "codes": codes.len() });
        let mut why = Author::of(caller, None)?;
        // Its own log goes with it.
        why.concern(Rows::DEFAULT);
        let entry = self.entry(&why, "organization.delete", organization.id, Some(detail));
        let deleted = self.rows().delete(organization.id, &entry).await;
        let users = members.into_iter().map(|(m, _)| Tag::User(m.user_id));
        let codes = codes.into_iter().flat_map(|(id, slug)| {
            let slug = slug.map(|slug| Tag::Slug(slug.into()));
            [Some(Tag::Code(id)), Some(Tag::Scans(id)), slug]
        });
        let tags: Vec<Tag> = users.chain(codes.flatten()).collect();
        self.parts.tiers.invalidate_in_background(&tags).await;
        if deleted? { Ok(()) } else { Err(gone()) }
    }

    /// Makes another member the owner; the caller becomes an admin.
    ///
    /// # Errors
    /// `NotFound` when that is no member; `Conflict` for the caller itself; the store's.
    pub async fn transfer(&self, caller: &Caller, to: Uuid) -> Result<()> {
        let (org, from) = (caller.organization().id(), caller.user_id());
        if to == from {
            return Err(Error::new(Kind::Conflict, "you own it already"));
        }
        let detail = serde_json::json!({ "to": to });
        let why = Author::of(caller, None)?;
        let entry = self.entry(&why, "organization.transfer", org, Some(detail));
        let moved = self.rows().transfer(org, from, to, &entry).await;
        self.parts.changed(from).await;
        self.parts.changed(to).await;
        if moved? { Ok(()) } else { Err(no_member()) }
    }

    /// Members with their names.
    ///
    /// # Errors
    /// The store's.
    pub async fn members(&self, org: OrgId) -> Result<Vec<(Membership, String)>> {
        self.rows().members(org.id()).await
    }

    /// Gives a member another role.
    ///
    /// # Errors
    /// `Forbidden` for a role above the caller's, or that of an owner by an admin; `NotFound` when that is no member;
    /// `Conflict` for the last owner; the store's.
    pub async fn set_role(
        &self,
        caller: &Caller,
        user: Uuid,
        role: Role,
        reason: Option<String>,
    ) -> Result<Membership> {
        let before = self.member(caller.organization(), user).await?;
        check_rank(caller.role(), before.role)?;
        check_rank(caller.role(), role)?;
        let why = Author::of(caller, reason)?;
        if before.role == role && before.source == Source::Local {
            return Ok(before);
        }
        let detail = serde_json::json!({ "before": before.role.label(), "after": role.label() });
        let entry = self.member_entry(&why, "member.role", user, Some(detail));
        let org = caller.organization().id();
        let set = self
            .rows()
            .set_role(org, user, (role, Source::Local), &entry)
            .await;
        self.parts.changed(user).await;
        if !set? {
            return Err(last_owner());
        }
        self.member(caller.organization(), user).await
    }

    /// Removes a member, with its sessions and keys here.
    ///
    /// # Errors
    /// As [`Organizations::set_role`].
    pub async fn remove(&self, caller: &Caller, user: Uuid, reason: Option<String>) -> Result<()> {
        let before = self.member(caller.organization(), user).await?;
        check_rank(caller.role(), before.role)?;
        self.removed(caller, user, "member.remove", reason).await
    }

    /// Removes the caller.
    ///
    /// # Errors
    /// `Conflict` for the last owner; the store's.
    pub async fn leave(&self, caller: &Caller) -> Result<()> {
        self.removed(caller, caller.user_id(), "member.leave", None)
            .await
    }

    async fn removed(
        &self,
        caller: &Caller,
        user: Uuid,
        action: &str,
        reason: Option<String>,
    ) -> Result<()> {
        let why = Author::of(caller, reason)?;
        let entry = self.member_entry(&why, action, user, None);
        let org = caller.organization().id();
        let removed = self.rows().remove(org, user, &entry).await;
        self.parts.changed(user).await;
        if removed? { Ok(()) } else { Err(last_owner()) }
    }

    async fn member(&self, org: OrgId, user: Uuid) -> Result<Membership> {
        let members = self.rows().members(org.id()).await?;
        let found = members.into_iter().find(|(m, _)| m.user_id == user);
        found.map(|(member, _)| member).ok_or_else(no_member)
    }

    /// Who changed what in an organization, newest first; entries before the one with the id `before`, if given.
    ///
    /// # Errors
    /// The store's.
    pub async fn audit(&self, org: OrgId, before: Option<Uuid>, limit: u64) -> Result<Vec<Entry>> {
        let audit = &self.parts.store.audit;
        audit.of_organization(org.id(), before, limit).await
    }

    fn entry(
        &self,
        why: &Author,
        action: &str,
        org: Uuid,
        detail: Option<serde_json::Value>,
    ) -> Entry {
        why.entry(
            self.parts.stamp(),
            action,
            format!("organization:{org}"),
            detail,
        )
    }

    fn member_entry(
        &self,
        why: &Author,
        action: &str,
        user: Uuid,
        detail: Option<serde_json::Value>,
    ) -> Entry {
        why.entry(self.parts.stamp(), action, format!("user:{user}"), detail)
    }
}

/// Nobody gives or takes a role above their own.
pub(super) fn check_rank(own: Role, other: Role) -> Result<()> {
    if super::policy::at_least(other).contains(&own) {
        return Ok(());
    }
    let message = format!(
        "your role here is {}; the role {} is given and taken by: {}",
        own.label(),
        other.label(),
        if other == Role::Owner {
            "owners"
        } else {
            "owners and admins"
        }
    );
    Err(Error::new(Kind::Forbidden, message))
}

fn no_member() -> Error {
    Error::not_found("there is no such member")
}

fn gone() -> Error {
    Error::not_found("there is no such organization")
}

fn last_owner() -> Error {
    let message = "this is the last owner: make another member the owner first";
    Error::new(Kind::Conflict, message)
}
