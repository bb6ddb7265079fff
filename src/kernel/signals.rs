//! Signals that end the process in order, and those that do nothing.

use std::{
    future::poll_fn,
    io,
    task::{Context, Poll},
};

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Waits for SIGTERM, SIGINT, SIGQUIT and SIGHUP.
///
/// Invariant: SIGHUP stays ignored where the parent ignored it, as `nohup` does.
pub struct Termination(Vec<Signal>);

impl Termination {
    /// From now on these signals do not end the process by themselves.
    ///
    /// # Errors
    /// The operating system's.
    pub fn listen() -> io::Result<Self> {
        let mut kinds = vec![
            SignalKind::terminate(),
            SignalKind::interrupt(),
            SignalKind::quit(),
        ];
        if !is_ignored(Number::HUP) {
            kinds.push(SignalKind::hangup());
        }
        kinds
            .into_iter()
            .map(signal)
            .collect::<io::Result<_>>()
            .map(Self)
    }

    /// Resolves at the next of them.
    pub async fn requested(&mut self) {
        poll_fn(|cx| self.poll(cx)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // A signal that is pending is registered with the waker; the first that is ready ends the wait.
        if self.0.iter_mut().any(|s| s.poll_recv(cx).is_ready()) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

/// SIGUSR1 and SIGUSR2 do nothing. A write beyond a limit of file size (`ulimit -f`) fails with an error, as on a full disk.
/// Without this each ends the process.
///
/// # Errors
/// The operating system's.
pub fn ignore_others() -> io::Result<()> {
    for number in [Number::USR1, Number::USR2, Number::XFSZ] {
        // The handler stays for the rest of the process' life.
        drop(signal(SignalKind::from_raw(number.as_raw()))?);
    }
    Ok(())
}

/// Linux only; elsewhere a signal counts as not ignored.
fn is_ignored(number: Number) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignored(&status) >> (number.as_raw() - 1) & 1 == 1
}

/// The mask of ignored signals, bit 0 for signal 1 (proc(5), `SigIgn`).
fn ignored(status: &str) -> u64 {
    let mut masks = status.lines().filter_map(|l| l.strip_prefix("SigIgn:"));
    let mask = masks
        .next()
        .map(|mask| u64::from_str_radix(mask.trim(), 16));
    mask.and_then(Result::ok).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_ignored_signals_is_read() {
        let status = "Name:\tsh\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000000\n";
        assert_eq!(ignored(status), 0x1001);
        for nothing in ["", "SigIgn:", "SigIgn:\tgarbage"] {
            assert_eq!(ignored(nothing), 0, "{nothing}");
        }
    }
}
