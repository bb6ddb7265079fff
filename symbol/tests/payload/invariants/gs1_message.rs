//! A message is read back element by element, by a scanner's rules alone.

use symbol::payload::{Gs1Element, Gs1Message, Payload};

use super::{built, has_check_digit, input::Input};

pub fn element(input: &mut Input<'_>) -> Gs1Element {
    let date = input
        .pick(&["261231", "240229", "260200", "261301"])
        .to_owned();
    let six: String = (0..6).map(|_| input.digits(1)).collect();
    let lot = input
        .pick(&[
            "ABC/1",
            "x+y&z=%",
            "..",
            "(01)",
            "a\u{1d}21b",
            "é",
            "\"%'<>?",
        ])
        .to_owned();
    let (ai, value) = match input.number(0..=16) {
        0 | 1 => ("01", input.checked_digits(14)),
        2 => ("00", input.checked_digits(18)),
        3 => ("10", lot),
        4 => ("21", lot),
        5 => ("17", date),
        6 => ("15", date),
        7 => ("11", date),
        8 => ("3103", six),
        9 => ("3922", input.digits(15)),
        10 => ("3932", input.digits(18)),
        11 => ("37", input.digits(8)),
        12 => ("414", input.checked_digits(13)),
        13 => ("8008", format!("{date}2359")),
        14 => ("8200", input.web_address()),
        15 => ("91", input.text()),
        _ => {
            return Gs1Element {
                ai: input.text(),
                value: input.text(),
            };
        }
    };
    Gs1Element {
        ai: ai.to_owned(),
        value,
    }
}

/// Digits of an AI, by its first two (GS1 General Specifications figure 7.8.1-1).
fn ai_digits(text: &str) -> usize {
    match &text[..2] {
        "23" | "24" | "25" | "40" | "41" | "42" | "71" => 3,
        "31" | "32" | "33" | "34" | "35" | "36" | "39" | "43" | "70" | "72" | "80" | "81"
        | "82" => 4,
        _ => 2,
    }
}

/// Length of element strings that have one by their first two digits, AI included (figure 7.8.5-2).
fn predefined(text: &str) -> Option<usize> {
    match text[..2].parse::<u8>().unwrap() {
        0 | 4 => Some(if text.starts_with("00") { 20 } else { 18 }),
        1..=3 | 41 => Some(16),
        11..=19 => Some(8),
        20 => Some(4),
        31..=36 => Some(10),
        _ => None,
    }
}

fn read(text: &str) -> Vec<Gs1Element> {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (string, after) = match predefined(rest) {
            Some(len) => rest.split_at(len),
            None => rest.split_once('\u{1d}').unwrap_or((rest, "")),
        };
        let (ai, value) = string.split_at(ai_digits(string));
        out.push(Gs1Element {
            ai: ai.to_owned(),
            value: value.to_owned(),
        });
        rest = after;
    }
    out
}

pub fn check(bytes: &[u8]) -> bool {
    let mut input = Input::new(bytes);
    let message = Gs1Message {
        elements: input.list(5, element),
    };

    // The form for people leads to the same message.
    let shown: Vec<String> = message
        .elements
        .iter()
        .map(|Gs1Element { ai, value }| format!("({ai}){}", value.replace('(', "\\(")))
        .collect();
    let bracketed = Gs1Message::bracketed(&shown.concat());

    let result = message.build();
    assert!(result.as_ref().is_ok_and(Payload::is_gs1) || result.is_err());
    let Some(out) = built(result) else {
        return false;
    };
    assert_eq!(read(&out), message.elements, "{out:?}");
    for Gs1Element { ai, value } in &message.elements {
        let is_key = ["00", "01", "414"].contains(&ai.as_str());
        assert!(!is_key || has_check_digit(value), "{out:?}");
    }
    assert!(!out.ends_with('\u{1d}'));
    assert!(
        out.bytes().all(|b| b == 0x1d || b.is_ascii_graphic()),
        "{out:?}"
    );
    assert_eq!(bracketed.unwrap(), message);
    true
}
