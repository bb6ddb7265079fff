//! A code as it is remembered for drawing, and the requests for its image that were checked meanwhile.
//!
//! Invariant: a checked request is a function of the code, the installation and the query's text. So it is forgotten with the
//! code, and no other organization's code has it.

use std::{ops::Deref, sync::Arc};

use parking_lot::Mutex;

use super::{Code, Codes};
use crate::{
    identity::OrgId,
    kernel::id::Uuid,
    render::{self, Request},
};

/// Queries of one code that are remembered: those of its first callers.
const QUERIES: usize = 4;
/// A longer query is checked each time.
const QUERY_BYTES: usize = 200;

/// What is needed to draw a code. Counters are as they were when it was read.
#[derive(Debug)]
pub struct Appearance {
    code: Code,
    checked: Mutex<Vec<(Box<str>, render::In)>>,
}

impl From<Code> for Appearance {
    fn from(code: Code) -> Self {
        let checked = Mutex::default();
        Self { code, checked }
    }
}

impl Deref for Appearance {
    type Target = Code;

    fn deref(&self) -> &Code {
        &self.code
    }
}

impl Appearance {
    fn checked(&self, query: &str) -> Option<render::In> {
        let checked = self.checked.lock();
        let found = checked.iter().find(|(text, _)| **text == *query);
        found.map(|(_, request)| Arc::clone(request))
    }

    /// Remembers what a query asked for: `request`, which was checked.
    ///
    /// `query`: as sent, without the question mark.
    pub fn remember(&self, query: &str, request: &render::In) {
        let mut checked = self.checked.lock();
        let is_known = checked.iter().any(|(text, _)| **text == *query);
        if !is_known && checked.len() < QUERIES && query.len() <= QUERY_BYTES {
            checked.push((query.into(), Arc::clone(request)));
        }
    }
}

impl Codes {
    /// The checked request that a query of this code's image stands for, if both are remembered.
    ///
    /// `query`: as sent, without the question mark.
    pub async fn checked(&self, org: OrgId, id: Uuid, query: &str) -> Option<render::In> {
        let found = |appearance: &Arc<Appearance>| appearance.checked(query);
        self.appearances.find(&(org.id(), id), found).await
    }
}

/// Bytes that a remembered code holds on the heap, with as many queries as it may have.
#[must_use]
pub fn weigh(appearance: &Arc<Appearance>) -> u32 {
    let code = &appearance.code;
    let texts = [
        &code.content,
        &code.slug,
        &code.target,
        &code.title,
        &code.description,
    ];
    let texts: usize = texts.into_iter().flatten().map(String::len).sum();
    // A request has the code's text, or the address that leads to it; titles and descriptions come out of the query.
    let content = code.content.as_ref().map_or(QUERY_BYTES, String::len);
    let request = size_of::<(Box<str>, Request)>() + 2 * QUERY_BYTES + content;
    let bytes = size_of::<Appearance>() + texts + QUERIES * request;
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::clock::from_micros,
        render::Spec,
        store::codes::{CodeKind, Counters, Look, Plan},
    };

    fn appearance() -> Appearance {
        Appearance::from(Code {
            id: Uuid::nil(),
            org_id: Uuid::nil(),
            kind: CodeKind::Static,
            content: Some("text".to_owned()),
            slug: None,
            target: None,
            title: None,
            description: None,
            enabled: true,
            look: Look::default(),
            style: None,
            payload: None,
            tags: Vec::new(),
            plan: Plan::default(),
            created_at: from_micros(0),
            updated_at: from_micros(0),
            counters: Counters::default(),
        })
    }

    #[test]
    fn queries_are_told_apart_and_bounded() {
        let appearance = appearance();
        let request = |n: u8| {
            let spec = Spec {
                border: n,
                ..Spec::new("text")
            };
            Arc::new(Request::new(spec).unwrap())
        };
        assert!(appearance.checked("").is_none());
        let long = "a".repeat(QUERY_BYTES + 1);
        appearance.remember(&long, &request(9));
        for n in 0..10 {
            appearance.remember(&format!("border={n}"), &request(n));
            // The first one counts: a query is always checked with the same result.
            appearance.remember(&format!("border={n}"), &request(20));
        }
        assert!(appearance.checked(&long).is_none());
        for n in 0..10 {
            let known = appearance.checked(&format!("border={n}"));
            let expected = (usize::from(n) < QUERIES).then_some(n);
            assert_eq!(known.map(|request| request.border), expected);
        }
        assert!(appearance.checked("BORDER=1").is_none());
        // A change makes another appearance, which knows none of them.
        assert!(self::appearance().checked("border=1").is_none());
    }
}
