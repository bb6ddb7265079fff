//! Destination and format of log lines. A failure is logged once, where it is handled.

use std::io::IsTerminal as _;

use tracing_subscriber::{EnvFilter, filter::FilterExt as _, fmt, prelude::*};

use super::{Repeats, trace::Exporter};
use crate::kernel::{Error, Kind, Result};

/// Format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// One JSON object each.
    Json,
    /// For people; in colours at a terminal.
    Text,
    /// For people, without colours.
    Plain,
}

/// Sends log lines to standard error. `filter` is in the syntax of `tracing_subscriber::EnvFilter`, e.g.
/// `info,qr_observatory=debug`. Spans go to `traces`; lines within one have its request's id.
///
/// # Errors
/// `Invalid` when the filter cannot be parsed; `Internal` when logging was set up before.
pub fn install(
    look: Look,
    filter: &str,
    repeats: &Repeats,
    traces: Option<&Exporter>,
) -> Result<()> {
    let filter = EnvFilter::try_new(filter).map_err(|e| {
        Error::invalid("LOG_LEVEL", format!("not a log filter such as `info`: {e}"))
    })?;
    let lines = if look == Look::Json {
        fmt::layer()
            .with_writer(std::io::stderr)
            .json()
            .flatten_event(true)
            .boxed()
    } else {
        fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(look == Look::Text && std::io::stderr().is_terminal())
            .with_target(false)
            .boxed()
    };
    tracing_subscriber::registry()
        .with(traces.map(Exporter::layer))
        .with(lines.with_filter(filter.and(repeats.clone())))
        .try_init()
        .map_err(|e| Error::caused(Kind::Internal, "logging was set up twice", e))
}
