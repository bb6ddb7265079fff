//! Where a dynamic code may send people.

use super::{
    Reader,
    reader::{flag, list, name, number},
};

#[derive(Clone, Debug)]
pub struct Targets {
    /// `ALLOWED_REDIRECT_DOMAINS`: these hosts and their subdomains. Empty: any public host.
    pub allowed_domains: Vec<String>,
    /// `ALLOW_PRIVATE_TARGETS`: also loopback, private and link-local hosts, for use inside one network.
    pub allow_private: bool,
    /// `REDIRECT_CACHE_TTL_MS`: how long a slug's target is remembered at most. While the database is away, a
    /// remembered target keeps answering beyond it.
    pub cache_ttl_ms: u64,
    /// `REDIRECT_CACHE_BYTES`: memory for remembered slugs, found or not; some 400 bytes each.
    pub cache_bytes: u64,
}

impl Targets {
    pub(super) fn read(r: &mut Reader) -> Self {
        Self {
            allowed_domains: r.read(
                name("targets.allowed_domains", "ALLOWED_REDIRECT_DOMAINS"),
                Vec::new(),
                list(domain),
            ),
            allow_private: r.read(
                name("targets.allow_private", "ALLOW_PRIVATE_TARGETS"),
                false,
                flag,
            ),
            cache_ttl_ms: r.read(
                name("targets.cache_ttl_ms", "REDIRECT_CACHE_TTL_MS"),
                30_000,
                number(0..=86_400_000),
            ),
            cache_bytes: r.read(
                name("targets.cache_bytes", "REDIRECT_CACHE_BYTES"),
                32 << 20,
                number(0..=1 << 40),
            ),
        }
    }
}

/// A host name in its canonical (ASCII, lower-case) form, as targets are compared.
fn domain(value: &str) -> Result<String, String> {
    let fault = || format!("`{value}` is not a host name such as example.org");
    if value.contains(['/', ':', '@', '*']) {
        return Err(fault());
    }
    match url::Host::parse(value.trim_start_matches('.')) {
        Ok(host) => Ok(host.to_string()),
        Err(_) => Err(fault()),
    }
}
