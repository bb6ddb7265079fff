//! Passwords of codes: whoever scans is asked before the code leads anywhere.

use std::{net::IpAddr, ops::RangeInclusive};

use super::Auth;
use crate::kernel::{Error, Result, id::Uuid};

/// Characters: people type it on a phone, and guesses are delayed.
const CHARS: RangeInclusive<usize> = 4..=128;

impl Auth {
    /// Whether `password` is that of a code.
    ///
    /// # Errors
    /// `RateLimited` when this client had too many wrong ones, or too many are being checked.
    pub async fn opens(
        &self,
        (code_id, hash): (Uuid, &str),
        password: String,
        client: IpAddr,
    ) -> Result<bool> {
        self.limits.may_open(client)?;
        let is_right = self
            .guesses
            .opens(&format!("code:{code_id}"), password, hash)
            .await?;
        if !is_right {
            self.limits.not_opened(client);
        }
        Ok(is_right)
    }

    /// The hash of a code's new password, to be stored.
    ///
    /// # Errors
    /// `Invalid` for one that is too short or too long; `RateLimited` when too many passwords are being checked.
    pub async fn hash_of_code(&self, password: String) -> Result<String> {
        let chars = password.chars().count();
        if !CHARS.contains(&chars) {
            let (least, most) = (CHARS.start(), CHARS.end());
            return Err(Error::invalid(
                "password",
                format!("must have {least} to {most} characters"),
            ));
        }
        self.passwords.hash(password).await
    }
}
