//! On a clock that stands still until it is advanced.

use super::*;
use crate::kernel::{Kind, clock::AnchoredClock, clock::Timestamp};

fn limits() -> Limits {
    let clock: SharedClock = Arc::new(AnchoredClock::at(Timestamp::UNIX_EPOCH));
    Limits::new(&Settings::default(), &Tiers::in_memory(&clock), &clock)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_burst_then_one_a_second_and_the_wait_is_true() {
    let limits = limits();
    let client = ip("192.0.2.7");
    for n in (0..30).rev() {
        let left = limits.render(client).unwrap().unwrap();
        assert_eq!((left.remaining, left.quota, left.window_s), (n, 60, 60));
    }
    let refused = limits.render(client).unwrap_err();
    assert_eq!(refused.kind(), Kind::RateLimited);
    let wait = refused.retry_after().unwrap();
    assert_eq!(wait, Duration::from_secs(1));
    let left = refused.quota().unwrap();
    assert_eq!((left.remaining, left.quota, left.reset_s), (0, 60, 1));
    assert!(limits.render(ip("192.0.2.8")).is_ok(), "others go on");
    tokio::time::advance(wait).await;
    assert!(limits.render(client).is_ok());
    assert!(limits.render(client).is_err());
}

#[tokio::test(start_paused = true)]
async fn failures_block_a_client_and_right_passwords_do_not_count() {
    let limits = limits();
    let client = ip("192.0.2.7");
    for _ in 0..1000 {
        limits.may_try(client).unwrap();
    }
    for _ in 0..10 {
        limits.may_try(client).unwrap();
        limits.failed(client);
    }
    let refused = limits.may_try(client).unwrap_err();
    assert_eq!(refused.retry_after(), Some(MINUTE));
    limits.may_try(ip("192.0.2.8")).unwrap();
    tokio::time::advance(MINUTE).await;
    limits.may_try(client).unwrap();
    limits.failed(client);
    assert!(limits.may_try(client).is_err());
    tokio::time::advance(Duration::from_mins(20)).await;
    for _ in 0..9 {
        limits.failed(client);
        limits.may_try(client).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_network_of_64_bits_is_one_client_and_one_of_48_bits_sixteen() {
    let limits = limits();
    for n in 0..60 {
        let client = ip(&format!("2001:db8:1:1::{n:x}"));
        limits.miss(client).unwrap();
    }
    assert!(limits.miss(ip("2001:db8:1:1::ffff")).is_err());
    let mut passed = 60;
    for network in 2..100 {
        for _ in 0..60 {
            let client = ip(&format!("2001:db8:1:{network:x}::1"));
            passed += u32::from(limits.miss(client).is_ok());
        }
    }
    assert_eq!(
        passed,
        60 * SITE - 1,
        "the refused one took from the site, too"
    );
    limits.miss(ip("2001:db8:2:1::1")).unwrap();
    // A mapped address is the IPv4 client.
    for _ in 0..60 {
        limits.miss(ip("::ffff:192.0.2.7")).unwrap();
    }
    assert!(limits.miss(ip("192.0.2.7")).is_err());
}

#[tokio::test(start_paused = true)]
async fn no_limit_is_no_limit() {
    let clock: SharedClock = Arc::new(AnchoredClock::at(Timestamp::UNIX_EPOCH));
    let none = Settings {
        misses: 0,
        sign_in: 0,
        ..Settings::default()
    };
    let limits = Limits::new(&none, &Tiers::in_memory(&clock), &clock);
    let client = ip("192.0.2.7");
    for _ in 0..100_000 {
        limits.miss(client).unwrap();
    }
    for _ in 0..100 {
        limits.failed(client);
        limits.may_try(client).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_sweep_over_many_networks_stays_within_its_memory() {
    let limits = limits();
    for n in 0..200_000_u32 {
        let [a, b, c, d] = n.to_be_bytes();
        let _ = limits.miss(IpAddr::from([0x0a | a, b, c, d]));
    }
    limits.misses.buckets.run_pending_tasks();
    assert!(limits.misses.buckets.entry_count() <= KNOWN);
}
