//! A code in the domain's terms, and its way to and from a row.

use sea_orm::{
    ActiveValue::{Set, Unchanged},
    DbErr,
    prelude::Uuid,
};

use serde_json::{Map, Value, json};

use super::{Look, PlacementChanges, Plan};
use crate::{
    kernel::{Result, Timestamp, clock::from_micros, label},
    store::{entity::code, text},
};

label! {
    /// Whether a symbol encodes its content itself or a redirect whose target may change.
    CodeKind { Static = "static", Dynamic = "dynamic" }
}

impl CodeKind {
    pub(super) fn parse(text: &str) -> Result<Self, DbErr> {
        let unknown = || DbErr::Type(format!("codes.kind is {text:?}"));
        Self::from_label(text).ok_or_else(unknown)
    }
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

/// How a symbol is drawn by the dialects that have styles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeStyle {
    /// Options as JSON.
    Own(String),
    /// The name of a saved one.
    Saved(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    pub id: Uuid,
    pub org_id: Uuid,
    pub kind: CodeKind,
    /// The content of a static code's symbol; `None` for a dynamic one, where it follows from base URL and slug.
    pub content: Option<String>,
    /// Dynamic codes only. Unique over all organizations.
    pub slug: Option<String>,
    /// The URL that a dynamic code redirects to.
    pub target: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub enabled: bool,
    pub look: Look,
    /// `None`: the organization's default style, if it has one.
    pub style: Option<CodeStyle>,
    /// What `content` was made of, as JSON.
    pub payload: Option<String>,
    /// In the order in which they were given.
    pub tags: Vec<String>,
    pub plan: Plan,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub counters: Counters,
}

/// The data that a redirect needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    pub code_id: Uuid,
    pub kind: CodeKind,
    pub target: Option<String>,
    pub enabled: bool,
    pub plan: Plan,
    /// The placement that the slug is of.
    pub placement_id: Option<Uuid>,
}

/// A change of a code; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub target: Option<String>,
    /// Empty removes the title.
    pub title: Option<String>,
    /// Empty removes the description.
    pub description: Option<String>,
    pub enabled: Option<bool>,
    pub look: Option<Look>,
    /// `Some(None)` removes it.
    pub style: Option<Option<CodeStyle>>,
    pub tags: Option<Vec<String>>,
    pub plan: Option<Plan>,
    pub placements: PlacementChanges,
    /// Nothing is changed unless the code was changed last at this time.
    pub seen: Option<Timestamp>,
}

impl Change {
    pub(super) fn check(&self) -> Result<()> {
        self.placements.check()?;
        for tag in self.tags.iter().flatten() {
            text::check("tags", tag)?;
        }
        text::check_some("target", self.target.as_deref())?;
        text::check_some("title", self.title.as_deref())?;
        text::check_some("description", self.description.as_deref())
    }
}

impl Code {
    pub(super) fn check(&self) -> Result<()> {
        text::check_some("content", self.content.as_deref())?;
        text::check_some("slug", self.slug.as_deref())?;
        text::check_some("target", self.target.as_deref())?;
        text::check_some("title", self.title.as_deref())?;
        text::check_some("description", self.description.as_deref())
    }

    pub(super) fn apply(&mut self, change: &Change, now: Timestamp) {
        let present = |text: &String| (!text.is_empty()).then(|| text.clone());
        if let Some(target) = &change.target {
            self.target = Some(target.clone());
        }
        if let Some(title) = &change.title {
            self.title = present(title);
        }
        if let Some(description) = &change.description {
            self.description = present(description);
        }
        if let Some(enabled) = change.enabled {
            self.enabled = enabled;
        }
        if let Some(look) = change.look {
            self.look = look;
        }
        if let Some(style) = &change.style {
            self.style.clone_from(style);
        }
        if let Some(tags) = &change.tags {
            self.tags.clone_from(tags);
        }
        if let Some(plan) = &change.plan {
            self.plan = plan.clone();
        }
        if change.target.is_some() {
            let has_begun = |at_us| at_us <= now.as_microsecond();
            self.plan.schedule.retain(|next| !has_begun(next.at_us));
        }
        // It tells two states apart, also where the clock does not.
        let later = from_micros(self.updated_at.as_microsecond() + 1);
        self.updated_at = now.max(later);
    }

    /// Where a dynamic code leads at a time, but for its rules.
    #[must_use]
    pub fn target_at(&self, now: Timestamp) -> Option<&str> {
        self.plan.target_at(now).or(self.target.as_deref())
    }

    /// What became otherwise, for the audit log: JSON of the fields before and after. `None`: nothing did.
    pub(super) fn difference(&self, after: &Self, placed: &PlacementChanges) -> Option<String> {
        let (mut was, mut is) = (Map::new(), Map::new());
        if *placed != PlacementChanges::default() {
            let added = placed.add.iter().map(|p| [&p.slug, &p.name]);
            is.insert("placements".to_owned(), json!({
                "added": added.collect::<Vec<_>>(), "renamed": placed.rename, "removed": placed.remove,
            }));
        }
        for ((field, before), (_, after)) in self.told().into_iter().zip(after.told()) {
            if before != after {
                was.insert(field.to_owned(), before);
                is.insert(field.to_owned(), after);
            }
        }
        (!is.is_empty()).then(|| json!({ "before": was, "after": is }).to_string())
    }

    fn told(&self) -> [(&'static str, Value); 8] {
        let style = match &self.style {
            None => Value::Null,
            Some(CodeStyle::Own(options)) => serde_json::from_str(options).unwrap_or_default(),
            Some(CodeStyle::Saved(name)) => json!(name),
        };
        [
            ("target", json!(self.target)),
            ("title", json!(self.title)),
            ("description", json!(self.description)),
            ("enabled", json!(self.enabled)),
            ("look", json!(self.look)),
            ("style", style),
            ("tags", json!(self.tags)),
            ("plan", self.plan.told()),
        ]
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

    /// A whole row, to be inserted.
    pub(super) fn to_row(&self) -> code::ActiveModel {
        let micros = |t: Option<Timestamp>| t.map(Timestamp::as_microsecond);
        let mut row = code::ActiveModel {
            id: Set(self.id),
            org_id: Set(self.org_id),
            kind: Set(self.kind.label().to_owned()),
            slug: Set(self.slug.clone()),
            scan_count: Set(self.counters.scans),
            last_scan_at_us: Set(micros(self.counters.last_scan_at)),
            genuine_scan_count: Set(self.counters.genuine_scans),
            first_genuine_scan_at_us: Set(micros(self.counters.first_genuine_scan_at)),
            last_genuine_scan_at_us: Set(micros(self.counters.last_genuine_scan_at)),
            created_at_us: Set(self.created_at.as_microsecond()),
            content: Set(self.content.clone()),
            payload: Set(self.payload.clone()),
            ..self.changes()
        };
        self.look.set(&mut row);
        self.set_style(&mut row);
        row.tags = Set(tags_column(&self.tags));
        row.plan = Set(self.plan.to_column());
        row
    }

    fn set_style(&self, row: &mut code::ActiveModel) {
        let (own, saved) = match &self.style {
            None => (None, None),
            Some(CodeStyle::Own(options)) => (Some(options.clone()), None),
            Some(CodeStyle::Saved(name)) => (None, Some(name.clone())),
        };
        row.style = Set(own);
        row.style_name = Set(saved);
    }

    /// The columns that [`Code::apply`] changed: never the counters, and the look only where `change` has one, because a later release
    /// may have written more into it than this one knows.
    pub(super) fn to_changes(&self, before: &Self, change: &Change) -> code::ActiveModel {
        let mut row = code::ActiveModel {
            id: Unchanged(self.id),
            ..self.changes()
        };
        if change.look.is_some() {
            self.look.set(&mut row);
        }
        if self.style != before.style {
            self.set_style(&mut row);
        }
        if self.tags != before.tags {
            row.tags = Set(tags_column(&self.tags));
        }
        if self.plan != before.plan {
            row.plan = Set(self.plan.to_column());
        }
        row
    }

    fn changes(&self) -> code::ActiveModel {
        code::ActiveModel {
            target: Set(self.target.clone()),
            title: Set(self.title.clone()),
            description: Set(self.description.clone()),
            enabled: Set(self.enabled),
            updated_at_us: Set(self.updated_at.as_microsecond()),
            search_text: Set(self.search_text()),
            ..Default::default()
        }
    }

    pub(super) fn from_row(row: code::Model) -> Result<Self, DbErr> {
        let look = Look::of_row(&row);
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
            look,
            style: (row.style.map(CodeStyle::Own)).or(row.style_name.map(CodeStyle::Saved)),
            payload: row.payload,
            tags: row
                .tags
                .split_terminator('\n')
                .skip(1)
                .map(str::to_owned)
                .collect(),
            plan: Plan::of_column(row.plan.as_deref())?,
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

/// Each tag between line feeds, so that a whole one is found as a literal text.
fn tags_column(tags: &[String]) -> String {
    match tags {
        [] => String::new(),
        tags => format!("\n{}\n", tags.join("\n")),
    }
}
