//! Sessions of people who are signed in.
//!
//! Invariant: a session's token is not stored, only its hash.

use sea_orm::{DbErr, QueryResult, prelude::Uuid};

use super::{
    audit::Entry,
    audited::Step,
    connection::{Connections, timers},
    keys::SecretHash,
    organizations::membership_held,
    text,
};
use crate::kernel::{Result, Timestamp, clock::from_micros};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: Uuid,
    pub user_id: Uuid,
    pub org_id: Uuid,
    /// The user's at the sign-in.
    pub epoch: i64,
    pub created_at: Timestamp,
    /// Written every few minutes only.
    pub seen_at: Timestamp,
    pub expires_at: Timestamp,
    /// When the person last proved to be who they are.
    pub stepped_up_at: Option<Timestamp>,
    /// `password`, or `provider`.
    pub how: String,
    /// The provider's id of its own session, for its back-channel logout.
    pub idp_sid: Option<String>,
    /// The browser, as it called itself at the sign-in.
    pub agent: String,
    pub address: Option<String>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    db: Connections,
    timers: Timers,
}

timers!("sessions": insert, find, of_user, touch, end, end_all, sweep, count);

const COLUMNS: &str = "id, user_id, org_id, epoch, created_at_us, seen_at_us, expires_at_us, stepped_up_at_us, how, idp_sid, \
     agent, address";

impl Sessions {
    pub(super) fn new(db: &Connections) -> Self {
        Self {
            timers: Timers::new(db),
            db: db.clone(),
        }
    }

    /// Stores a new session; in the place of an old one, if its hash is given. False when that one is gone, or the user is no member
    /// of its organization.
    ///
    /// # Errors
    /// `Invalid` when a text holds a NUL; `Internal` when user or organization are gone.
    pub async fn insert(
        &self,
        session: &Session,
        hash: &SecretHash,
        instead_of: Option<&SecretHash>,
        entry: &Entry,
    ) -> Result<bool> {
        text::check("agent", &session.agent)?;
        text::check_some("sid", session.idp_sid.as_deref())?;
        let sql = format!(
            "INSERT INTO sessions ({COLUMNS}, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
        );
        let insert = self.db.statement(
            &sql,
            [
                session.id.into(),
                session.user_id.into(),
                session.org_id.into(),
                session.epoch.into(),
                session.created_at.as_microsecond().into(),
                session.seen_at.as_microsecond().into(),
                session.expires_at.as_microsecond().into(),
                session.stepped_up_at.map(Timestamp::as_microsecond).into(),
                session.how.clone().into(),
                session.idp_sid.clone().into(),
                session.agent.clone().into(),
                session.address.clone().into(),
                hash.to_vec().into(),
            ],
        );
        // Held until the session is there: a password that is replaced at this moment ends it.
        let same = "UPDATE users SET epoch = epoch WHERE id = $1 AND epoch = $2";
        let same = (self.db).statement(same, [session.user_id.into(), session.epoch.into()]);
        let mut steps = vec![
            Step::Must(same),
            membership_held(&self.db, session.org_id, session.user_id),
        ];
        if let Some(old) = instead_of {
            let end = "DELETE FROM sessions WHERE hash = $1";
            steps.push(Step::Must(self.db.statement(end, [old.to_vec().into()])));
        }
        steps.push(Step::Must(insert));
        self.db.change(&self.timers.insert, steps, entry).await
    }

    /// The session with this hash, and its user's name; unless it expired, or the user's epoch is another one.
    ///
    /// # Errors
    /// Faults only.
    pub async fn find(
        &self,
        hash: &SecretHash,
        now: Timestamp,
        seen_since: Timestamp,
    ) -> Result<Option<(Session, String)>> {
        let columns = COLUMNS.split(", ").map(|c| format!("s.{c}"));
        let columns = columns.collect::<Vec<_>>().join(", ");
        let sql = format!(
            "SELECT {columns}, u.name FROM sessions s JOIN users u ON u.id = s.user_id AND u.epoch = s.epoch \
             WHERE s.hash = $1 AND s.expires_at_us > $2 AND s.seen_at_us > $3"
        );
        let values = [
            hash.to_vec().into(),
            now.as_microsecond().into(),
            seen_since.as_microsecond().into(),
        ];
        let query = self.db.statement(&sql, values);
        let read = |row: &QueryResult| Ok((session(row)?, row.try_get_by(12)?));
        self.db.row(&self.timers.find, query, read).await
    }

    /// A user's sessions that have not expired, newest first.
    ///
    /// # Errors
    /// Faults only.
    pub async fn of_user(
        &self,
        user: Uuid,
        now: Timestamp,
        seen_since: Timestamp,
    ) -> Result<Vec<Session>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM sessions WHERE user_id = $1 AND expires_at_us > $2 AND seen_at_us > $3 \
             ORDER BY created_at_us DESC, id DESC"
        );
        let values = [
            user.into(),
            now.as_microsecond().into(),
            seen_since.as_microsecond().into(),
        ];
        let query = self.db.statement(&sql, values);
        self.db.rows(&self.timers.of_user, query, session).await
    }

    /// # Errors
    /// Faults only.
    pub async fn touch(&self, id: Uuid, now: Timestamp) -> Result<()> {
        let sql = "UPDATE sessions SET seen_at_us = $2 WHERE id = $1";
        let values = [id.into(), now.as_microsecond().into()];
        let update = self.db.statement(sql, values);
        self.db
            .write_one(&self.timers.touch, update)
            .await
            .map(drop)
    }

    /// Ends one session of a user. False when there is none.
    ///
    /// # Errors
    /// Faults only.
    pub async fn end(&self, user: Uuid, id: Uuid, entry: &Entry) -> Result<bool> {
        let sql = "DELETE FROM sessions WHERE id = $1 AND user_id = $2";
        let end = Step::Must(self.db.statement(sql, [id.into(), user.into()]));
        self.db.change(&self.timers.end, vec![end], entry).await
    }

    /// Ends every session of a user.
    ///
    /// # Errors
    /// Faults only.
    pub async fn end_all(&self, user: Uuid, entry: &Entry) -> Result<()> {
        let steps = vec![
            // Sign-ins that are under way end, too.
            Step::Must(self.db.statement(
                "UPDATE users SET epoch = epoch + 1 WHERE id = $1",
                [user.into()],
            )),
            Step::May(
                self.db
                    .statement("DELETE FROM sessions WHERE user_id = $1", [user.into()]),
            ),
        ];
        let ended = self.db.change(&self.timers.end_all, steps, entry).await;
        ended.map(drop)
    }

    /// Deletes what has expired. Returns how many there were.
    ///
    /// # Errors
    /// Faults only.
    pub async fn sweep(&self, now: Timestamp, seen_since: Timestamp) -> Result<u64> {
        let sql = "DELETE FROM sessions WHERE expires_at_us <= $1 OR seen_at_us <= $2";
        let values = [
            now.as_microsecond().into(),
            seen_since.as_microsecond().into(),
        ];
        let delete = self.db.statement(sql, values);
        self.db.write_one(&self.timers.sweep, delete).await
    }

    /// How many there are.
    ///
    /// # Errors
    /// Faults only.
    pub async fn count(&self) -> Result<i64> {
        let query = self.db.statement("SELECT COUNT(*) FROM sessions", []);
        let read = |row: &QueryResult| row.try_get_by(0);
        let count = self.db.row(&self.timers.count, query, read).await?;
        Ok(count.unwrap_or(0))
    }
}

fn session(row: &QueryResult) -> Result<Session, DbErr> {
    let time = |i: usize| -> Result<Timestamp, DbErr> { Ok(from_micros(row.try_get_by(i)?)) };
    Ok(Session {
        id: row.try_get_by(0)?,
        user_id: row.try_get_by(1)?,
        org_id: row.try_get_by(2)?,
        epoch: row.try_get_by(3)?,
        created_at: time(4)?,
        seen_at: time(5)?,
        expires_at: time(6)?,
        stepped_up_at: row.try_get_by::<Option<i64>, _>(7)?.map(from_micros),
        how: row.try_get_by(8)?,
        idp_sid: row.try_get_by(9)?,
        agent: row.try_get_by(10)?,
        address: row.try_get_by(11)?,
    })
}
