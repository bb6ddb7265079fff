//! How a code's symbol is drawn unless a request says otherwise, and how that lies in the database.
//!
//! Invariant: a release that only knows the columns `fill_color` to `error_level` reads what this one writes, and this one
//! reads what that one writes (`migrations/src/m0012_code_look.rs`).

use sea_orm::{ActiveValue::Set, DbErr};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

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
    /// # Errors
    /// `DbErr::Type` when the row holds no look, or one that cannot be drawn.
    pub(super) fn of_row(row: &code::Model) -> Result<Self, DbErr> {
        let mut look = match &row.look {
            Some(json) => serde_json::from_str(json).map_err(|e| unreadable("look", &e))?,
            None if row.fill_color.is_none() => return Err(unreadable("look", &"NULL")),
            None => Self::default(),
        };
        if let Some(color) = &row.fill_color {
            look.fill_color = color.parse().map_err(|e| unreadable("fill_color", &e))?;
        }
        if let Some(color) = &row.back_color {
            look.back_color = color.parse().map_err(|e| unreadable("back_color", &e))?;
        }
        if let Some(size) = row.size {
            look.size = u8::try_from(size).map_err(|e| unreadable("size", &e))?;
        }
        if let Some(border) = row.border {
            look.border = u8::try_from(border).map_err(|e| unreadable("border", &e))?;
        }
        if let Some(level) = &row.error_level {
            look.error_level = level.parse().map_err(|e| unreadable("error_level", &e))?;
        }
        Ok(look)
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

fn unreadable(column: &str, why: &dyn std::fmt::Display) -> DbErr {
    DbErr::Type(format!("codes.{column}: {why}"))
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
