//! The stored baseline: `baseline.json` in `DATA_DIR`, and `baseline.previous.json`, which it replaced.
//!
//! Invariant: a reader gets one whole baseline, or the reason why there is none; what a file says becomes a label only
//! if it looks like a route, and only so many of them.

use std::{
    fs::{self, File},
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use super::{Baseline, FORMAT, Quantiles};
use crate::kernel::{Error, Kind, Result};

const FILE: &str = "baseline.json";
const PREVIOUS: &str = "baseline.previous.json";
/// Far above what a baseline takes.
const LIMIT_BYTES: u64 = 4 << 20;
/// The product has fewer than a hundred routes.
const MAX_ROUTES: usize = 300;
const MAX_ROUTE_BYTES: usize = 200;

#[must_use]
pub fn path(dir: &Path) -> PathBuf {
    dir.join(FILE)
}

/// The stored baseline; `None` where none was captured.
///
/// # Errors
/// `Internal` when the file cannot be read, or is damaged or not ours.
pub fn read(dir: &Path) -> Result<Option<Baseline>> {
    let path = path(dir);
    let fault = |why: String| {
        let message = format!("{} is no baseline", path.display());
        Error::caused(Kind::Internal, message, why)
    };
    let mut text = String::new();
    let file = match File::open(&path) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        file => file.map_err(|e| fault(e.to_string()))?,
    };
    let read = file.take(LIMIT_BYTES).read_to_string(&mut text);
    read.map_err(|e| fault(e.to_string()))?;
    let baseline: Baseline = serde_json::from_str(&text).map_err(|e| fault(e.to_string()))?;
    check(&baseline).map_err(fault)?;
    Ok(Some(baseline))
}

fn check(baseline: &Baseline) -> Result<(), String> {
    if baseline.format != FORMAT {
        return Err(format!("its format is {:?}", baseline.format));
    }
    if baseline.captured_at_seconds <= 0 || !is_amount(baseline.window_seconds) {
        return Err("its time makes no sense".to_owned());
    }
    if baseline.routes.len() > MAX_ROUTES {
        return Err(format!("it has more than {MAX_ROUTES} routes"));
    }
    for (name, route) in &baseline.routes {
        let named = name.starts_with(['/', '<']) && name.len() <= MAX_ROUTE_BYTES;
        let sound = is_amount(route.request_rate)
            && (0.0..=1.0).contains(&route.error_ratio)
            && are_durations(&route.duration_seconds);
        if !named || !sound {
            return Err(format!("its route {name:?} makes no sense"));
        }
    }
    for (name, runs) in &baseline.arms {
        if !are_durations(&runs.duration_seconds) {
            return Err(format!("its arm {name:?} makes no sense"));
        }
    }
    Ok(())
}

fn is_amount(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}

fn are_durations(quantiles: &Quantiles) -> bool {
    let all = quantiles.all();
    all.into_iter().all(is_amount) && all.is_sorted()
}

/// Replaces the stored baseline, and keeps the one that was there.
///
/// # Errors
/// The disk's; then the old one is still there.
pub(super) fn write(dir: &Path, baseline: &Baseline) -> Result<()> {
    let text = serde_json::to_string_pretty(baseline)
        .map_err(|e| Error::caused(Kind::Internal, "a baseline could not be written down", e))?;
    let unwritable = |e| {
        let message = format!("{} cannot be written", path(dir).display());
        Error::caused(Kind::Internal, message, e)
    };
    fs::create_dir_all(dir).map_err(unwritable)?;
    // Copied, not moved: there is always one.
    match fs::read(path(dir)) {
        Ok(old) => replace(&dir.join(PREVIOUS), &old).map_err(unwritable)?,
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        Err(e) => return Err(unwritable(e)),
    }
    replace(&path(dir), format!("{text}\n").as_bytes()).map_err(unwritable)
}

fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    // Before the rename: else the name may be on the disk before the content.
    file.sync_all()?;
    fs::rename(&new, path)
}
