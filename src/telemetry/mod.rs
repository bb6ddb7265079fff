//! Metrics and logs. Every metric is declared once, in [`catalogue`]; code holds handles, made once, and
//! never looks a metric up by name on a request's path.

mod arm_metrics;
pub mod catalogue;
pub mod handles;
pub mod labels;
mod load;
pub mod logs;
mod machine;
pub mod process;
pub mod recorder;

pub use arm_metrics::ArmMetrics;
pub use handles::{Outcome, StoreTimer};
pub use load::Load;
pub use machine::Machine;
pub use recorder::Recorder;
