//! Which codes a list shows, and in which order.
//!
//! Invariant: the order is total (ties go by id) and the same on both databases, so that pages neither overlap
//! nor leave gaps.

use sea_orm::{
    ColumnTrait, DbBackend, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select,
    prelude::Uuid,
    sea_query::{Alias, ExprTrait, Func, NullOrdering},
};

use super::CodeKind;
use crate::kernel::Timestamp;
use crate::store::{connection::in_range, entity::code, text};

/// Texts go by their bytes; codes without a value come first when ascending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    Id,
    Kind,
    #[default]
    CreatedAt,
    ScanCount,
    LastScanAt,
    GenuineScanCount,
    FirstGenuineScanAt,
    LastGenuineScanAt,
    Title,
    Description,
    Target,
    Slug,
}

impl Sort {
    const fn column(self) -> code::Column {
        match self {
            Self::Id => code::Column::Id,
            Self::Kind => code::Column::Kind,
            Self::CreatedAt => code::Column::CreatedAtUs,
            Self::ScanCount => code::Column::ScanCount,
            Self::LastScanAt => code::Column::LastScanAtUs,
            Self::GenuineScanCount => code::Column::GenuineScanCount,
            Self::FirstGenuineScanAt => code::Column::FirstGenuineScanAtUs,
            Self::LastGenuineScanAt => code::Column::LastGenuineScanAtUs,
            Self::Title => code::Column::Title,
            Self::Description => code::Column::Description,
            Self::Target => code::Column::Target,
            Self::Slug => code::Column::Slug,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    pub offset: u64,
    pub limit: u64,
    pub kind: Option<CodeKind>,
    /// Taken literally, whatever the case: part of title, description, content, target or slug.
    pub search: Option<String>,
    /// A whole tag.
    pub tag: Option<String>,
    pub enabled: Option<bool>,
    /// Only codes made before that one, which also tells them from those of the same time.
    pub before: Option<(Timestamp, Uuid)>,
    pub sort: Sort,
    pub descending: bool,
}

impl ListQuery {
    /// The matching codes; `None` when no code can match.
    pub(super) fn select(&self, backend: DbBackend, org: Uuid) -> Option<Select<code::Entity>> {
        let mut select = code::Entity::find().filter(code::Column::OrgId.eq(org));
        if let Some(kind) = self.kind {
            select = select.filter(code::Column::Kind.eq(kind.label()));
        }
        // Both find a literal string, without LIKE's wildcards and their escapes.
        let position = if backend == DbBackend::Postgres {
            "strpos"
        } else {
            "instr"
        };
        let holds = |column: code::Column, text: String| {
            let found = Func::cust(Alias::new(position));
            found.arg(column.into_expr()).arg(text).gt(0)
        };
        if let Some(search) = self.search.as_deref().filter(|s| !s.is_empty()) {
            if !text::storable(search) {
                return None;
            }
            let found = holds(code::Column::SearchText, text::folded(search));
            select = select.filter(found);
        }
        if let Some(tag) = self.tag.as_deref() {
            if !text::storable(tag) || tag.contains('\n') {
                return None;
            }
            select = select.filter(holds(code::Column::Tags, format!("\n{tag}\n")));
        }
        if let Some(enabled) = self.enabled {
            select = select.filter(code::Column::Enabled.eq(enabled));
        }
        if let Some((at, id)) = self.before {
            let at = at.as_microsecond();
            let earlier = code::Column::CreatedAtUs.lt(at);
            let same = code::Column::CreatedAtUs
                .eq(at)
                .and(code::Column::Id.lt(id));
            select = select.filter(earlier.or(same));
        }
        Some(select)
    }

    /// One page of `select`, in order.
    pub(super) fn page(&self, select: Select<code::Entity>) -> Select<code::Entity> {
        let (order, nulls) = if self.descending {
            (Order::Desc, NullOrdering::Last)
        } else {
            (Order::Asc, NullOrdering::First)
        };
        let column = self.sort.column();
        // For a column that is never NULL, an order of NULLs would keep PostgreSQL from using its index.
        let select = if column.def().is_null() {
            select.order_by_with_nulls(column, order.clone(), nulls)
        } else {
            select.order_by(column, order.clone())
        };
        select
            .order_by(code::Column::Id, order)
            .offset(in_range(self.offset))
            .limit(in_range(self.limit))
    }
}
