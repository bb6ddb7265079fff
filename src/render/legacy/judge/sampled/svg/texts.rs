//! What a screen reader says about a document.

use sha2::{Digest as _, Sha256};

/// Unescaped. Empty is the same as absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Texts {
    pub role: String,
    pub label: String,
    /// The ids of texts that make up the name, instead of the label.
    pub labelled_by: String,
    pub title: Text,
    pub description: Text,
}

/// A `<title>` or a `<desc>`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    pub id: String,
    pub content: String,
}

impl Texts {
    /// SHA-256 of role, label, title, description, and the name that ids refer to; ids themselves do not matter. Each
    /// is preceded by its length.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let name = self.referred();
        for text in [
            &self.role,
            &self.label,
            &self.title.content,
            &self.description.content,
            &name,
        ] {
            let said = as_said(text);
            hash.update((said.len() as u64).to_be_bytes());
            hash.update(said);
        }
        hash.finalize().into()
    }

    /// The texts that `labelled_by` names. An id that nothing has is a text of its own, which no honest name is.
    fn referred(&self) -> String {
        let text = |id: &str| {
            let texts = [&self.title, &self.description];
            let found = texts.into_iter().find(|text| text.id == id);
            found.map_or("\0", |text| &text.content).to_owned()
        };
        let ids = self.labelled_by.split_ascii_whitespace();
        ids.map(text).collect::<Vec<_>>().join("\n")
    }
}

/// Spaces of any kind and number are a pause.
fn as_said(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ")
}
