//! Which hosts may be targets.
//!
//! Invariant: a host is judged by its normalised form, in which every spelling of an address is the same.

use std::net::IpAddr;

use url::{Host, Url};

use super::{Concern, Reason, Rules, address, lookalike, reason::Fault};

/// What DNS can hold (RFC 1035 §2.3.4), without the final dot.
const NAME_BYTES: usize = 253;
const LABEL_BYTES: usize = 63;
/// So many allowed domains are listed to the caller.
const SHOWN: usize = 5;

/// Names that mean a machine or a network of one's own (RFC 6761, 6762, 8375, ICANN's `internal`, and habit).
const PRIVATE: [&str; 9] = [
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home.arpa",
    "corp",
    "private",
];

/// # Errors
/// Why this host is no target.
pub(super) fn check(rules: &Rules, url: &Url) -> Result<Vec<Concern>, Fault> {
    let Some(host) = url.host() else {
        let message = "must have a host, such as https://example.com";
        return Err(Fault::new(Reason::Syntax, message));
    };
    let spelled = host.to_string();
    let name = spelled.strip_suffix('.').unwrap_or(&spelled);
    if name.split('.').any(str::is_empty) {
        let message = "has an empty part in its host name: remove the extra dot";
        return Err(Fault::new(Reason::Syntax, message));
    }
    let domains = &rules.allowed_domains;
    if domains.iter().any(|domain| domain == name) {
        return Ok(Vec::new());
    }
    let is_name = matches!(host, Host::Domain(_));
    let allowed = |domain: &String| is_name && is_below(name, domain);
    if !domains.is_empty() && !domains.iter().any(allowed) {
        let message = format!("must lead to {}", listed(domains));
        return Err(Fault::new(Reason::Domain, message));
    }
    if !rules.allow_private_targets {
        public(&host, name)?;
    }
    let mut concerns = Vec::new();
    if is_name {
        // Whoever lists a domain vouches for it, and its owner for what is below.
        if domains.is_empty() {
            concerns.extend(lookalike::check(name)?);
        }
        if name.len() > NAME_BYTES || name.split('.').any(|label| label.len() > LABEL_BYTES) {
            concerns.push(Concern::LongName);
        }
    }
    Ok(concerns)
}

fn public(host: &Host<&str>, name: &str) -> Result<(), Fault> {
    let (reason, kind) = match host {
        Host::Domain(_) => (Reason::Name, private_name(name)),
        Host::Ipv4(v4) => (Reason::Address, address::private(IpAddr::V4(*v4))),
        Host::Ipv6(v6) => (Reason::Address, address::private(IpAddr::V6(*v6))),
    };
    kind.map_or(Ok(()), |kind| {
        let message =
            format!("must lead to a public host: this is {kind}, which others cannot reach");
        Err(Fault::new(reason, message))
    })
}

/// What kind of not public name it is. In lower case, without a final dot.
fn private_name(name: &str) -> Option<&'static str> {
    if PRIVATE.iter().any(|p| name == *p || is_below(name, p)) {
        Some("a name of a private network")
    } else if name.contains('.') {
        None
    } else {
        Some("a name without a domain")
    }
}

fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain)
        .is_some_and(|rest| rest.ends_with('.'))
}

fn listed(domains: &[String]) -> String {
    let more = if domains.len() > SHOWN {
        " or another allowed domain"
    } else {
        ""
    };
    let shown: Vec<&str> = domains.iter().take(SHOWN).map(String::as_str).collect();
    shown.join(", ") + more
}
