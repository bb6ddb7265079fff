//! Rows as values that are the same for both databases.

use sea_orm::{DbErr, QueryResult, TryGetable, Value, prelude::Uuid};

use super::tables::{Column, Kind, TableLayout};

/// One value. Whole numbers of both widths are the same here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Null,
    Uuid(Uuid),
    Bytes(Vec<u8>),
    Bool(bool),
    Int(i64),
    Text(String),
}

/// Values in the order of a layout's columns.
pub type Row = Vec<Cell>;

impl Cell {
    fn read(row: &QueryResult, index: usize, kind: Kind) -> Result<Self, DbErr> {
        Ok(match kind {
            Kind::Uuid => some(row, index)?.map_or(Self::Null, Self::Uuid),
            Kind::Bytes => some(row, index)?.map_or(Self::Null, Self::Bytes),
            Kind::Bool => some(row, index)?.map_or(Self::Null, Self::Bool),
            Kind::I16 => some::<i16>(row, index)?.map_or(Self::Null, |n| Self::Int(n.into())),
            Kind::I64 => some(row, index)?.map_or(Self::Null, Self::Int),
            Kind::Text => some(row, index)?.map_or(Self::Null, Self::Text),
        })
    }

    /// The value for a column of this kind; a value of another kind becomes NULL, but readers of files refuse it before.
    pub(super) fn bound(&self, column: &Column) -> Value {
        match column.kind {
            Kind::Uuid => Value::from(match self {
                Self::Uuid(id) => Some(*id),
                _ => None,
            }),
            Kind::Bytes => Value::from(match self {
                Self::Bytes(bytes) => Some(bytes.clone()),
                _ => None,
            }),
            Kind::Bool => Value::from(match self {
                Self::Bool(flag) => Some(*flag),
                _ => None,
            }),
            Kind::I16 => Value::from(match self {
                Self::Int(n) => i16::try_from(*n).ok(),
                _ => None,
            }),
            Kind::I64 => Value::from(match self {
                Self::Int(n) => Some(*n),
                _ => None,
            }),
            Kind::Text => Value::from(match self {
                Self::Text(text) => Some(text.clone()),
                _ => None,
            }),
        }
    }
}

fn some<T: TryGetable>(row: &QueryResult, index: usize) -> Result<Option<T>, DbErr> {
    row.try_get_by_index(index)
}

pub(super) fn read(row: &QueryResult, layout: &TableLayout) -> Result<Row, DbErr> {
    let columns = layout.columns.iter().enumerate();
    columns
        .map(|(i, column)| Cell::read(row, i, column.kind))
        .collect()
}
