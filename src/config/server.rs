//! Where the product listens, under which name it is reached, and how much one request may ask of it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use ipnet::IpNet;
use url::Url;

use super::{
    Reader,
    auth::{Secret, secret},
    reader::{flag, list, name, number},
};

#[derive(Clone, Debug)]
pub struct Server {
    /// `BIND`: address and port to listen on.
    pub bind: SocketAddr,
    /// `BASE_URL`: what dynamic symbols encode, without a trailing slash.
    pub base_url: String,
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
    /// `TRUSTED_PROXIES`: networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// `METRICS_ENABLED`: `false` records nothing and serves none: to measure what they cost.
    pub metrics_enabled: bool,
    /// `METRICS_BIND`: a listener of its own for `/metrics`; then the main one does not serve it.
    pub metrics_bind: Option<SocketAddr>,
    /// `METRICS_TOKEN`: bearer token that `/metrics` asks for.
    pub metrics_token: Option<Secret>,
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

    /// `/metrics` is open to whoever can reach it only where that is this machine, or a listener made for it.
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

fn base_url(value: &str) -> Result<String, String> {
    let url = Url::parse(value).map_err(|e| format!("`{value}` is not a URL: {e}"))?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if plain {
        Ok(value.trim_end_matches('/').to_owned())
    } else {
        Err(format!(
            "`{value}` is not a plain http or https URL such as https://qr.example.org"
        ))
    }
}
