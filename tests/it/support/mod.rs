//! What the tests share: a running product, its databases, a client, decoders that are not ours.

pub mod client;
pub mod codes;
pub mod command;
pub mod decode;
pub mod dice;
pub mod load;
pub mod measure;
pub mod metrics;
pub mod oidc;
pub mod pgbouncer;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod python;
pub mod redis;
pub mod rows;
pub mod unleash;

use std::time::{Duration, Instant};

pub use client::{Answer, Client};
pub use process::{Database, Server, Setup};

/// Asks again until `ask` answers `Ok`, for at most `seconds`; the last refusal is the failure's message.
/// Waiting for a state, not for a time: fast where the machine is fast, and never too short where it is slow.
pub async fn eventually<T>(seconds: u64, ask: impl AsyncFn() -> Result<T, String>) -> T {
    let end = Instant::now() + Duration::from_secs(seconds);
    loop {
        match ask().await {
            Ok(value) => return value,
            Err(why) if Instant::now() > end => panic!("not within {seconds} s: {why}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Runs each test function once on SQLite and once on PostgreSQL. It is given a running product.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::support::Setup::on($crate::support::Database::Sqlite).start().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::support::Setup::on($crate::support::Database::Postgres).start().await).await;
            })+
        }
    };
}
pub(crate) use on_both;
