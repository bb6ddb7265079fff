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
use crate::store::{connection::in_range, entity::code, text};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    CreatedAt,
    ScanCount,
    /// By the title's bytes; codes without one come first when ascending.
    Title,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    pub offset: u64,
    pub limit: u64,
    pub kind: Option<CodeKind>,
    /// Taken literally, whatever the case: part of title, description, content, target or slug.
    pub search: Option<String>,
    pub sort: Sort,
    pub descending: bool,
}

impl ListQuery {
    /// What matches; `None` when nothing can.
    pub(super) fn select(&self, backend: DbBackend, org: Uuid) -> Option<Select<code::Entity>> {
        let mut select = code::Entity::find().filter(code::Column::OrgId.eq(org));
        if let Some(kind) = self.kind {
            select = select.filter(code::Column::Kind.eq(kind.as_str()));
        }
        if let Some(search) = self.search.as_deref().filter(|s| !s.is_empty()) {
            if !text::storable(search) {
                return None;
            }
            // Both find a literal string, without LIKE's wildcards and their escapes.
            let position = if backend == DbBackend::Postgres {
                "strpos"
            } else {
                "instr"
            };
            let found = Func::cust(Alias::new(position))
                .arg(code::Column::SearchText.into_expr())
                .arg(text::folded(search));
            select = select.filter(found.gt(0));
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
        let select = match self.sort {
            Sort::CreatedAt => select.order_by(code::Column::CreatedAtUs, order.clone()),
            Sort::ScanCount => select.order_by(code::Column::ScanCount, order.clone()),
            Sort::Title => select.order_by_with_nulls(code::Column::Title, order.clone(), nulls),
        };
        select
            .order_by(code::Column::Id, order)
            .offset(in_range(self.offset))
            .limit(in_range(self.limit))
    }
}
