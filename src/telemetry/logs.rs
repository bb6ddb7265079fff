//! Where log lines go and how they look. A failure is logged once, where it is handled.

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::kernel::{Error, Kind, Result};

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people at a terminal.
    Pretty,
    /// One JSON object per line, for collectors.
    Json,
}

/// Sends log lines to standard error. `filter` is in the syntax of `tracing_subscriber::EnvFilter`,
/// e.g. `info,qr_observatory=debug`.
///
/// # Errors
/// `Invalid` when the filter cannot be parsed; `Internal` when logging was set up before.
pub fn install(format: Format, filter: &str) -> Result<()> {
    let filter = EnvFilter::try_new(filter).map_err(|e| {
        Error::invalid("LOG_LEVEL", format!("not a log filter such as `info`: {e}"))
    })?;
    let lines = match format {
        Format::Pretty => fmt::layer()
            .with_writer(std::io::stderr)
            .with_target(false)
            .boxed(),
        Format::Json => fmt::layer()
            .with_writer(std::io::stderr)
            .json()
            .flatten_event(true)
            .boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .try_init()
        .map_err(|e| Error::caused(Kind::Internal, "logging was set up twice", e))
}
