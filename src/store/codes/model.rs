//! A code in the domain's terms, and its way to and from a row.

use sea_orm::{ActiveValue::Set, DbErr, prelude::Uuid};

use crate::{
    kernel::{Result, Timestamp, clock::from_micros},
    store::{entity::code, text},
};

/// Whether a symbol encodes its content itself or a redirect whose target may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodeKind {
    Static,
    Dynamic,
}

impl CodeKind {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Dynamic => "dynamic",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, DbErr> {
        match text {
            "static" => Ok(Self::Static),
            "dynamic" => Ok(Self::Dynamic),
            _ => Err(DbErr::Type(format!("codes.kind is {text:?}"))),
        }
    }
}

/// How the symbol is drawn unless a request says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    /// `#RRGGBB`
    pub fill_color: String,
    /// `#RRGGBB`
    pub back_color: String,
    /// Image side in steps of 25 px.
    pub size: u8,
    /// Quiet zone in modules.
    pub border: u8,
    /// `l`, `m`, `q` or `h`.
    pub error_level: char,
}

/// Scans by people: no bots, no HEAD requests, no prefetches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub scans: i64,
    pub last_scan_at: Option<Timestamp>,
    /// Scans of the symbol itself rather than of a shared link.
    pub genuine_scans: i64,
    pub first_genuine_scan_at: Option<Timestamp>,
    pub last_genuine_scan_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    pub id: Uuid,
    pub org_id: Uuid,
    pub kind: CodeKind,
    /// What a static code's symbol encodes; `None` for a dynamic one, where it follows from base URL and slug.
    pub content: Option<String>,
    /// Dynamic codes only. Unique over all organizations.
    pub slug: Option<String>,
    /// Where a dynamic code leads: a URL.
    pub target: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub enabled: bool,
    pub style: Style,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub counters: Counters,
}

/// What a redirect needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    pub code_id: Uuid,
    pub kind: CodeKind,
    pub target: Option<String>,
    pub enabled: bool,
}

/// What to change; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub target: Option<String>,
    /// Empty removes the title.
    pub title: Option<String>,
    /// Empty removes the description.
    pub description: Option<String>,
    pub enabled: Option<bool>,
    pub style: Option<Style>,
}

impl Change {
    pub(super) fn check(&self) -> Result<()> {
        text::check_some("target", self.target.as_deref())?;
        text::check_some("title", self.title.as_deref())?;
        text::check_some("description", self.description.as_deref())?;
        self.style.as_ref().map_or(Ok(()), Style::check)
    }
}

impl Style {
    fn check(&self) -> Result<()> {
        text::check("fill_color", &self.fill_color)?;
        text::check("back_color", &self.back_color)
    }
}

impl Code {
    pub(super) fn check(&self) -> Result<()> {
        text::check_some("content", self.content.as_deref())?;
        text::check_some("slug", self.slug.as_deref())?;
        text::check_some("target", self.target.as_deref())?;
        text::check_some("title", self.title.as_deref())?;
        text::check_some("description", self.description.as_deref())?;
        self.style.check()
    }

    pub(super) fn apply(&mut self, change: &Change, now: Timestamp) {
        let kept = |text: &String| (!text.is_empty()).then(|| text.clone());
        if let Some(target) = &change.target {
            self.target = Some(target.clone());
        }
        if let Some(title) = &change.title {
            self.title = kept(title);
        }
        if let Some(description) = &change.description {
            self.description = kept(description);
        }
        if let Some(enabled) = change.enabled {
            self.enabled = enabled;
        }
        if let Some(style) = &change.style {
            self.style = style.clone();
        }
        self.updated_at = now;
    }

    fn search_text(&self) -> String {
        text::searchable([
            self.title.as_deref(),
            self.description.as_deref(),
            self.content.as_deref(),
            self.target.as_deref(),
            self.slug.as_deref(),
        ])
    }

    pub(super) fn to_row(&self) -> code::Model {
        let micros = |t: Option<Timestamp>| t.map(Timestamp::as_microsecond);
        code::Model {
            id: self.id,
            org_id: self.org_id,
            kind: self.kind.as_str().to_owned(),
            slug: self.slug.clone(),
            enabled: self.enabled,
            scan_count: self.counters.scans,
            last_scan_at_us: micros(self.counters.last_scan_at),
            genuine_scan_count: self.counters.genuine_scans,
            first_genuine_scan_at_us: micros(self.counters.first_genuine_scan_at),
            last_genuine_scan_at_us: micros(self.counters.last_genuine_scan_at),
            created_at_us: self.created_at.as_microsecond(),
            updated_at_us: self.updated_at.as_microsecond(),
            fill_color: self.style.fill_color.clone(),
            back_color: self.style.back_color.clone(),
            size: self.style.size.into(),
            border: self.style.border.into(),
            error_level: self.style.error_level.to_string(),
            target: self.target.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            content: self.content.clone(),
            search_text: self.search_text(),
        }
    }

    /// What [`Code::apply`] may have changed. The counters are not among it.
    pub(super) fn to_changes(&self) -> code::ActiveModel {
        let row = self.to_row();
        code::ActiveModel {
            id: sea_orm::ActiveValue::Unchanged(row.id),
            target: Set(row.target),
            title: Set(row.title),
            description: Set(row.description),
            enabled: Set(row.enabled),
            fill_color: Set(row.fill_color),
            back_color: Set(row.back_color),
            size: Set(row.size),
            border: Set(row.border),
            error_level: Set(row.error_level),
            updated_at_us: Set(row.updated_at_us),
            search_text: Set(row.search_text),
            ..Default::default()
        }
    }

    pub(super) fn from_row(row: code::Model) -> Result<Self, DbErr> {
        let small = |n: i16| {
            u8::try_from(n).map_err(|_| DbErr::Type(format!("codes.size or .border is {n}")))
        };
        let level = row.error_level.chars().next();
        Ok(Self {
            id: row.id,
            org_id: row.org_id,
            kind: CodeKind::parse(&row.kind)?,
            content: row.content,
            slug: row.slug,
            target: row.target,
            title: row.title,
            description: row.description,
            enabled: row.enabled,
            style: Style {
                fill_color: row.fill_color,
                back_color: row.back_color,
                size: small(row.size)?,
                border: small(row.border)?,
                error_level: level
                    .ok_or_else(|| DbErr::Type("codes.error_level is empty".to_owned()))?,
            },
            created_at: from_micros(row.created_at_us),
            updated_at: from_micros(row.updated_at_us),
            counters: Counters {
                scans: row.scan_count,
                last_scan_at: row.last_scan_at_us.map(from_micros),
                genuine_scans: row.genuine_scan_count,
                first_genuine_scan_at: row.first_genuine_scan_at_us.map(from_micros),
                last_genuine_scan_at: row.last_genuine_scan_at_us.map(from_micros),
            },
        })
    }
}
