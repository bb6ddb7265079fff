//! Moving traffic from one implementation to another, and back.
//!
//! Two arms, a judge and a pilot make an [`Experiment`], which is itself an [`Arm`]: callers cannot tell the difference.
//! The [`Pilot`] decides from memory which arm answers a request. A [`Permit`] accompanies each run and records how it
//! ended, also when it was dropped. The outcome goes to the [`breaker`], which reacts within seconds, and to the
//! [`evidence`], which decides over hours.
//!
//! Invariant: no fault of a candidate reaches a caller. State machines get the time as a parameter.

pub mod arm;
pub mod breaker;
#[cfg(test)]
pub(crate) mod conformance;
pub mod dial;
pub mod evidence;
mod examples;
pub mod experiment;
pub mod fault_injection;
pub mod history;
pub mod judge;
mod metrics;
mod permit;
pub mod pilot;
mod shadow;
pub mod share;
pub mod state_file;
#[cfg(test)]
mod tests;
pub mod unit;
pub mod unleash;

pub use arm::{Arm, ReadOnly};
pub use dial::{Dial, Flags, Override, Shares};
pub use examples::{Mismatch, Shown};
pub use experiment::{AnyExperiment, Experiment};
pub use fault_injection::{FaultInjecting, FaultInjector};
pub use judge::{Judge, Match};
pub use permit::Permit;
pub use pilot::{Pilot, Route};
pub use share::Share;
pub use unit::Unit;
