//! Where log lines go and how they look. A failure is logged once, where it is handled.

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use super::trace::Exporter;
use crate::kernel::{Error, Kind, Result};

/// Sends log lines to standard error: one JSON object each, or a line for people at a terminal. `filter` is in the syntax of `tracing_subscriber::EnvFilter`,
/// e.g. `info,qr_observatory=debug`. Spans go to `traces`; lines within one say its request's id.
///
/// # Errors
/// `Invalid` when the filter cannot be parsed; `Internal` when logging was set up before.
pub fn install(json: bool, filter: &str, traces: Option<&Exporter>) -> Result<()> {
    let filter = EnvFilter::try_new(filter).map_err(|e| {
        Error::invalid("LOG_LEVEL", format!("not a log filter such as `info`: {e}"))
    })?;
    let lines = if json {
        fmt::layer()
            .with_writer(std::io::stderr)
            .json()
            .flatten_event(true)
            .boxed()
    } else {
        fmt::layer()
            .with_writer(std::io::stderr)
            .with_target(false)
            .boxed()
    };
    tracing_subscriber::registry()
        .with(traces.map(Exporter::layer))
        .with(lines.with_filter(filter))
        .try_init()
        .map_err(|e| Error::caused(Kind::Internal, "logging was set up twice", e))
}
