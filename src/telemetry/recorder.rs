//! The Prometheus recorder: installed once per process, rendered by `GET /metrics`.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::catalogue::{self, Kind};
use crate::kernel::{Error, Kind as ErrorKind, Result};

/// The process-wide recorder. Cheap to clone.
#[derive(Clone)]
pub struct Recorder(PrometheusHandle);

static INSTALLED: OnceLock<PrometheusHandle> = OnceLock::new();

impl Recorder {
    /// Installs the recorder on the first call and returns the same one afterwards. Must run before any
    /// handle is made: a handle made earlier records nothing. With `enabled` false no handle does.
    ///
    /// # Errors
    /// `Internal` when another recorder is installed.
    pub fn install(enabled: bool) -> Result<Self> {
        if let Some(handle) = INSTALLED.get() {
            return Ok(Self(handle.clone()));
        }
        if !enabled {
            // Not installed: handles record nothing, and rendering gives an empty text.
            return Ok(Self(PrometheusBuilder::new().build_recorder().handle()));
        }
        let mut builder = PrometheusBuilder::new();
        for m in catalogue::ALL.iter().filter(|m| m.kind == Kind::Histogram) {
            builder = builder
                .set_buckets_for_metric(Matcher::Full(m.name.to_owned()), m.buckets)
                .map_err(|e| Error::caused(ErrorKind::Internal, "a histogram has no buckets", e))?;
        }
        let handle = builder.install_recorder().map_err(|e| {
            Error::caused(
                ErrorKind::Internal,
                "the metrics recorder could not be installed",
                e,
            )
        })?;
        for m in catalogue::ALL {
            super::handles::describe(m);
        }
        Ok(Self(INSTALLED.get_or_init(|| handle).clone()))
    }

    /// Everything, in the Prometheus text format.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Moves recorded samples into their buckets. Without a regular call memory grows.
    pub fn upkeep(&self) {
        self.0.run_upkeep();
    }
}
