//! A message of element strings, for a symbol that begins with FNC1.
//!
//! Invariant: every element string that needs a separator and is not the last is followed by exactly one.

use super::{
    super::{
        Limits, Payload,
        error::{Error, Faults, Wrong},
    },
    Gs1Element,
};

/// Group separator: what FNC1 becomes between element strings (ISO/IEC 18004 §7.4.9.2).
const SEPARATOR: char = '\u{1D}';

/// A GS1 message (General Specifications §7.8). [`Payload::is_gs1`] is true of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gs1Message {
    /// 1..=50, each AI once, in this order. Those of fixed length first make the message shorter.
    pub elements: Vec<Gs1Element>,
}

impl Gs1Message {
    /// From the form that people read: `(01)09506000134352(10)ABC`. A bracket that belongs to a value is written `\(`.
    ///
    /// # Errors
    /// Names `text`, where brackets do not fit. Values are looked at by [`Gs1Message::build`].
    pub fn bracketed(text: &str) -> Result<Self, Error> {
        let mut faults = Faults::default();
        let elements = faults.keep("text", elements(text));
        faults.finish(String::new()).map(|_| Self { elements })
    }

    /// # Errors
    /// Names `elements`, `elements[0].ai`, `elements[0].value`.
    pub fn build(&self) -> Result<Payload, Error> {
        let mut faults = Faults::default();
        let count = self.elements.len();
        if !matches!(count, 1..=50) {
            faults.add(
                "elements",
                Wrong::new(format!("has {count} entries"), "must have 1 to 50"),
            );
        }
        let mut text = String::new();
        for (i, element) in self.elements.iter().take(50).enumerate() {
            let field = format!("elements[{i}]");
            let format = element.check(&field, &mut faults);
            if self.elements[..i]
                .iter()
                .any(|earlier| earlier.ai == element.ai)
            {
                faults.add(
                    format!("{field}.ai"),
                    Wrong::new("is there already", "must be there only once"),
                );
            }
            text.push_str(&element.ai);
            text.push_str(&element.value);
            if i + 1 < count && format.is_some_and(|format| !format.is_predefined) {
                text.push(SEPARATOR);
            }
        }
        faults.finish_with(text, Limits::default(), true)
    }
}

fn elements(text: &str) -> Result<Vec<Gs1Element>, Wrong> {
    let wrong = |at: usize| {
        let right = "must be an AI in brackets, its value, and so on: (01)09506000134352(10)ABC";
        Wrong::new(format!("does not fit at byte {}", at + 1), right)
    };
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() || out.is_empty() {
        let at = text.len() - rest.len();
        let (ai, after) = rest
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'))
            .ok_or_else(|| wrong(at))?;
        let mut value = String::new();
        let mut characters = after.char_indices().peekable();
        while let Some((i, c)) = characters.next_if(|&(_, c)| c != '(') {
            match (c, characters.peek()) {
                ('\\', Some((_, '('))) => {
                    characters.next();
                    value.push('(');
                }
                ('\\', _) => return Err(wrong(text.len() - after.len() + i)),
                _ => value.push(c),
            }
        }
        let end = characters.peek().map_or(after.len(), |&(i, _)| i);
        rest = &after[end..];
        out.push(Gs1Element {
            ai: ai.to_owned(),
            value,
        });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(text: &str) -> Result<String, String> {
        let message = Gs1Message::bracketed(text).and_then(|message| message.build());
        message.map(Payload::into_text).map_err(|e| e.to_string())
    }

    #[test]
    fn separators_only_where_they_are_needed() {
        for (given, wanted) in [
            (
                "(01)09501101530003(17)150119(10)AB-123",
                "01095011015300031715011910AB-123",
            ),
            (
                "(10)AB-123(01)09501101530003",
                "10AB-123\u{1d}0109501101530003",
            ),
            (
                "(01)09506000134352(3103)000195(3922)0299(21)x\\(y)",
                "0109506000134352310300019539220299\u{1d}21x(y)",
            ),
            (
                "(402)12345678901234560(422)276",
                "40212345678901234560\u{1d}422276",
            ),
            ("(00)106141412345678908", "00106141412345678908"),
            ("(8008)2612311259(99)%", "80082612311259\u{1d}99%"),
            ("(4330)001000-", "4330001000-"),
            ("(7007)260228260301", "7007260228260301"),
        ] {
            assert_eq!(build(given).as_deref(), Ok(wanted));
        }
    }

    #[test]
    fn formats() {
        for bad in [
            "(01)09501101530004",
            "(01)9501101530003",
            "(01)0950110153000A",
            "(01)095011015300030",
            "(17)261301",
            "(17)260230",
            "(7006)260200",
            "(10)",
            "(10)123456789012345678901",
            "(10)ä",
            "(10)a b",
            "(10)a\u{1d}21b",
            "(3106)000195",
            "(3103)00195",
            "(8008)2612312460",
            "(8008)261231125",
            "(4321)2",
            "(423)2762",
            "(8003)19506000134352",
            "(9)1",
            "(12345)1",
            "(8110)1",
            "(88)1",
            "(7007)2602282603",
            "(8007)DE72110220330123456789",
            "(4330)001000+",
        ] {
            assert!(build(bad).is_err(), "{bad}");
        }
        for good in [
            "(17)260200",
            "(17)240229",
            "(8007)DE71110220330123456789",
            "(423)276752",
            "(253)9506000134352X",
            "(8200)https://a.b/",
            "(8010)95060001A-/#",
            "(7003)2602281259",
            "(7011)260228",
            "(7011)2602281259",
        ] {
            assert_eq!(build(good).err(), None, "{good}");
        }
        assert_eq!(
            build("(17)261301(17)26").unwrap_err(),
            "elements[0].value has a day that does not exist; must be YYMMDD. elements[1].value ends too early; must be 6 \
             digits. elements[1].ai is there already; must be there only once"
        );
    }

    #[test]
    fn brackets() {
        for bad in ["", "01", "(01", "(01)1\\", "(01)1\\2", "x(01)1"] {
            assert!(
                build(bad)
                    .unwrap_err()
                    .starts_with("text does not fit at byte"),
                "{bad}"
            );
        }
    }
}
