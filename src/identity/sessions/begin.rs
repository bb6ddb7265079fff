//! How a session begins: by a sign-in, or in the place of one that goes on with other rights.

use std::{net::IpAddr, time::Duration};

use super::Sessions;
use crate::{
    identity::{Author, Caller, SessionUse, Via, keys::digest, refused},
    kernel::{
        Result,
        clock::Timestamp,
        id::{self, Uuid},
    },
    store::{
        organizations::{Organization, Role},
        sessions::Session,
    },
};

/// A session ends at this age.
const LIFE: Duration = Duration::from_hours(7 * 24);
/// Characters of a browser's name that are kept.
const AGENT_CHARS: usize = 300;

/// The browser that somebody signs in with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Browser<'a> {
    pub agent: &'a str,
    pub address: Option<IpAddr>,
    /// The token of a session that this sign-in replaces.
    pub old: Option<&'a str>,
}

/// A session that began, and the token for its cookie, which is not stored.
pub struct Started {
    pub token: String,
    pub caller: Caller,
    pub organization: Organization,
}

/// A session to come.
pub(in crate::identity) struct Draft<'a> {
    pub user: (Uuid, &'a str),
    pub epoch: i64,
    pub org: Uuid,
    pub role: Role,
    pub how: &'a str,
    pub idp_sid: Option<String>,
    pub stepped_up_at: Option<Timestamp>,
    /// The one that it goes on with: then it ends with that.
    pub expires_at: Option<Timestamp>,
}

impl Sessions {
    /// The session behind a token under a new one, with what `change` changes.
    pub(super) async fn go_on(
        &self,
        caller: &Caller,
        token: &str,
        browser: Browser<'_>,
        action: &str,
        change: impl FnOnce(&mut Draft<'_>),
    ) -> Result<Started> {
        let (now, seen_since) = self.now();
        let hash = digest(token);
        let found = self.parts.store.sessions.find(&hash, now, seen_since);
        let (session, name) = found.await?.ok_or_else(refused)?;
        let mut draft = Draft {
            user: (session.user_id, &name),
            epoch: session.epoch,
            org: session.org_id,
            role: caller.role(),
            how: &session.how,
            idp_sid: session.idp_sid.clone(),
            stepped_up_at: session.stepped_up_at,
            expires_at: Some(session.expires_at),
        };
        change(&mut draft);
        let old = Some(token);
        self.start(draft, action, Browser { old, ..browser }).await
    }

    pub(in crate::identity) async fn start(
        &self,
        draft: Draft<'_>,
        action: &str,
        browser: Browser<'_>,
    ) -> Result<Started> {
        let now = self.parts.clock.now();
        let token = id::secret::<32>()?;
        let (user_id, name) = draft.user;
        let session = Session {
            id: self.parts.ids.next(),
            user_id,
            org_id: draft.org,
            epoch: draft.epoch,
            created_at: now,
            seen_at: now,
            expires_at: draft
                .expires_at
                .unwrap_or_else(|| now.checked_add(LIFE).unwrap_or(now)),
            stepped_up_at: draft.stepped_up_at,
            how: draft.how.to_owned(),
            idp_sid: draft.idp_sid,
            agent: printable(browser.agent),
            address: browser.address.map(|address| address.to_string()),
        };
        let entry = Author::person(name, draft.how, draft.org).entry(
            self.parts.stamp(),
            action,
            format!("session:{}", session.id),
            None,
        );
        let store = &self.parts.store;
        let (hash, old) = (digest(&token), browser.old.map(digest));
        let is_continued = draft.expires_at.is_some();
        let sessions = &store.sessions;
        let inserted = sessions.insert(&session, &hash, old.as_ref(), &entry);
        let mut began = inserted.await?;
        if !began && !is_continued {
            // A cookie of a session that is over stands in no one's way.
            began = sessions.insert(&session, &hash, None, &entry).await?;
        }
        self.parts.changed(user_id).await;
        if !began {
            return Err(refused());
        }
        if browser.old.is_none() {
            self.alive.increment(1.0);
        }
        let organization = store.organizations.get(draft.org).await?;
        let via = Via::Session(SessionUse {
            id: session.id,
            stepped_up_at: session.stepped_up_at,
        });
        Ok(Started {
            token,
            caller: Caller::new(user_id, name.to_owned(), (draft.org, draft.role), via),
            organization: organization.ok_or_else(refused)?,
        })
    }
}

/// A browser's name for a list that people read: no control characters, no NUL.
fn printable(agent: &str) -> String {
    let plain = agent.chars().filter(|c| !c.is_control());
    plain.take(AGENT_CHARS).collect()
}
