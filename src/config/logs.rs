//! Level and format of the log.

use super::{
    Reader,
    reader::{name, number, one_of},
};

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people at a terminal.
    Pretty,
    /// One JSON object per line, for collectors.
    Json,
}

#[derive(Clone, Debug)]
pub struct Logs {
    /// `LOG_FORMAT`.
    pub format: Format,
    /// `LOG_LEVEL`: `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `info,sqlx=debug`.
    pub level: String,
    /// `NO_COLOR`, whatever its value (<https://no-color.org>): no colours, also at a terminal.
    pub no_color: bool,
    /// `ACCESS_LOG_EVERY`: one line for every n-th request that went well (errors always have one); 0 = none.
    /// A line for each costs more than a third of a redirect.
    pub access_log_every: u64,
}

impl Logs {
    pub(super) fn read(r: &mut Reader) -> Self {
        Self {
            format: r.read(
                name("logs.format", "LOG_FORMAT"),
                Format::Pretty,
                one_of(&[("pretty", Format::Pretty), ("json", Format::Json)]),
            ),
            no_color: r.has("NO_COLOR"),
            level: r.read(name("logs.level", "LOG_LEVEL"), "info".to_owned(), filter),
            access_log_every: r.read(
                name("logs.access_log_every", "ACCESS_LOG_EVERY"),
                0,
                number(0..=1_000_000_000),
            ),
        }
    }
}

fn filter(value: &str) -> Result<String, String> {
    match tracing_subscriber::EnvFilter::try_new(value) {
        Ok(_) => Ok(value.to_owned()),
        Err(e) => Err(format!("`{value}` is not a log filter such as `info`: {e}")),
    }
}
