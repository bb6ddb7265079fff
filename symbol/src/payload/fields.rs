//! `PREFIX:NAME:value;NAME:value;;`: what `MECARD:` and `WIFI:` consist of.
//!
//! Invariant: each call adds one field, if its value has been escaped.

pub(super) struct Fields(String);

impl Fields {
    /// `prefix` with its colon.
    pub(super) fn new(prefix: &str) -> Self {
        Self(prefix.to_owned())
    }

    pub(super) fn push(&mut self, name: &str, escaped: &str) {
        for part in [name, ":", escaped, ";"] {
            self.0.push_str(part);
        }
    }

    pub(super) fn finish(mut self) -> String {
        self.0.push(';');
        self.0
    }
}
