//! Ctrl-C while a backup is taken or restored: an end like any error's, after which what was begun is cleaned up.

use std::future::Future;

use tokio::signal::unix::{SignalKind, signal};

use crate::kernel::{Error, Kind, Result};

/// Until it ends, or somebody asks for an end.
pub(super) async fn interruptible<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let (Ok(mut term), Ok(mut int)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return work.await;
    };
    let stopped = || {
        Err(Error::new(
            Kind::Unavailable,
            "interrupted: nothing was changed",
        ))
    };
    tokio::select! {
        done = work => done,
        _ = term.recv() => stopped(),
        _ = int.recv() => stopped(),
    }
}
