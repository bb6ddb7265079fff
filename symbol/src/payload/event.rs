//! Calendar entries.
//!
//! Invariant: one property per line; the end is of the same kind as the start and later.

use super::{
    Date, DateTime, Payload, check,
    content_line::ContentLines,
    error::{Error, Faults, Wrong},
    url,
};

/// An entry of a calendar (RFC 5545 §3.6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// 1..=200 characters on one line.
    pub summary: String,
    pub start: When,
    /// Later than `start` and of the same kind. For days it is the day after the last (§3.8.2.2). `None`: the moment, or
    /// the one day.
    pub end: Option<When>,
    /// 1..=200 characters on one line.
    pub location: Option<String>,
    /// 1..=1000 characters, line breaks allowed (they become LF).
    pub description: Option<String>,
    /// `http` or `https`, as [`Url`](super::Url).
    pub url: Option<String>,
    pub scope: Scope,
    /// Fold lines at 75 octets (§3.1): see [`VCard::fold`](super::VCard::fold).
    pub fold: bool,
}

/// A time without a zone of its own: a zone would need its rules in the symbol (§3.6.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Day(Date),
    /// The time on the clock of wherever the reader is (§3.3.5, form 1).
    Local(DateTime),
    /// Form 2.
    Utc(DateTime),
}

/// The lines around the entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Nothing: `BEGIN:VEVENT` first, as ZXing's wiki has it. No iCalendar object by the RFC, but what scanners look for;
    /// some take a symbol for plain text that begins otherwise, and it saves about 100 bytes.
    #[default]
    Bare,
    /// All that the RFC wants (§3.4, §3.6.1), for readers that hand the text to a calendar as a file.
    Calendar {
        /// 1..=255 printable ASCII characters, unlike that of any other event.
        uid: String,
        /// When the entry was made, in UTC.
        stamp: DateTime,
    },
}

impl Event {
    /// # Errors
    /// Names `summary`, `end`, `location`, `description`, `url`, `uid`.
    pub fn build(&self) -> Result<Payload, Error> {
        let mut faults = Faults::default();
        let mut lines = ContentLines::new(self.fold);
        let is_calendar = matches!(self.scope, Scope::Calendar { .. });
        if is_calendar {
            lines.line("BEGIN:VCALENDAR");
            lines.line("VERSION:2.0");
            lines.line("PRODID:-//qr-observatory//EN");
        }
        lines.line("BEGIN:VEVENT");
        if let Scope::Calendar { uid, stamp } = &self.scope {
            lines.text("UID", &faults.keep("uid", check::printable(uid, 255)));
            lines.line(&format!("DTSTAMP:{stamp}Z"));
        }
        lines.text(
            "SUMMARY",
            &faults.keep("summary", check::line(&self.summary, 200)),
        );
        lines.line(&format!("DTSTART{}", self.start.value()));
        if let Some(end) = self.end {
            if !end.is_after(self.start) {
                let right = "must be later than the start and of the same kind: both days, both local or both UTC";
                faults.add(
                    "end",
                    Wrong::new("does not end what the start begins", right),
                );
            }
            lines.line(&format!("DTEND{}", end.value()));
        }
        let location = self.location.as_deref();
        lines.text_some(
            "LOCATION",
            faults
                .keep_some("location", location, |text| check::line(text, 200))
                .as_deref(),
        );
        let description = self.description.as_deref();
        let description =
            faults.keep_some("description", description, |text| check::lines(text, 1000));
        lines.text_some("DESCRIPTION", description.as_deref());
        if let Some(link) =
            faults.keep_some("url", self.url.as_deref(), |link| url::normal(link, false))
        {
            lines.line(&format!("URL:{link}"));
        }
        lines.line("END:VEVENT");
        if is_calendar {
            lines.line("END:VCALENDAR");
        }
        faults.finish(lines.finish())
    }
}

impl When {
    /// Parameters and value, from the end of the property's name.
    fn value(self) -> String {
        match self {
            Self::Day(date) => format!(";VALUE=DATE:{date}"),
            Self::Local(time) => format!(":{time}"),
            Self::Utc(time) => format!(":{time}Z"),
        }
    }

    fn is_after(self, start: Self) -> bool {
        match (start, self) {
            (Self::Day(start), Self::Day(end)) => start < end,
            (Self::Local(start), Self::Local(end)) | (Self::Utc(start), Self::Utc(end)) => {
                start < end
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(event: &Event) -> Result<String, String> {
        event
            .build()
            .map(Payload::into_text)
            .map_err(|e| e.to_string())
    }

    fn time(day: u8, hour: u8) -> DateTime {
        DateTime::new(Date::new(2026, 7, day).unwrap(), hour, 0, 0).unwrap()
    }

    fn party() -> Event {
        Event {
            summary: "Bastille Day Party".into(),
            start: When::Utc(time(14, 17)),
            end: Some(When::Utc(time(15, 3))),
            location: None,
            description: None,
            url: None,
            scope: Scope::Bare,
            fold: false,
        }
    }

    #[test]
    fn bare() {
        assert_eq!(
            build(&party()).unwrap(),
            "BEGIN:VEVENT\r\nSUMMARY:Bastille Day Party\r\nDTSTART:20260714T170000Z\r\nDTEND:20260715T030000Z\r\n\
             END:VEVENT\r\n"
        );
    }

    #[test]
    fn in_full() {
        let event = Event {
            start: When::Day(Date::new(2026, 7, 14).unwrap()),
            end: None,
            location: Some("Paris, France".into()),
            description: Some("Bring:\r\n- a\\b; c\n".into()),
            url: Some("https://example.com/?a=1;b".into()),
            scope: Scope::Calendar {
                uid: "1@example.com".into(),
                stamp: time(1, 12),
            },
            ..party()
        };
        assert_eq!(
            build(&event).unwrap(),
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//qr-observatory//EN\r\nBEGIN:VEVENT\r\nUID:1@example.com\r\n\
             DTSTAMP:20260701T120000Z\r\nSUMMARY:Bastille Day Party\r\nDTSTART;VALUE=DATE:20260714\r\n\
             LOCATION:Paris\\, France\r\nDESCRIPTION:Bring:\\n- a\\\\b\\; c\\n\r\nURL:https://example.com/?a=1;b\r\n\
             END:VEVENT\r\nEND:VCALENDAR\r\n"
        );
    }

    #[test]
    fn the_end_is_later_and_of_the_same_kind() {
        for end in [
            When::Utc(time(14, 17)),
            When::Utc(time(13, 18)),
            When::Local(time(15, 3)),
            When::Day(Date::new(2026, 7, 15).unwrap()),
        ] {
            let event = Event {
                end: Some(end),
                ..party()
            };
            assert!(build(&event).unwrap_err().starts_with("end "), "{end:?}");
        }
    }

    #[test]
    fn every_bad_field_is_named() {
        let event = Event {
            summary: "a\r\nb".into(),
            end: Some(When::Utc(time(1, 0))),
            location: Some(String::new()),
            description: Some("\u{b}".into()),
            url: Some("x".into()),
            scope: Scope::Calendar {
                uid: "é".into(),
                stamp: time(1, 0),
            },
            ..party()
        };
        let error = event.build().unwrap_err();
        let fields: Vec<_> = error.faults().iter().map(|f| f.field.as_ref()).collect();
        assert_eq!(
            fields,
            ["uid", "summary", "end", "location", "description", "url"]
        );
    }
}
