//! What the operator decided about targets. Both arms obey the same rules.

use url::{Host, Url};

use crate::kernel::{Error, Result, error::Detail};

/// Checked once, when the process starts.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Where we are reached, and where we were: `{base}/r/…` is no target, it would redirect to us again.
    pub(super) bases: Vec<Url>,
    /// A target's host must be one of these or below one of these. Lower case, IDNA encoded. Empty: any public host.
    pub(super) allowed_domains: Vec<String>,
    /// Whether hosts that cannot be reached from the internet are targets: `localhost`, `intranet`, `10.0.0.1`.
    pub(super) allow_private_targets: bool,
}

impl Rules {
    /// `allowed_domains`: `example.com` and all below it; `*.example.com` means the same. A host that is listed by its full
    /// name is allowed even when it is private.
    ///
    /// # Errors
    /// `Invalid` naming `BASE_URL` or `ALLOWED_REDIRECT_DOMAINS`, all faults at once.
    pub fn new<D: AsRef<str>>(
        base_url: &str,
        allowed_domains: &[D],
        allow_private_targets: bool,
    ) -> Result<Self> {
        let mut details = Vec::new();
        let mut fault = |field: &'static str, message: String| {
            details.push(Detail {
                field: field.into(),
                message: message.into(),
            });
        };
        let base = Url::parse(base_url).ok();
        let base = base.filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host());
        if base.is_none() {
            let message = "must be an http or https address such as https://qr.example.com";
            fault("BASE_URL", message.into());
        }
        let mut domains = Vec::new();
        for entry in allowed_domains.iter().map(|d| d.as_ref().trim()) {
            match domain(entry) {
                _ if entry.is_empty() => {}
                Some(domain) => domains.push(domain),
                None => fault(
                    "ALLOWED_REDIRECT_DOMAINS",
                    format!("`{entry}` must be a host name such as example.com"),
                ),
            }
        }
        match base {
            Some(base_url) if details.is_empty() => Ok(Self {
                bases: vec![base_url],
                allowed_domains: domains,
                allow_private_targets,
            }),
            _ => Err(Error::invalid_fields(details)),
        }
    }

    /// Also knows where we were reached before. What is no address is ignored.
    #[must_use]
    pub fn formerly<B: AsRef<str>>(mut self, bases: &[B]) -> Self {
        self.bases.extend(
            bases
                .iter()
                .filter_map(|base| Url::parse(base.as_ref()).ok()),
        );
        self
    }
}

fn domain(entry: &str) -> Option<String> {
    let name = entry.strip_prefix("*.").unwrap_or(entry);
    let host = Host::parse(name.trim_start_matches('.').trim_end_matches('.')).ok()?;
    Some(host.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_normalised_and_blanks_ignored() {
        let listed = [
            "Example.COM",
            " *.b.example ",
            "",
            "bücher.example.",
            "10.0.0.1",
        ];
        let rules = Rules::new("http://localhost:3002", &listed, false).unwrap();
        assert_eq!(
            rules.allowed_domains,
            [
                "example.com",
                "b.example",
                "xn--bcher-kva.example",
                "10.0.0.1"
            ]
        );
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let error = Rules::new("ftp://x", &["a b", "https://c.example"], false).unwrap_err();
        let fields: Vec<_> = error.details().iter().map(|d| d.field.as_ref()).collect();
        assert_eq!(
            fields,
            [
                "BASE_URL",
                "ALLOWED_REDIRECT_DOMAINS",
                "ALLOWED_REDIRECT_DOMAINS"
            ]
        );
    }
}
