//! Where traces go, under the names that OpenTelemetry gives these variables.

use url::Url;

use super::{
    Reader,
    reader::{list, name},
};
use crate::kernel::Secret;

/// What of a request's way is sent to a collector.
#[derive(Clone, Debug)]
pub struct Traces {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: the collector, OTLP over HTTP; `/v1/traces` is added. None: nothing is traced.
    pub endpoint: Option<String>,
    /// `OTEL_EXPORTER_OTLP_HEADERS`: `name=value` pairs that are sent along, such as the collector's key.
    pub headers: Vec<(String, Secret)>,
    /// `OTEL_SERVICE_NAME`.
    pub service: String,
    /// `OTEL_TRACES_SAMPLER_ARG`: the share of requests that are traced, 0 to 1. What a trusted proxy traces is traced in
    /// any case.
    pub ratio: f64,
}

impl Traces {
    pub(super) fn read(r: &mut Reader) -> Self {
        Self {
            endpoint: r.read(
                name("traces.endpoint", "OTEL_EXPORTER_OTLP_ENDPOINT"),
                None,
                endpoint,
            ),
            headers: r.read(
                name("traces.headers", "OTEL_EXPORTER_OTLP_HEADERS"),
                Vec::new(),
                list(header),
            ),
            service: r.read(
                name("traces.service", "OTEL_SERVICE_NAME"),
                "qr-observatory".to_owned(),
                |s| Ok(s.to_owned()),
            ),
            ratio: r.read(name("traces.ratio", "OTEL_TRACES_SAMPLER_ARG"), 0.01, share),
        }
    }
}

fn endpoint(value: &str) -> Result<Option<String>, String> {
    match Url::parse(value) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            Ok(Some(value.to_owned()))
        }
        _ => Err(format!(
            "`{value}` is not an http or https URL such as http://localhost:4318"
        )),
    }
}

/// Never shows the value: it is a secret.
fn header(value: &str) -> Result<(String, Secret), String> {
    let (name, value) = value
        .split_once('=')
        .ok_or("must be name=value pairs with commas between them")?;
    let fits = http::HeaderName::try_from(name.trim()).is_ok()
        && http::HeaderValue::try_from(value.trim()).is_ok();
    if fits {
        Ok((name.trim().to_owned(), value.trim().into()))
    } else {
        Err("holds a name or a value that no HTTP header can have".to_owned())
    }
}

fn share(value: &str) -> Result<f64, String> {
    match value.parse() {
        Ok(ratio) if (0.0..=1.0).contains(&ratio) => Ok(ratio),
        _ => Err(format!("`{value}` is not a share from 0 to 1")),
    }
}
