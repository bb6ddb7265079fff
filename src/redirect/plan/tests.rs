//! Rules, times and queries, one visit after the other.

use super::*;
use crate::{
    kernel::clock::from_micros,
    store::codes::{Rule as Stored, Scheduled},
};

const NOON: i64 = 1_767_268_800; // 2026-01-01 12:00 UTC

fn planned(plan: Plan) -> Planned {
    Planned::new(Source {
        code_id: Uuid::from_u128(7),
        placement_id: None,
        target: "https://example.org/".to_owned(),
        plan,
    })
    .unwrap()
}

fn rule(when: When, target: &str) -> Stored {
    Stored {
        when,
        target: target.to_owned(),
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn at(seconds: i64) -> Timestamp {
    from_micros(seconds * 1_000_000)
}

const VISIT: Visit<'_> = Visit {
    now: Timestamp::UNIX_EPOCH,
    device: ["mobile", "ios"],
    accept_language: "",
    country: None,
    query: None,
};

#[test]
fn the_first_rule_that_fits_wins() {
    let plan = planned(Plan {
        rules: vec![
            rule(
                When {
                    device: words(&["android"]),
                    country: words(&["DE", "AT"]),
                    ..When::default()
                },
                "https://example.org/both",
            ),
            rule(
                When {
                    country: words(&["DE"]),
                    ..When::default()
                },
                "https://example.org/de",
            ),
            rule(
                When {
                    device: words(&["android", "desktop"]),
                    ..When::default()
                },
                "https://example.org/android",
            ),
        ],
        ..Plan::default()
    });
    for (device, country, target) in [
        (["mobile", "android"], "AT", "https://example.org/both"),
        (["mobile", "ios"], "DE", "https://example.org/de"),
        (["tablet", "android"], "FR", "https://example.org/android"),
        (["tablet", "android"], "", "https://example.org/android"),
        (["mobile", "ios"], "", "https://example.org/"),
    ] {
        let visit = Visit {
            device,
            country: Country::parse(country.as_bytes()),
            ..VISIT
        };
        assert_eq!(plan.location(&visit), target, "{device:?} {country}");
    }
}

#[test]
fn the_language_is_the_one_that_the_browser_likes_best() {
    let language = |tag: &str| When {
        language: words(&[tag]),
        ..When::default()
    };
    let plan = planned(Plan {
        rules: vec![
            rule(language("en"), "https://example.org/en"),
            rule(language("de"), "https://example.org/de"),
            rule(language("pt-br"), "https://example.org/br"),
        ],
        ..Plan::default()
    });
    for (accept_language, target) in [
        ("de-DE,de;q=0.9,en;q=0.8", "https://example.org/de"),
        ("en;q=0.5, DE-at", "https://example.org/de"),
        ("fr, en;q=0.8", "https://example.org/en"),
        ("pt-BR", "https://example.org/br"),
        ("pt", "https://example.org/"),
        ("de;q=0, fr", "https://example.org/"),
        ("de;q=x", "https://example.org/"),
        ("*", "https://example.org/"),
        ("", "https://example.org/"),
        (",;;=,-", "https://example.org/"),
    ] {
        let visit = Visit {
            accept_language,
            ..VISIT
        };
        assert_eq!(plan.location(&visit), target, "{accept_language}");
    }
}

#[test]
fn hours_are_those_of_their_zone_and_may_go_over_midnight() {
    let hours = |from, to, zone: &str| {
        planned(Plan {
            rules: vec![rule(
                When {
                    from_min: Some(from),
                    to_min: Some(to),
                    zone: Some(zone.to_owned()),
                    ..When::default()
                },
                "https://example.org/now",
            )],
            ..Plan::default()
        })
    };
    for (plan, is_now) in [
        (hours(12 * 60, 12 * 60 + 1, "UTC"), true),
        (hours(11 * 60, 12 * 60, "UTC"), false),
        (hours(13 * 60, 14 * 60, "Europe/Berlin"), true),
        (hours(22 * 60, 6 * 60, "UTC"), false),
        (hours(22 * 60, 6 * 60, "Pacific/Auckland"), true),
        // The whole day.
        (hours(0, 0, "UTC"), true),
    ] {
        let visit = Visit {
            now: at(NOON),
            ..VISIT
        };
        let target = plan.location(&visit);
        assert_eq!(
            target == "https://example.org/now",
            is_now,
            "{:?}",
            plan.rules
        );
    }
}

#[test]
fn a_schedule_and_a_season_go_by_the_time() {
    let next = |seconds: i64, target: &str| Scheduled {
        at_us: seconds * 1_000_000,
        target: target.to_owned(),
    };
    let plan = planned(Plan {
        starts_at_us: Some(10_000_000),
        expires_at_us: Some(40_000_000),
        schedule: vec![
            next(30, "https://example.org/b"),
            next(20, "https://example.org/a"),
        ],
        ..Plan::default()
    });
    for (now, season, target) in [
        (9, Season::Early(at(10)), "https://example.org/"),
        (10, Season::Open, "https://example.org/"),
        (20, Season::Open, "https://example.org/a"),
        (39, Season::Open, "https://example.org/b"),
        (40, Season::Over, "https://example.org/b"),
    ] {
        assert_eq!(plan.season(at(now)), season, "{now}");
        let visit = Visit {
            now: at(now),
            ..VISIT
        };
        assert_eq!(plan.location(&visit), target, "{now}");
    }
}

#[test]
fn a_query_goes_along_where_it_may() {
    for (target, query, expected) in [
        ("https://e.org/", "scan_ref=qr", "https://e.org/"),
        (
            "https://e.org/",
            "a=1&scan_ref=qr&b",
            "https://e.org/?a=1&b",
        ),
        ("https://e.org/?x=2", "a=1", "https://e.org/?x=2&a=1"),
        ("https://e.org/?", "a=1", "https://e.org/?a=1"),
        ("https://e.org/p#top", "a=1&", "https://e.org/p?a=1#top"),
        ("https://e.org/", "&&", "https://e.org/"),
    ] {
        let plan = Plan {
            forward_query: true,
            ..Plan::default()
        };
        let mut made = planned(plan);
        made.target = HeaderValue::from_static(target);
        let visit = Visit {
            query: Some(query),
            ..VISIT
        };
        assert_eq!(made.location(&visit), expected, "{query}");
        made.source.plan.forward_query = false;
        assert_eq!(made.location(&visit), target);
    }
}

/// 1 µs in a release build; this is a debug build beside other tests.
#[test]
fn twenty_rules_are_decided_at_once() {
    let one = |n: u8| {
        let when = When {
            device: words(&["android"]),
            language: words(&[["fr", "es", "it", "nl"][usize::from(n % 4)]]),
            from_min: Some(8 * 60),
            to_min: Some(18 * 60),
            zone: Some("Europe/Berlin".to_owned()),
            ..When::default()
        };
        rule(when, "https://example.org/x")
    };
    let plan = planned(Plan {
        rules: (0..20).map(one).collect(),
        ..Plan::default()
    });
    let visit = Visit {
        now: at(NOON),
        accept_language: "de-DE,de;q=0.9,en;q=0.8",
        ..VISIT
    };
    let clock = crate::kernel::SystemClock;
    let start = crate::kernel::Clock::instant(&clock);
    let rounds = 2000;
    for _ in 0..rounds {
        assert_eq!(plan.location(&visit), "https://example.org/");
    }
    let each = start.elapsed() / rounds;
    assert!(each.as_micros() < 100, "{each:?}");
}
