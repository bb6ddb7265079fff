//! Passwords as people give them, and how often they were wrong for one account.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;

use super::{keys::digest, password::Passwords};
use crate::{
    kernel::Result,
    store::{Store, keys::SecretHash, users::User},
};

/// Wrong passwords of one account after which each further try waits, and for how long they count.
const FREE_TRIES: u32 = 10;
const TRIES_COUNT: Duration = Duration::from_mins(15);
/// The first wait, which doubles up to the longest: a delay, never a lock-out.
const FIRST_DELAY: Duration = Duration::from_millis(250);
const LONGEST_DELAY: Duration = Duration::from_secs(8);
/// Accounts whose wrong passwords are counted at once.
const ACCOUNTS: u64 = 50_000;

/// The one way to a user by a password, whatever asks for it.
pub(super) struct Guesses {
    store: Store,
    passwords: Arc<Passwords>,
    /// By the digest of the name as it was given: names have no bound before they are known.
    wrong: Cache<SecretHash, u32>,
}

impl Guesses {
    pub fn new(store: &Store, passwords: &Arc<Passwords>) -> Self {
        Self {
            store: store.clone(),
            passwords: Arc::clone(passwords),
            wrong: Cache::builder()
                .max_capacity(ACCOUNTS)
                .time_to_live(TRIES_COUNT)
                .build(),
        }
    }

    /// The user of this name; `None` when there is none, or the password is another. Both take the same time. `known`: the hash that
    /// this password was found to have a moment ago.
    ///
    /// # Errors
    /// `RateLimited` when too many passwords are being checked; the store's.
    pub async fn user(
        &self,
        name: &str,
        password: String,
        known: Option<&str>,
    ) -> Result<Option<User>> {
        let account = digest(name);
        let find = async || {
            let found = self.store.users.find(name).await?;
            Ok(found.filter(|user| user.has_password))
        };
        if known.is_some()
            && let Some(user) = find().await?
            && known == Some(user.password_hash.as_str())
        {
            return Ok(Some(user));
        }
        self.delay(&account).await;
        let user = find().await?;
        let hash = user.as_ref().map(|user| user.password_hash.clone());
        if self.passwords.check(password, hash).await? {
            self.wrong.invalidate(&account);
            return Ok(user);
        }
        self.note_wrong(account);
        Ok(None)
    }

    /// Whether a code's password is this one. `code`: tells its guesses from those of accounts and other codes.
    ///
    /// # Errors
    /// `RateLimited` when too many passwords are being checked.
    pub async fn opens(&self, code: &str, password: String, hash: &str) -> Result<bool> {
        let guessed = digest(code);
        self.delay(&guessed).await;
        let is_right = self
            .passwords
            .check(password, Some(hash.to_owned()))
            .await?;
        if is_right {
            self.wrong.invalidate(&guessed);
        } else {
            self.note_wrong(guessed);
        }
        Ok(is_right)
    }

    fn note_wrong(&self, guessed: SecretHash) {
        let before = self.wrong.entry(guessed);
        before.and_upsert_with(|n| n.map_or(1, |n| n.into_value().saturating_add(1)));
    }

    /// Whoever guesses the password of one account from many addresses waits; who knows it waits as long and is let in.
    async fn delay(&self, account: &SecretHash) {
        let wrong = self.wrong.get(account).unwrap_or(0);
        if let Some(beyond) = wrong.checked_sub(FREE_TRIES) {
            let delay = FIRST_DELAY.saturating_mul(1 << beyond.min(5));
            tokio::time::sleep(delay.min(LONGEST_DELAY)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        identity::password,
        kernel::{Clock, SystemClock, Timestamp, id::Uuid},
    };

    #[tokio::test]
    async fn an_account_that_is_guessed_answers_later_and_is_never_locked() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::for_test(folder.path()).await;
        let right = "six-new-lanterns-glow";
        let user = User {
            id: Uuid::from_u128(7),
            name: "ada".to_owned(),
            password_hash: password::hash(right).unwrap(),
            has_password: true,
            epoch: 0,
            created_at: Timestamp::UNIX_EPOCH,
        };
        store.users.insert(&user).await.unwrap();
        let guesses = Guesses::new(&store, &Arc::new(Passwords::new().unwrap()));
        let ask = async |name: &str, password: &str| {
            let start = SystemClock.instant();
            let found = guesses.user(name, password.to_owned(), None).await;
            (found.unwrap().is_some(), start.elapsed())
        };
        for _ in 0..=FREE_TRIES {
            assert!(!ask("ada", "wrong").await.0);
            assert!(!ask("nobody", "wrong").await.0, "whether it exists or not");
        }
        let (is_in, took) = ask("ada", right).await;
        assert!(is_in && took >= FIRST_DELAY * 2, "{took:?}");
        assert!(ask("nobody", "wrong").await.1 >= FIRST_DELAY * 2);
        // Who knows it ends the delays.
        assert!(ask("ada", right).await.1 < FIRST_DELAY);
        // A hash that was compared a moment ago is not compared again.
        let known = Some(user.password_hash.as_str());
        let start = SystemClock.instant();
        let found = guesses.user("ada", String::new(), known).await.unwrap();
        assert!(found.is_some() && start.elapsed() < FIRST_DELAY);
        let other = guesses.user("ada", "wrong".to_owned(), Some("other"));
        assert!(other.await.unwrap().is_none());
    }
}
