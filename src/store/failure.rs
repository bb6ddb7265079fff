//! Classifies errors of drivers as `kernel::Error`. The message is for callers and names no SQL.
//!
//! Invariant: `Unavailable` and `Timeout` mean that the same operation may succeed later; every other kind means
//! that it will fail again.

use std::error::Error as StdError;

use sea_orm::{DbErr, RuntimeErr, sqlx};

use crate::kernel::{Error, Kind};

/// SQLite's primary result codes (<https://www.sqlite.org/rescode.html>) of temporary failures: ABORT (its transaction was rolled back), BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL,
/// CANTOPEN, PROTOCOL.
const SQLITE_PASSING: &[i32] = &[4, 5, 6, 7, 8, 9, 10, 13, 14, 15];

pub(super) fn unavailable(cause: impl StdError + Send + Sync + 'static) -> Error {
    Error::caused(
        Kind::Unavailable,
        "the database is not available; try again later",
        cause,
    )
}

/// The error for callers, with the driver's as its cause.
pub(super) fn classify(e: DbErr) -> Error {
    let kind = match &e {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Kind::Unavailable,
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
            if is_full(cause) {
                return full(e);
            }
            kind_of(cause)
        }
        DbErr::RecordNotInserted => Kind::Conflict,
        _ => Kind::Internal,
    };
    with_kind(kind, e)
}

/// The same for a driver that is used without sea-orm.
pub(super) fn classify_sqlx(e: sqlx::Error) -> Error {
    if is_full(&e) {
        return full(e);
    }
    with_kind(kind_of(&e), e)
}

fn with_kind(kind: Kind, cause: impl StdError + Send + Sync + 'static) -> Error {
    let message = match kind {
        Kind::Unavailable => return unavailable(cause),
        Kind::Timeout => "the database took too long",
        Kind::Conflict => "this exists already",
        Kind::NotFound => "what this belongs to does not exist any more",
        _ => "the database refused an operation",
    };
    Error::caused(kind, message, cause)
}

/// SQLite's FULL, PostgreSQL's `disk_full`.
fn is_full(e: &sqlx::Error) -> bool {
    let sqlx::Error::Database(cause) = e else {
        return false;
    };
    matches!(cause.code().as_deref(), Some("13" | "53100"))
}

fn full(cause: impl StdError + Send + Sync + 'static) -> Error {
    let message = "the database cannot write: its disk is full; try again later";
    Error::caused(Kind::Unavailable, message, cause)
}

fn kind_of(e: &sqlx::Error) -> Kind {
    match e {
        sqlx::Error::Database(cause) if cause.is_unique_violation() => Kind::Conflict,
        // What the row would belong to was deleted meanwhile.
        sqlx::Error::Database(cause) if cause.is_foreign_key_violation() => Kind::NotFound,
        sqlx::Error::Database(cause) => cause
            .code()
            .map_or(Kind::Internal, |code| kind_of_code(&code)),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        // The driver's state of the connection is wrong; it is replaced.
        | sqlx::Error::BeginFailed
        | sqlx::Error::InvalidSavePointStatement => Kind::Unavailable,
        _ => Kind::Internal,
    }
}

/// PostgreSQL's codes are five characters (its Appendix A); SQLite's are numbers, extended by higher bits.
fn kind_of_code(code: &str) -> Kind {
    if code.len() < 5 {
        return match code.parse::<i32>() {
            Ok(n) if SQLITE_PASSING.contains(&(n & 0xff)) => Kind::Unavailable,
            _ => Kind::Internal,
        };
    }
    match code {
        // query_canceled: by statement_timeout
        "57014" => Kind::Timeout,
        // read_only_sql_transaction: a standby, until the failover is through; lock_not_available;
        // idle_in_transaction_session_timeout; duplicate_prepared_statement and invalid_sql_statement_name, of a pooler
        // whose mode was changed
        "25006" | "55P03" | "25P03" | "42P05" | "26000" => Kind::Unavailable,
        // connection, rollback of a deadlock, resources, operator intervention, system
        _ if ["08", "40", "53", "57", "58"]
            .iter()
            .any(|class| code.starts_with(class)) =>
        {
            Kind::Unavailable
        }
        _ => Kind::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_what_passes_from_what_stays() {
        for (code, kind) in [
            ("57014", Kind::Timeout),
            ("57P01", Kind::Unavailable),
            ("40P01", Kind::Unavailable),
            ("42P05", Kind::Unavailable),
            ("26000", Kind::Unavailable),
            ("22021", Kind::Internal),
            ("42P01", Kind::Internal),
            ("5", Kind::Unavailable),
            ("517", Kind::Unavailable),
            ("516", Kind::Unavailable),
            ("778", Kind::Unavailable),
            ("13", Kind::Unavailable),
            ("275", Kind::Internal),
            ("11", Kind::Internal),
        ] {
            assert_eq!(kind_of_code(code), kind, "{code}");
        }
    }
}
