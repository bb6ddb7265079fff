//! How a code's symbol is drawn unless a request says otherwise, and how that lies in the database.
//!
//! Invariant: a release that only knows the columns `fill_color` to `error_level` reads what this one writes, and this one
//! reads what that one writes (`migrations/src/m0012_code_look.rs`).

use std::fmt::Display;

use sea_orm::ActiveValue::Set;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use tracing::warn;
use uuid::Uuid;

use crate::{
    kernel::{
        Color, Level,
        limits::{DEFAULT_SIZE_STEPS, QUIET_ZONE_MODULES},
    },
    store::entity::code,
};

/// As JSON an object of these fields. One that is absent has its default; one that is unknown is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    pub fill_color: Color,
    pub back_color: Color,
    /// Side of the image in steps of `limits::STEP_PX`, within `limits::SIZE_STEPS`.
    pub size: u8,
    /// Quiet zone in modules, within `limits::BORDER_MODULES`.
    pub border: u8,
    #[serde(serialize_with = "write_level", deserialize_with = "read_level")]
    pub error_level: Level,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            fill_color: Color::BLACK,
            back_color: Color::WHITE,
            size: DEFAULT_SIZE_STEPS,
            border: QUIET_ZONE_MODULES,
            error_level: Level::default(),
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn write_level<S: Serializer>(level: &Level, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(level.label())
}

fn read_level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(de::Error::custom)
}

impl Look {
    /// What cannot be read has its default, and is logged: one row changed by hand must not hide the other codes of a list,
    /// nor make its own symbol unreachable.
    pub(super) fn of_row(row: &code::Model) -> Self {
        let id = &row.id;
        let mut look = row.look.as_deref().map_or_else(Self::default, |json| {
            read(id, "look", serde_json::from_str(json)).unwrap_or_default()
        });
        if let Some(color) = row
            .fill_color
            .as_deref()
            .and_then(|c| read(id, "fill_color", c.parse()))
        {
            look.fill_color = color;
        }
        if let Some(color) = row
            .back_color
            .as_deref()
            .and_then(|c| read(id, "back_color", c.parse()))
        {
            look.back_color = color;
        }
        if let Some(size) = row
            .size
            .and_then(|size| read(id, "size", u8::try_from(size)))
        {
            look.size = size;
        }
        if let Some(border) = row
            .border
            .and_then(|border| read(id, "border", u8::try_from(border)))
        {
            look.border = border;
        }
        if let Some(level) = row
            .error_level
            .as_deref()
            .and_then(|l| read(id, "error_level", l.parse()))
        {
            look.error_level = level;
        }
        look
    }

    /// Both spellings, into a row that is to be written.
    pub(super) fn set(&self, row: &mut code::ActiveModel) {
        row.fill_color = Set(Some(self.fill_color.to_string()));
        row.back_color = Set(Some(self.back_color.to_string()));
        row.size = Set(Some(self.size.into()));
        row.border = Set(Some(self.border.into()));
        row.error_level = Set(Some(self.error_level.label().to_owned()));
        row.look = Set(serde_json::to_string(self).ok());
    }
}

fn read<T, E: Display>(code: &Uuid, column: &str, read: Result<T, E>) -> Option<T> {
    read.inspect_err(
        |error| warn!(%code, column, %error, "a stored look cannot be read: the default is used"),
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_of_other_releases_is_read() {
        let look = Look {
            size: 7,
            error_level: Level::Q,
            ..Look::default()
        };
        let json = serde_json::to_string(&look).unwrap();
        let written = r##"{"fill_color":"#000000","back_color":"#FFFFFF","size":7,"border":4,"error_level":"q"}"##;
        assert_eq!(json, written);
        for (json, expected) in [
            (written, look),
            ("{}", Look::default()),
            (r#"{"size":10,"novelty":{"a":1}}"#, Look::default()),
        ] {
            assert_eq!(serde_json::from_str::<Look>(json).unwrap(), expected);
        }
        for broken in [
            r#"{"fill_color":"red"}"#,
            r#"{"error_level":"x"}"#,
            "[",
            r#"{"size":-1}"#,
        ] {
            assert!(serde_json::from_str::<Look>(broken).is_err(), "{broken}");
        }
    }
}
