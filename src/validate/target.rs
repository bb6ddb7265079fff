//! Where a dynamic code may lead.
//!
//! Invariant: what is accepted is the normalised text of the very URL that was checked, so nobody can read it
//! differently later; and that text is accepted as itself.

use url::Url;

use super::{Concern, Reason, Rules, host, own, reason::Fault};
use crate::kernel::limits::TARGET_CHARS;

/// The normalised target (WHATWG URL Standard §4.5), and what its author should know.
///
/// # Errors
/// What is wrong and what to do, for the caller.
pub(super) fn check(rules: &Rules, text: &str) -> Result<(String, Vec<Concern>), Fault> {
    let url = parse(plain(text)?)?;
    let concerns = host::check(rules, &url)?;
    if rules.bases.iter().any(|base| own::leads_to_us(base, &url)) {
        let message = "leads back to a code of this server: give the page that it shall open";
        return Err(Fault::new(Reason::Loop, message));
    }
    let target = String::from(url);
    if target.len() > TARGET_CHARS {
        let message = format!(
            "has {} characters once others than ASCII are encoded: shorten it to {TARGET_CHARS}",
            target.len()
        );
        return Err(Fault::new(Reason::Length, message));
    }
    Ok((target, concerns))
}

/// Without blanks around. Control characters are refused where the URL Standard would drop some: who sends them means
/// to confuse somebody.
fn plain(text: &str) -> Result<&str, Fault> {
    let chars = text.chars().count();
    if chars > TARGET_CHARS {
        let message = format!("has {chars} characters: shorten it to {TARGET_CHARS}");
        return Err(Fault::new(Reason::Length, message));
    }
    if text.chars().any(char::is_control) {
        let message = "must not hold line breaks or other control characters: remove them";
        return Err(Fault::new(Reason::Character, message));
    }
    let text = text.trim();
    if text.is_empty() {
        let message = "must not be empty: give an address such as https://example.com/page";
        return Err(Fault::new(Reason::Empty, message));
    }
    Ok(text)
}

fn parse(text: &str) -> Result<Url, Fault> {
    // The standard also reads `https:example.com` and `https:\\example.com`; other software does not.
    let begins = |scheme: &str| {
        let start = text.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    if !begins("http://") && !begins("https://") {
        let message = "must begin with http:// or https://";
        return Err(Fault::new(Reason::Scheme, message));
    }
    let url = Url::parse(text).map_err(|e| {
        let message = format!("is not an address such as https://example.com/page: {e}");
        Fault::new(Reason::Syntax, message)
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        let message = "must not hold a user name or password before its host: whoever scans it could read them";
        return Err(Fault::new(Reason::Credentials, message));
    }
    Ok(url)
}

#[cfg(test)]
mod tests;
