//! How a code's symbol is drawn, as one JSON text (`src/store/codes/look.rs`), in the place of five columns. Text, not
//! `jsonb`: both databases keep it as it was written, so that a backup of one equals a backup of the other.
//!
//! Expanded here and contracted later, so that each release works beside the one before:
//!
//! | release | writes | reads |
//! |---|---|---|
//! | before | the five columns; `look` stays NULL or becomes stale | the five columns |
//! | this | both | `look`, and over it those of the five columns that are not NULL: whoever wrote them last is right |
//! | second | `look`, and NULL into the five columns, which its migration allows | as this one |
//! | third | `look`, which its migration fills where it is NULL; it names the five columns nowhere | `look` |
//! | fourth | `look`; its migration drops the five columns, and the views of `docs/MIGRATION.md` read `look` | `look` |

crate::dialect::migration!(
    "ALTER TABLE codes ADD COLUMN look {text};",
    "ALTER TABLE codes DROP COLUMN look;"
);
