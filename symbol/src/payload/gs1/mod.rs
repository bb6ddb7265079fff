//! Trade items, as GS1 identifies them: a message of element strings, and a link with the same data.
//!
//! Invariant: every value has the format that its Application Identifier has in [`ai`]; a link and a message are held to
//! the same table.

mod ai;
mod link;
mod message;
mod value;

pub use link::Gs1Link;
pub use message::Gs1Message;

use super::error::Faults;
use ai::Format;

/// An Application Identifier and its data field (GS1 General Specifications §3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gs1Element {
    /// 2..=4 digits: `01`, `3103`.
    pub ai: String,
    /// As the AI's format demands, without a separator.
    pub value: String,
}

impl Gs1Element {
    /// The format, if AI and value are right.
    fn check(&self, field: &str, faults: &mut Faults) -> Option<Format> {
        let format = faults.keep(format!("{field}.ai"), ai::find(&self.ai).map(Some))?;
        faults.keep(
            format!("{field}.value"),
            value::check(&self.value, format.parts),
        );
        Some(format)
    }
}
