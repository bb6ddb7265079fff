//! Metrics and logs. Every metric is declared once, in [`catalogue`]; code holds handles, made once, and
//! never looks a metric up by name on a request's path.

/// Whether anything is measured. A constant, so that without it the code for measuring is not compiled in.
pub const OBSERVED: bool = !cfg!(feature = "unobserved");

mod allocator;
mod arm_metrics;
pub mod catalogue;
pub mod handles;
pub mod labels;
mod load;
pub mod logs;
mod machine;
pub mod process;
pub mod recorder;
mod repeats;
mod store_timer;
pub mod trace;

pub use arm_metrics::ArmMetrics;
pub use handles::Outcome;
pub use load::Load;
pub use machine::Machine;
pub use recorder::Recorder;
pub use repeats::Repeats;
pub use store_timer::StoreTimer;
