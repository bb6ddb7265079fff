//! Hashing and checking passwords: argon2id with the crate's defaults (19 MiB, 2 passes: OWASP's first choice).

use std::time::Duration;

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use metrics::Counter;
use tokio::sync::Semaphore;
use zxcvbn::feedback::Feedback;

use crate::{
    kernel::{Error, Kind, Result, id},
    telemetry::{Outcome, catalogue, handles},
};

/// Checks that run at once: each takes a core and 19 MiB for some 20 ms.
const AT_ONCE: usize = 2;
/// Checks that wait; more are turned away instead of piling up.
const WAITING: usize = 64;

pub(super) struct Passwords {
    running: Semaphore,
    waiting: Semaphore,
    /// Checked when there is no such user.
    nobody: String,
    ok: Counter,
    error: Counter,
}

impl Passwords {
    pub(super) fn new() -> Result<Self> {
        let count = |o: Outcome| handles::counter(&catalogue::PASSWORD_CHECKS, &[o.label()]);
        Ok(Self {
            running: Semaphore::new(AT_ONCE),
            waiting: Semaphore::new(WAITING),
            nobody: hash(&id::secret::<16>()?)?,
            ok: count(Outcome::Ok),
            error: count(Outcome::Error),
        })
    }

    /// The hash of a new password, once there is a place.
    pub(super) async fn hash(&self, password: String) -> Result<String> {
        let _place = self.waiting.try_acquire().map_err(|_| busy())?;
        let _turn = self.running.acquire().await.map_err(|_| busy())?;
        tokio::task::spawn_blocking(move || hash(&password))
            .await
            .map_err(|e| Error::caused(Kind::Internal, "a password could not be hashed", e))?
    }

    /// Whether `password` has this hash. Without a hash: never, at the same cost.
    pub(super) async fn check(&self, password: String, hash: Option<String>) -> Result<bool> {
        let _place = self.waiting.try_acquire().map_err(|_| busy())?;
        let _turn = self.running.acquire().await.map_err(|_| busy())?;
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        let right = tokio::task::spawn_blocking(move || verify(&password, &hash))
            .await
            .map_err(|e| Error::caused(Kind::Internal, "a password could not be checked", e))??;
        let right = right && exists;
        if right { &self.ok } else { &self.error }.increment(1);
        Ok(right)
    }
}

fn busy() -> Error {
    let message = "too many sign-ins at once; try again in a second";
    Error::rate_limited(message, Duration::from_secs(1))
}

/// Shortest and longest password, in characters (OWASP ASVS 5, 6.2).
const CHARS: std::ops::RangeInclusive<usize> = 12..=128;

/// Refuses a new password that is easily guessed. `known`: words that a guesser would try first.
///
/// # Errors
/// `Invalid` for `field`, saying what would be better.
pub(super) fn check_strength(field: &'static str, password: &str, known: &[&str]) -> Result<()> {
    let chars = password.chars().count();
    if !CHARS.contains(&chars) {
        let (least, most) = (CHARS.start(), CHARS.end());
        let message = format!("must have {least} to {most} characters; it has {chars}");
        return Err(Error::invalid(field, message));
    }
    let guess = zxcvbn::zxcvbn(password, known);
    if guess.score() >= zxcvbn::Score::Three {
        return Ok(());
    }
    let feedback = guess.feedback();
    let why = feedback.and_then(Feedback::warning).map(|w| w.to_string());
    let tips = feedback.into_iter().flat_map(Feedback::suggestions);
    let said: Vec<String> = why
        .into_iter()
        .chain(tips.map(ToString::to_string))
        .collect();
    let message = format!("is easily guessed. {}", said.join(" "));
    Err(Error::invalid(field, message.trim_end().to_owned()))
}

/// The hash to store, in PHC format, with a random salt.
pub(super) fn hash(password: &str) -> Result<String> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|h| h.to_string())
        .map_err(|e| {
            Error::caused(
                Kind::Internal,
                "a password could not be hashed",
                e.to_string(),
            )
        })
}

/// # Errors
/// `Internal` when the stored hash cannot be read.
pub(super) fn verify(password: &str, hash: &str) -> Result<bool> {
    let hash = PasswordHash::new(hash).map_err(|e| {
        Error::caused(
            Kind::Internal,
            "a stored password hash cannot be read",
            e.to_string(),
        )
    })?;
    Ok(Argon2::default()
        .verify_password(password.as_bytes(), &hash)
        .is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_argon2id_and_salted() {
        let (a, b) = (
            hash("correct horse").unwrap(),
            hash("correct horse").unwrap(),
        );
        assert!(a.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{a}");
        assert_ne!(a, b);
        assert!(verify("correct horse", &a).unwrap());
        assert!(!verify("wrong horse", &a).unwrap());
        assert!(verify("x", "not a hash").is_err());
    }

    #[test]
    fn a_new_password_is_not_easily_guessed() {
        let check = |password: &str| check_strength("p", password, &["henrike", "Bücherei Nord"]);
        for weak in [
            "",
            "short",
            "elevenchars",
            "password1234",
            "henrike12345",
            "qwertyuiop123",
            "aaaaaaaaaaaaaaaa",
            &"x".repeat(129),
        ] {
            let refused = check(weak).unwrap_err();
            assert_eq!(refused.details()[0].field, "p", "{weak}");
            assert!(!refused.message().contains("password1234"));
        }
        let words = (1..60_u64).map(|n| (n * n * 2_654_435_761 % 65_521).to_string());
        let long: String = words
            .collect::<Vec<_>>()
            .join("-")
            .chars()
            .take(128)
            .collect();
        for strong in [
            "correct-horse-battery",
            "vier kalte Hunde singen",
            "日本語のパスワードは長い方がいいです",
            &long,
        ] {
            check(strong).unwrap();
        }
    }

    #[tokio::test]
    async fn nobody_has_no_password() {
        let passwords = Passwords::new().unwrap();
        assert!(!passwords.check(String::new(), None).await.unwrap());
    }
}
