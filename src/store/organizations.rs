//! Organizations, and the roles of their members.

use sea_orm::{DbErr, QueryResult, prelude::Uuid};

use super::{
    audit::Entry,
    audited::Step,
    connection::{Connections, timers},
    text,
};
use crate::kernel::{Result, Timestamp, clock::from_micros, label};

label! {
    /// Rights in an organization, from most to least.
    Role {
        Owner = "owner",
        Admin = "admin",
        Manager = "manager",
        Analyst = "analyst",
        Member = "member",
    }
}

label! {
    /// Who decides a member's role: people here, or the provider of single sign-on.
    Source { Local = "local", Provider = "provider" }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    pub id: Uuid,
    pub name: String,
    /// IANA name; the organization's days begin at its midnight.
    pub time_zone: String,
    /// The code that stands for the organization.
    pub business_code: Option<Uuid>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub org_id: Uuid,
    pub user_id: Uuid,
    pub role: Role,
    pub source: Source,
    pub joined_at: Timestamp,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Organizations {
    db: Connections,
    timers: Timers,
}

timers!("organizations": get, role, home, list, insert, update, delete, slugs, members, join, set_role, remove);

impl Organizations {
    /// The organization that every installation has.
    pub const DEFAULT: Uuid = Uuid::from_u128(::migrations::DEFAULT_ORGANIZATION);

    pub(super) fn new(db: &Connections) -> Self {
        Self {
            timers: Timers::new(db),
            db: db.clone(),
        }
    }

    /// # Errors
    /// Faults only.
    pub async fn get(&self, id: Uuid) -> Result<Option<Organization>> {
        let sql = "SELECT id, name, time_zone, business_code FROM organizations WHERE id = $1";
        let query = self.db.statement(sql, [id.into()]);
        self.db.row(&self.timers.get, query, organization).await
    }

    /// A user's role; `None` without a membership or an organization.
    ///
    /// # Errors
    /// Faults only.
    pub async fn role(&self, org: Uuid, user: Uuid) -> Result<Option<Role>> {
        let sql = "SELECT role FROM memberships WHERE org_id = $1 AND user_id = $2";
        let query = self.db.statement(sql, [org.into(), user.into()]);
        let read = |row: &QueryResult| row.try_get_by::<String, _>(0);
        let found = self.db.row(&self.timers.role, query, read).await?;
        Ok(found.and_then(|role| known(&role)))
    }

    /// Where a user acts who names no organization: in that of the installation, else in the one that they joined first.
    ///
    /// # Errors
    /// Faults only.
    pub async fn home(&self, user: Uuid) -> Result<Option<(Uuid, Role)>> {
        let sql = "SELECT org_id, role FROM memberships WHERE user_id = $1 \
             ORDER BY CASE WHEN org_id = $2 THEN 0 ELSE 1 END, joined_at_us, org_id LIMIT 1";
        let query = self.db.statement(sql, [user.into(), Self::DEFAULT.into()]);
        let read = |row: &QueryResult| {
            Ok((
                row.try_get_by::<Uuid, _>(0)?,
                row.try_get_by::<String, _>(1)?,
            ))
        };
        let found = self.db.row(&self.timers.home, query, read).await?;
        Ok(found.and_then(|(org, role)| Some((org, known(&role)?))))
    }

    /// The organizations of a user with the user's role in each, by name.
    ///
    /// # Errors
    /// Faults only.
    pub async fn of_user(&self, user: Uuid) -> Result<Vec<(Organization, Role)>> {
        let sql = "SELECT o.id, o.name, o.time_zone, o.business_code, m.role FROM organizations o \
             JOIN memberships m ON m.org_id = o.id WHERE m.user_id = $1 ORDER BY o.name, o.id";
        let query = self.db.statement(sql, [user.into()]);
        let read = |row: &QueryResult| Ok((organization(row)?, row.try_get_by::<String, _>(4)?));
        let found = self.db.rows(&self.timers.list, query, read).await?;
        let known =
            |(organization, role): (Organization, String)| Some((organization, known(&role)?));
        Ok(found.into_iter().filter_map(known).collect())
    }

    /// All organizations with the number of their members, by name.
    ///
    /// # Errors
    /// Faults only.
    pub async fn list(&self) -> Result<Vec<(Organization, i64)>> {
        let sql = "SELECT o.id, o.name, o.time_zone, o.business_code, COUNT(m.user_id) FROM organizations o \
             LEFT JOIN memberships m ON m.org_id = o.id GROUP BY o.id, o.name, o.time_zone, o.business_code ORDER BY o.name, o.id";
        let query = self.db.statement(sql, []);
        let read = |row: &QueryResult| Ok((organization(row)?, row.try_get_by(4)?));
        self.db.rows(&self.timers.list, query, read).await
    }

    /// Makes an organization with its first owner.
    ///
    /// # Errors
    /// `Invalid` when the name holds a NUL; `Internal` when there is no such user.
    pub async fn insert(&self, new: &Organization, owner: Uuid, entry: &Entry) -> Result<()> {
        text::check("name", &new.name)?;
        let steps = vec![
            Step::Must(self.db.statement(
                "INSERT INTO organizations (id, name, time_zone) VALUES ($1, $2, $3)",
                [
                    new.id.into(),
                    new.name.clone().into(),
                    new.time_zone.clone().into(),
                ],
            )),
            Step::Must(self.joining(new.id, owner, Role::Owner, Source::Local, entry.at)),
        ];
        let made = self.db.change(&self.timers.insert, steps, entry).await;
        made.map(drop)
    }

    /// Changes name, time zone and business code. False without such an organization.
    ///
    /// # Errors
    /// `Invalid` when the name holds a NUL.
    pub async fn update(&self, changed: &Organization, entry: &Entry) -> Result<bool> {
        text::check("name", &changed.name)?;
        let update = self.db.statement(
            "UPDATE organizations SET name = $2, time_zone = $3, business_code = $4 WHERE id = $1",
            [
                changed.id.into(),
                changed.name.clone().into(),
                changed.time_zone.clone().into(),
                changed.business_code.into(),
            ],
        );
        self.db
            .change(&self.timers.update, vec![Step::Must(update)], entry)
            .await
    }

    /// Deletes an organization with its codes, scans, keys, sessions and invitations. False without such an organization.
    ///
    /// # Errors
    /// Faults only.
    pub async fn delete(&self, id: Uuid, entry: &Entry) -> Result<bool> {
        let steps = vec![
            Step::May(
                self.db
                    .statement("DELETE FROM api_keys WHERE org_id = $1", [id.into()]),
            ),
            Step::Must(
                self.db
                    .statement("DELETE FROM organizations WHERE id = $1", [id.into()]),
            ),
        ];
        self.db.change(&self.timers.delete, steps, entry).await
    }

    /// The ids and slugs of an organization's codes.
    ///
    /// # Errors
    /// Faults only.
    pub async fn codes(&self, id: Uuid) -> Result<Vec<(Uuid, Option<String>)>> {
        let query = self
            .db
            .statement("SELECT id, slug FROM codes WHERE org_id = $1", [id.into()]);
        let read = |row: &QueryResult| Ok((row.try_get_by(0)?, row.try_get_by(1)?));
        self.db.rows(&self.timers.slugs, query, read).await
    }

    /// Members with their names, by name.
    ///
    /// # Errors
    /// Faults only.
    pub async fn members(&self, org: Uuid) -> Result<Vec<(Membership, String)>> {
        let sql = "SELECT m.org_id, m.user_id, m.role, m.source, m.joined_at_us, u.name FROM memberships m \
             JOIN users u ON u.id = m.user_id WHERE m.org_id = $1 ORDER BY u.name, u.id";
        let query = self.db.statement(sql, [org.into()]);
        let read = |row: &QueryResult| Ok((membership(row)?, row.try_get_by(5)?));
        let found: Vec<(Option<Membership>, String)> =
            self.db.rows(&self.timers.members, query, read).await?;
        let known = |(membership, name): (Option<Membership>, String)| Some((membership?, name));
        Ok(found.into_iter().filter_map(known).collect())
    }

    /// Makes a user a member, or changes the role of one.
    ///
    /// # Errors
    /// `Internal` when there is no such organization or user.
    pub async fn join(
        &self,
        org: Uuid,
        user: Uuid,
        role: Role,
        source: Source,
        entry: &Entry,
    ) -> Result<()> {
        let join = Step::Must(self.joining(org, user, role, source, entry.at));
        let joined = self.db.change(&self.timers.join, vec![join], entry).await;
        joined.map(drop)
    }

    pub(super) fn joining(
        &self,
        org: Uuid,
        user: Uuid,
        role: Role,
        source: Source,
        now: Timestamp,
    ) -> sea_orm::Statement {
        self.db.statement(
            "INSERT INTO memberships (org_id, user_id, role, source, joined_at_us) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (org_id, user_id) DO UPDATE SET role = excluded.role, source = excluded.source",
            [
                org.into(),
                user.into(),
                role.label().into(),
                source.label().into(),
                now.as_microsecond().into(),
            ],
        )
    }

    /// Gives a member another role, and ends the member's sessions there. False when there is no such member, or it is the
    /// last owner.
    ///
    /// # Errors
    /// Faults only.
    pub async fn set_role(
        &self,
        org: Uuid,
        user: Uuid,
        (role, source): (Role, Source),
        entry: &Entry,
    ) -> Result<bool> {
        let sql = format!(
            "UPDATE memberships SET role = $3, source = $4 WHERE org_id = $1 AND user_id = $2 \
             AND ($3 = 'owner' OR {NOT_LAST_OWNER})"
        );
        let steps = vec![
            self.lock(org),
            Step::Must(self.db.statement(
                &sql,
                [
                    org.into(),
                    user.into(),
                    role.label().into(),
                    source.label().into(),
                ],
            )),
            self.end_sessions(org, user),
        ];
        self.db.change(&self.timers.set_role, steps, entry).await
    }

    /// Removes a member with its sessions and keys there. False when there is no such member, or it is the last owner.
    ///
    /// # Errors
    /// Faults only.
    pub async fn remove(&self, org: Uuid, user: Uuid, entry: &Entry) -> Result<bool> {
        let sql = format!(
            "DELETE FROM memberships WHERE org_id = $1 AND user_id = $2 AND {NOT_LAST_OWNER}"
        );
        let steps = vec![
            self.lock(org),
            Step::Must(self.db.statement(&sql, [org.into(), user.into()])),
            self.end_sessions(org, user),
            self.end_keys(org, user, entry.at),
        ];
        self.db.change(&self.timers.remove, steps, entry).await
    }

    /// Makes `to`, a member, an owner, and the owner `from` an admin. False when one of them is not what they should be.
    ///
    /// # Errors
    /// Faults only.
    pub async fn transfer(&self, org: Uuid, from: Uuid, to: Uuid, entry: &Entry) -> Result<bool> {
        let set = |user: Uuid, role: &str, condition: &str| {
            let sql = format!(
                "UPDATE memberships SET role = $3, source = 'local' WHERE org_id = $1 AND user_id = $2{condition}"
            );
            self.db
                .statement(&sql, [org.into(), user.into(), role.into()])
        };
        let steps = vec![
            self.lock(org),
            Step::Must(set(to, "owner", "")),
            Step::Must(set(from, "admin", " AND role = 'owner'")),
            self.end_sessions(org, to),
            self.end_sessions(org, from),
        ];
        self.db.change(&self.timers.set_role, steps, entry).await
    }

    /// Two owners who take each other's role away at once must not leave none: changes of one organization's roles queue here.
    pub(super) fn lock(&self, org: Uuid) -> Step {
        let sql = "UPDATE organizations SET name = name WHERE id = $1";
        Step::Must(self.db.statement(sql, [org.into()]))
    }

    pub(super) fn end_keys(&self, org: Uuid, user: Uuid, now: Timestamp) -> Step {
        Step::May(self.db.statement(
            "UPDATE api_keys SET revoked_at_us = $3 WHERE user_id = $2 AND revoked_at_us IS NULL \
             AND (org_id = $1 OR (org_id IS NULL AND $4))",
            [
                org.into(),
                user.into(),
                now.as_microsecond().into(),
                (org == Self::DEFAULT).into(),
            ],
        ))
    }

    pub(super) fn end_sessions(&self, org: Uuid, user: Uuid) -> Step {
        Step::May(self.db.statement(
            "DELETE FROM sessions WHERE org_id = $1 AND user_id = $2",
            [org.into(), user.into()],
        ))
    }
}

/// The change is off when the user is no member, or is being removed: what is made for a member must not outlive that.
pub(super) fn membership_held(db: &Connections, org: Uuid, user: Uuid) -> Step {
    let sql = "UPDATE memberships SET role = role WHERE org_id = $1 AND user_id = $2";
    Step::Must(db.statement(sql, [org.into(), user.into()]))
}

pub(super) const NOT_LAST_OWNER: &str = "(role <> 'owner' OR (SELECT COUNT(*) FROM memberships o WHERE o.org_id = $1 \
     AND o.role = 'owner') > 1)";

fn organization(row: &QueryResult) -> Result<Organization, DbErr> {
    Ok(Organization {
        id: row.try_get_by(0)?,
        name: row.try_get_by(1)?,
        time_zone: row.try_get_by(2)?,
        business_code: row.try_get_by(3)?,
    })
}

fn membership(row: &QueryResult) -> Result<Option<Membership>, DbErr> {
    let source: String = row.try_get_by(3)?;
    let role: String = row.try_get_by(2)?;
    let Some(role) = known(&role) else {
        return Ok(None);
    };
    Ok(Some(Membership {
        org_id: row.try_get_by(0)?,
        user_id: row.try_get_by(1)?,
        role,
        source: Source::from_label(&source).unwrap_or(Source::Local),
        joined_at: from_micros(row.try_get_by(4)?),
    }))
}

/// A role that only a newer release knows gives no rights here.
pub(super) fn known(role: &str) -> Option<Role> {
    let found = Role::from_label(role);
    if found.is_none() {
        tracing::warn!(
            role,
            "a membership has a role that this release does not know: it counts as none"
        );
    }
    found
}
