//! A signal while a backup is taken or restored: an end like any error's, after which what was begun is cleaned up.

use std::future::Future;

use crate::kernel::{Error, Kind, Result, signals::Termination};

/// Until it ends, or a signal asks for an end.
pub(super) async fn interruptible<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let Ok(mut termination) = Termination::listen() else {
        return work.await;
    };
    tokio::select! {
        done = work => done,
        () = termination.requested() => Err(Error::new(
            Kind::Unavailable,
            "interrupted: nothing was changed",
        )),
    }
}
