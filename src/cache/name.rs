//! Keys in Redis, and the things that values are about.
//!
//! Invariant: names that are about one thing share a hash tag, so a cluster has them on one node and one command drops them all.

use std::fmt;

use crate::{kernel::id::Uuid, telemetry::labels::Space};

/// A thing that can change. Its change drops all cached values about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tag {
    /// A code: its look and its images.
    Code(Uuid),
    /// A slug: its destination.
    Slug(Box<str>),
    /// The scans of a code: statistics.
    Scans(Uuid),
    /// A user: password, roles, sessions and keys.
    User(Uuid),
    /// The saved styles of an organization.
    Styles(Uuid),
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(id) => write!(f, "code-{id}"),
            Self::Slug(slug) => write!(f, "slug-{slug}"),
            Self::Scans(id) => write!(f, "scans-{id}"),
            Self::User(id) => write!(f, "user-{id}"),
            Self::Styles(id) => write!(f, "styles-{id}"),
        }
    }
}

impl Tag {
    /// Parses the `Display` form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once('-')?;
        match kind {
            "code" => Uuid::try_parse(rest).ok().map(Self::Code),
            "scans" => Uuid::try_parse(rest).ok().map(Self::Scans),
            "user" => Uuid::try_parse(rest).ok().map(Self::User),
            "styles" => Uuid::try_parse(rest).ok().map(Self::Styles),
            "slug" if !rest.is_empty() && !rest.contains(['{', '}']) => {
                Some(Self::Slug(rest.into()))
            }
            _ => None,
        }
    }
}

/// The name of a value, without the prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub tag: Option<Tag>,
    /// Letters, digits, `-` and `_`.
    pub rest: String,
}

/// Names under one prefix.
#[derive(Clone, Debug)]
pub(super) struct Names {
    prefix: String,
}

impl Names {
    pub(super) fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
        }
    }

    /// `prefix:space:{tag}:rest`.
    pub(super) fn value(&self, space: Space, name: &Name) -> String {
        format!("{}:{}", self.prefix, short(space, name))
    }

    /// The generation of a tag: it changes with the thing.
    pub(super) fn generation(&self, tag: &Tag) -> String {
        format!("{}:generation:{{{tag}}}", self.prefix)
    }

    /// The set of the names of a tag's values.
    pub(super) fn members(&self, tag: &Tag) -> String {
        format!("{}:members:{{{tag}}}", self.prefix)
    }

    /// The channel for invalidations.
    pub(super) fn channel(&self) -> String {
        format!("{}:changes", self.prefix)
    }

    /// The prober's test value.
    pub(super) fn probe(&self, node: Uuid) -> String {
        format!("{}:probe:{node}", self.prefix)
    }

    /// A pattern with the prefix, which has no special character.
    pub(super) fn matching(&self, pattern: &str) -> String {
        format!("{}:{pattern}", self.prefix)
    }
}

/// A name without the prefix, as patterns match it.
pub(super) fn short(space: Space, name: &Name) -> String {
    let space = space.label();
    match &name.tag {
        Some(tag) => format!("{space}:{{{tag}}}:{}", name.rest),
        None => format!("{space}:{}", name.rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_as_they_are_written() {
        let id = Uuid::from_u128(7);
        let slug = Tag::Slug("a-b_1".into());
        for tag in [
            Tag::Code(id),
            Tag::Scans(id),
            Tag::User(id),
            Tag::Styles(id),
            slug,
        ] {
            assert_eq!(Tag::parse(&tag.to_string()), Some(tag));
        }
        for text in ["", "code", "code-x", "slug-", "slug-{a}", "other-1"] {
            assert_eq!(Tag::parse(text), None, "{text}");
        }
    }

    #[test]
    fn names_about_one_thing_share_a_hash_tag() {
        let names = Names::new("p");
        let tag = Tag::Slug("abc".into());
        let name = Name {
            tag: Some(tag.clone()),
            rest: "x".into(),
        };
        assert_eq!(names.value(Space::Slug, &name), "p:slug:{slug-abc}:x");
        assert_eq!(names.generation(&tag), "p:generation:{slug-abc}");
        assert_eq!(names.members(&tag), "p:members:{slug-abc}");
    }
}
