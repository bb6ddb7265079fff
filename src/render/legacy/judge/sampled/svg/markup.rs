//! Tags and text of a document without DTD, comments and CDATA (XML 1.0).
//!
//! Invariant: every tag is read to its end; what is no tag is text.

use std::borrow::Cow;

use super::super::Unclear;

/// One piece of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece<'a> {
    Open(Tag<'a>),
    Close(&'a str),
    /// Between tags, not empty, still escaped.
    Text(&'a str),
}

/// Its name and its value.
pub type Attribute<'a> = (&'a str, &'a str);

/// A start tag.
#[derive(Clone, Debug, PartialEq)]
pub struct Tag<'a> {
    pub name: &'a str,
    /// In order, still escaped. No name comes twice.
    pub attributes: Vec<Attribute<'a>>,
    /// `/>`: no end tag follows.
    pub is_empty: bool,
}

/// Where reading has come to.
pub struct Markup<'a> {
    whole: &'a str,
    rest: &'a str,
}

impl<'a> Markup<'a> {
    pub fn new(whole: &'a str) -> Self {
        Self { whole, rest: whole }
    }

    /// What comes next begins at this byte.
    pub fn at(&self) -> usize {
        self.whole.len() - self.rest.len()
    }

    /// The next piece, if there is one.
    ///
    /// # Errors
    /// `Broken` or `Unknown`.
    pub fn next(&mut self) -> Result<Option<Piece<'a>>, Unclear> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let Some(rest) = self.rest.strip_prefix('<') else {
            let (text, rest) = self
                .rest
                .split_at(self.rest.find('<').unwrap_or(self.rest.len()));
            self.rest = rest;
            return Ok(Some(Piece::Text(text)));
        };
        let (name, rest) = split_name(rest.strip_prefix('/').unwrap_or(rest));
        if name.is_empty() {
            return Err(self.unknown("a tag without a name"));
        }
        if self.rest.starts_with("</") {
            self.rest = rest.trim_start().strip_prefix('>').ok_or(CUT)?;
            return Ok(Some(Piece::Close(name)));
        }
        let (attributes, rest) = self.attributes(rest)?;
        let tail = rest.strip_prefix('/');
        self.rest = tail.unwrap_or(rest).strip_prefix('>').ok_or(CUT)?;
        Ok(Some(Piece::Open(Tag {
            name,
            attributes,
            is_empty: tail.is_some(),
        })))
    }

    /// Those of a tag, and what comes behind them.
    fn attributes(&self, mut rest: &'a str) -> Result<(Vec<Attribute<'a>>, &'a str), Unclear> {
        let mut found: Vec<Attribute> = Vec::new();
        loop {
            rest = rest.trim_start();
            let (name, after) = split_name(rest);
            if name.is_empty() {
                return Ok((found, rest));
            }
            let value = after.strip_prefix("=\"").ok_or(CUT)?;
            let (value, after) = value.split_once('"').ok_or(CUT)?;
            if value.contains('<') || found.iter().any(|(other, _)| *other == name) {
                return Err(self.unknown("an attribute that is not well-formed"));
            }
            found.push((name, value));
            rest = after;
        }
    }

    pub fn unknown(&self, what: &'static str) -> Unclear {
        Unclear::Unknown {
            what,
            at: self.at(),
        }
    }
}

const CUT: Unclear = Unclear::Broken("a tag does not end as it should");

fn split_name(text: &str) -> (&str, &str) {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':');
    text.split_at(text.find(|c| !is_name(c)).unwrap_or(text.len()))
}

/// What an escaped text means (XML 1.0 §4.1, §4.6).
pub fn unescaped(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('&') {
        return Some(text.into());
    }
    let mut pieces = text.split('&');
    let mut out = String::from(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (name, after) = piece.split_once(';')?;
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let code = name.strip_prefix('#')?;
                let code = match code.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => code.parse(),
                };
                char::from_u32(code.ok()?)?
            }
        });
        out.push_str(after);
    }
    Some(out.into())
}
