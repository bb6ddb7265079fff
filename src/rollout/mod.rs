//! Moving traffic from one implementation to another, and back.
//!
//! Two arms, a judge and a pilot make an [`Experiment`], which is itself an [`Arm`]: whoever calls it cannot tell. The
//! [`Pilot`] decides who answers a request, from what it has in memory; a [`Permit`] accompanies each run and records
//! how it ended, also when it was dropped. What is learned goes to the [`breaker`], which reacts within seconds, and to
//! the evidence, which decides over hours.
//!
//! Invariant: no fault of a candidate reaches a caller, and no state machine asks for the time itself.

pub mod arm;
pub mod breaker;
#[cfg(test)]
pub(crate) mod conformance;
pub mod dial;
pub mod evidence;
mod examples;
pub mod experiment;
pub mod history;
pub mod judge;
pub mod kept;
mod metrics;
mod permit;
pub mod pilot;
pub mod rehearsal;
mod shadow;
pub mod share;
#[cfg(test)]
mod tests;
pub mod unit;
pub mod unleash;

pub use arm::{Arm, ReadOnly};
pub use dial::{Dial, Flags, Hold};
pub use examples::Shown;
pub use experiment::{Experiment, Trial};
pub use judge::{Judge, Match};
pub use permit::Permit;
pub use pilot::{Pilot, Route};
pub use rehearsal::Rehearsal;
pub use share::Share;
pub use unit::Unit;
