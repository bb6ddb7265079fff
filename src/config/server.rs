//! Where the product listens, under which name it is reached, and how much one request may ask of it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use ipnet::IpNet;
use url::Url;

use super::{
    Reader,
    auth::secret,
    reader::{flag, list, name, number},
};
use crate::kernel::Secret;

/// Of a base URL; what follows it in a symbol has some 30 more.
const BASE_URL_BYTES: usize = 500;

#[derive(Clone, Debug)]
pub struct Server {
    /// `BIND`: address and port to listen on.
    pub bind: SocketAddr,
    /// `BASE_URL`: what dynamic symbols encode. Normalised, without a trailing slash.
    pub base_url: String,
    /// `FORMER_BASE_URLS`: what printed symbols encode that were made under another `BASE_URL`. Spelled like it.
    pub former_base_urls: Vec<String>,
    /// `DATA_DIR`: where the spool and first-start files go.
    pub data_dir: PathBuf,
    /// `REQUEST_TIMEOUT_MS`: from the head of a request to its answer.
    pub request_timeout_ms: u64,
    /// `BODY_LIMIT_BYTES`: of a request.
    pub body_limit_bytes: usize,
    /// `DRAIN_TIMEOUT_MS`: how long a stop waits for requests and scans under way.
    pub drain_timeout_ms: u64,
    /// `MAX_CONNECTIONS_PER_CLIENT`: of one address, or one IPv6 /64. None: 1 000, and no bound for this machine.
    pub max_connections_per_client: Option<usize>,
    /// `TRUSTED_PROXIES`: networks whose `X-Forwarded-For` and `Forwarded` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// `METRICS_ENABLED`: `false` records nothing and serves none: to measure what they cost.
    pub metrics_enabled: bool,
    /// `METRICS_BIND`: a listener of its own for `/metrics`; then the main one does not serve it.
    pub metrics_bind: Option<SocketAddr>,
    /// `METRICS_TOKEN`: bearer token that `/metrics` asks for.
    pub metrics_token: Option<Secret>,
}

#[cfg(test)]
impl Server {
    /// As `Config` reads it, from these variables only.
    pub(crate) fn for_test(variables: &[(&str, &str)]) -> Self {
        let empty = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let variables = variables.iter().map(own);
        let config = super::Config::load(Some(empty.path()), variables);
        config.unwrap().server
    }
}

impl Server {
    pub(super) fn read(r: &mut Reader) -> Self {
        let loopback = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3002);
        Self {
            bind: r.read(name("server.bind", "BIND"), loopback, address),
            base_url: r.read(
                name("server.base_url", "BASE_URL"),
                "http://localhost:3002".to_owned(),
                base_url,
            ),
            former_base_urls: r.read(
                name("server.former_base_urls", "FORMER_BASE_URLS"),
                Vec::new(),
                list(base_url),
            ),
            data_dir: r.read(name("server.data_dir", "DATA_DIR"), "data".into(), |s| {
                Ok(s.into())
            }),
            request_timeout_ms: r.read(
                name("server.request_timeout_ms", "REQUEST_TIMEOUT_MS"),
                30_000,
                number(100..=600_000),
            ),
            body_limit_bytes: r.read(
                name("server.body_limit_bytes", "BODY_LIMIT_BYTES"),
                1 << 20,
                number(1024..=1 << 30),
            ),
            drain_timeout_ms: r.read(
                name("server.drain_timeout_ms", "DRAIN_TIMEOUT_MS"),
                25_000,
                number(0..=600_000),
            ),
            max_connections_per_client: r.read(
                name(
                    "server.max_connections_per_client",
                    "MAX_CONNECTIONS_PER_CLIENT",
                ),
                None,
                |s| number(1..=1_000_000)(s).map(Some),
            ),
            trusted_proxies: r.read(
                name("server.trusted_proxies", "TRUSTED_PROXIES"),
                Vec::new(),
                list(network),
            ),
            metrics_enabled: r.read(
                name("server.metrics_enabled", "METRICS_ENABLED"),
                true,
                flag,
            ),
            metrics_bind: r.read(name("server.metrics_bind", "METRICS_BIND"), None, |s| {
                address(s).map(Some)
            }),
            metrics_token: r.read(name("server.metrics_token", "METRICS_TOKEN"), None, secret),
        }
    }

    /// Without `METRICS_TOKEN`, `/metrics` is served on loopback addresses and on `METRICS_BIND` only.
    #[must_use]
    pub fn metrics_on_main(&self) -> bool {
        self.metrics_enabled
            && self.metrics_bind.is_none()
            && (self.bind.ip().is_loopback() || self.metrics_token.is_some())
    }
}

fn address(value: &str) -> Result<SocketAddr, String> {
    value
        .parse()
        .map_err(|_| format!("`{value}` is not an address and port such as 127.0.0.1:3002"))
}

fn network(value: &str) -> Result<IpNet, String> {
    value
        .parse::<IpNet>()
        .or_else(|_| value.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| format!("`{value}` is not a network such as 10.0.0.0/8"))
}

/// An address as symbols hold it: normalised by the URL Standard (lower case, punycode, no default port), without a trailing
/// slash. What would be read differently from how it is written is refused, with the spelling that was probably meant.
fn base_url(value: &str) -> Result<String, String> {
    // A password in it is not for the log.
    let shown = if value.contains('@') {
        "the address"
    } else {
        value
    };
    let refused = |why: &str| Err(format!("`{shown}` {why}"));
    let lower = value.to_ascii_lowercase();
    let has_scheme = ["http://", "https://"].iter().any(|s| lower.starts_with(s));
    // `host:port` and `host` have none; `ftp://…` has another.
    let guess = match (has_scheme, lower.split_once("://")) {
        (true, _) => value.to_owned(),
        (false, Some((_, rest))) => format!("https://{rest}"),
        (false, None) => format!("https://{}", value.trim_start_matches('/')),
    };
    let Ok(mut url) = Url::parse(&guess) else {
        return refused("is not a URL such as https://qr.example.org");
    };
    let is_plain = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    url.set_query(None);
    url.set_fragment(None);
    let host = url
        .host_str()
        .unwrap_or_default()
        .trim_end_matches('.')
        .to_owned();
    let has_host = !host.is_empty() && !host.contains("..") && url.port() != Some(0);
    let cleaned = url.set_username("").and_then(|()| url.set_password(None));
    if !has_host || cleaned.is_err() || url.set_host(Some(&host)).is_err() {
        return refused("is not a URL such as https://qr.example.org");
    }
    let spelled = url.as_str().trim_end_matches('/').to_owned();
    if spelled.len() > BASE_URL_BYTES {
        return refused(&format!(
            "is longer than {BASE_URL_BYTES} characters: no symbol should hold it"
        ));
    }
    let is_legible = !value.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\');
    if has_scheme && is_plain && is_legible {
        Ok(spelled)
    } else {
        refused(&format!(
            "is not a plain http or https URL; write it as {spelled} if that is what you mean"
        ))
    }
}
