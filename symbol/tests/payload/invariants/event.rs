//! An event is read back the same, line by line, and never ends before it begins.

use symbol::payload::{Event, Scope, When};

use super::{
    built,
    content_lines::{components, read},
    input::Input,
    same_url, with_lf,
};

fn when(input: &mut Input<'_>) -> When {
    match input.number(0..=2) {
        0 => When::Day(input.date()),
        1 => When::Local(input.time()),
        _ => When::Utc(input.time()),
    }
}

fn event(input: &mut Input<'_>) -> Event {
    let start = when(input);
    let (a, b) = (input.time(), input.time());
    let end = input.maybe(|input| match start {
        When::Utc(_) => When::Utc(a.max(b)),
        When::Local(_) => When::Local(a.max(b)),
        When::Day(start) if input.one_in(4) => When::Day(start),
        When::Day(_) => when(input),
    });
    Event {
        summary: input.text(),
        start,
        end,
        location: input.maybe(Input::text),
        description: input.maybe(Input::text),
        url: input.maybe(Input::web_address),
        scope: if input.one_in(3) {
            Scope::Calendar {
                uid: input.text(),
                stamp: a,
            }
        } else {
            Scope::Bare
        },
        fold: input.one_in(2),
    }
}

/// Parameters and value of a time.
fn time(name: &str, when: When) -> (String, String) {
    match when {
        When::Day(date) => (format!("{name};VALUE=DATE"), date.to_string()),
        When::Local(time) => (name.to_owned(), time.to_string()),
        When::Utc(time) => (name.to_owned(), format!("{time}Z")),
    }
}

fn expected(event: &Event) -> Vec<(String, String)> {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut out = vec![pair("BEGIN", "VEVENT")];
    if let Scope::Calendar { uid, stamp } = &event.scope {
        out.push(pair("UID", uid));
        out.push(pair("DTSTAMP", &format!("{stamp}Z")));
    }
    out.push(pair("SUMMARY", &event.summary));
    out.push(time("DTSTART", event.start));
    out.extend(event.end.map(|end| time("DTEND", end)));
    out.extend(event.location.iter().map(|text| pair("LOCATION", text)));
    out.extend(
        event
            .description
            .iter()
            .map(|text| pair("DESCRIPTION", &with_lf(text))),
    );
    out.extend(event.url.iter().map(|url| pair("URL", url)));
    out.push(pair("END", "VEVENT"));
    if event.scope != Scope::Bare {
        let head = [
            ("BEGIN", "VCALENDAR"),
            ("VERSION", "2.0"),
            ("PRODID", "-//qr-observatory//EN"),
        ];
        out.splice(0..0, head.map(|(name, value)| pair(name, value)));
        out.push(pair("END", "VCALENDAR"));
    }
    out
}

pub fn check(bytes: &[u8]) -> bool {
    let event = event(&mut Input::new(bytes));
    let Some(out) = built(event.build()) else {
        return false;
    };
    let found = read(&out, event.fold);
    let wanted = expected(&event);
    assert_eq!(found.len(), wanted.len(), "{out}");
    for ((name, raw), (wanted_name, wanted)) in found.iter().zip(&wanted) {
        assert_eq!(name, wanted_name, "{out}");
        if name == "URL" {
            assert!(same_url(raw, wanted), "{out}");
        } else {
            assert_eq!(components(raw), std::slice::from_ref(wanted), "{out}");
        }
    }
    let value = |name: &str| {
        found
            .iter()
            .find(|(n, _)| n.starts_with(name))
            .map(|(_, value)| value.clone())
    };
    // Basic format sorts as time does.
    if let (Some(start), Some(end)) = (value("DTSTART"), value("DTEND")) {
        assert!(start < end && start.len() == end.len(), "{out}");
    }
    true
}
