//! Windows of 30 s and what a screenshot is worth.

use tokens::{Kind, Reason, rotating, time};

use crate::made::{ENDS_AT, EVENT, NOW, SUBJECT, key, serial, verified_at};

fn text_at(now: i64) -> String {
    let token = rotating::token(EVENT, SUBJECT, serial(7), now);
    assert_eq!(token.kind, Kind::Rotating);
    key(1).token(token).to_symbol()
}

#[test]
fn a_token_counts_in_its_window_and_the_next_two() {
    let text = text_at(NOW);
    for after in [0, 29, 30, 59, 60, 89] {
        assert!(verified_at(&text, NOW + after).is_ok(), "{after}");
    }
    for after in [90, 120, 3600] {
        let verdict = verified_at(&text, NOW + after);
        assert_eq!(verdict, Err(Reason::Expired), "{after}");
    }
}

#[test]
fn a_screenshot_counts_for_60_to_90_seconds() {
    for taken in NOW..NOW + 60 {
        let text = text_at(taken);
        let counts = |after: &i64| verified_at(&text, taken + after).is_ok();
        let seconds = (0..200).take_while(counts).count();
        assert!((61..=90).contains(&seconds), "{seconds}");
        assert_eq!((0..200).filter(counts).count(), seconds);
    }
}

#[test]
fn a_late_clock_is_forgiven_one_window() {
    let text = text_at(NOW);
    assert!(verified_at(&text, NOW - 1).is_ok());
    assert!(verified_at(&text, NOW - 30).is_ok());
    let verdict = verified_at(&text, NOW - 31);
    assert_eq!(verdict, Err(Reason::NotYetValid));
}

#[test]
fn they_end_with_the_event() {
    let text = text_at(ENDS_AT);
    assert!(verified_at(&text, ENDS_AT).is_ok());
    assert_eq!(verified_at(&text, ENDS_AT + 1), Err(Reason::Expired));
}

#[test]
fn the_next_rotation_is_1_to_30_seconds_away() {
    assert_eq!(rotating::seconds_until_rotation(NOW), 30);
    assert_eq!(rotating::seconds_until_rotation(NOW + 1), 29);
    assert_eq!(rotating::seconds_until_rotation(NOW + 29), 1);
    for now in NOW..NOW + 100 {
        let next = now + rotating::seconds_until_rotation(now);
        assert_eq!(rotating::window(next), rotating::window(now) + 1);
        assert_eq!(rotating::window(next - 1), rotating::window(now));
    }
}

#[test]
fn minutes_round_up() {
    let minute = time::minute(NOW);
    assert_eq!(time::seconds(minute), NOW);
    assert_eq!(time::minute(NOW + 1), minute + 1);
    assert_eq!(time::minute(NOW + 60), minute + 1);
    assert_eq!(time::minute(time::EPOCH), 0);
    assert_eq!(time::minute(i64::MIN), 0);
    assert_eq!(time::minute(i64::MAX), u32::MAX);
}
