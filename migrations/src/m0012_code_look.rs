//! How a code's symbol is drawn, as one JSON text (`src/store/codes/look.rs`), instead of five columns. Text, not
//! `jsonb`: both databases keep it as it was written, so that a backup of one equals a backup of the other.
//!
//! Expanded here and contracted later, so that each release works beside the one before. For operators:
//! `docs/MIGRATION.md`, "Upgrades".
//!
//! | release | writes | reads |
//! |---|---|---|
//! | before | the five columns; `look` stays NULL or becomes stale | the five columns |
//! | this | both | those of the five columns that are not NULL, else `look`: the release before writes the columns only |
//! | second | `look`, and NULL into the five columns, which its migration allows | as this one |
//! | third | `look`; its migration moves columns that are not NULL into it and makes them NULL, because the second reads them first; it names them nowhere else | `look` |
//! | fourth | `look`; its migration drops the five columns, and the views of `docs/MIGRATION.md` read `look` | `look` |

crate::dialect::migration!(
    "ALTER TABLE codes ADD COLUMN look {text};",
    "ALTER TABLE codes DROP COLUMN look;"
);
