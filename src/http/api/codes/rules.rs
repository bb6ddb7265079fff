//! Rules: other targets for some visits.

use std::borrow::Cow;

use poem_openapi::{
    Object,
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::{
    codes::{DEVICES, Rule, When},
    kernel::error::Detail,
};

/// Of one code.
pub const RULES: usize = 50;
const WORDS: usize = 50;

/// Another target for visits that fit; of several, the first one's.
#[derive(Clone, Deserialize, Object)]
#[oai(rename = "CodeRule")]
#[serde(deny_unknown_fields)]
pub struct RuleShape {
    pub when: WhenShape,
    /// An http or https URL
    pub target: String,
}

/// All of what is given must fit; of a list, one item.
#[derive(Clone, Default, Deserialize, Object)]
#[oai(rename = "CodeRuleWhen", skip_serializing_if_is_none)]
#[serde(deny_unknown_fields, default)]
pub struct WhenShape {
    /// `mobile`, `tablet`, `desktop`, `ios`, `android`, `windows`, `macos` or `linux`, or a list of them
    device: Option<Words>,
    /// Tags such as `de` or `pt-BR` (RFC 5646): the browser likes this one best of all that the code's rules name
    language: Option<Words>,
    /// Two letters each (ISO 3166-1), as the proxy of `SCAN_COUNTRY_HEADER` tells
    country: Option<Words>,
    /// `HH:MM`, with `to`
    from: Option<String>,
    /// `HH:MM`, exclusive; before `from` it is on the next day, and equal to it all day
    to: Option<String>,
    /// IANA zone of `from` and `to`; the organization's if none is given
    zone: Option<String>,
}

/// One word or a list of them.
#[derive(Clone)]
struct Words(Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            One(String),
            Many(Vec<String>),
        }
        Ok(Self(match Either::deserialize(deserializer)? {
            Either::One(word) => vec![word],
            Either::Many(words) => words,
        }))
    }
}

impl Type for Words {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "words".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let mut schema = MetaSchema::ANY;
        schema.one_of = vec![String::schema_ref(), <Vec<String> as Type>::schema_ref()];
        MetaSchemaRef::Inline(Box::new(schema))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for Words {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let value = value.unwrap_or_default();
        serde_json::from_value(value).map_err(poem_openapi::types::ParseError::custom)
    }
}

impl ToJSON for Words {
    fn to_json(&self) -> Option<Value> {
        self.0.to_json()
    }
}

impl From<&Rule> for RuleShape {
    fn from(rule: &Rule) -> Self {
        let words = |words: &Vec<String>| (!words.is_empty()).then(|| Words(words.clone()));
        let When {
            device,
            language,
            country,
            from_min,
            to_min,
            zone,
        } = &rule.when;
        let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        Self {
            when: WhenShape {
                device: words(device),
                language: words(language),
                country: words(country),
                from: from_min.map(time),
                to: to_min.map(time),
                zone: zone.clone(),
            },
            target: rule.target.clone(),
        }
    }
}

impl WhenShape {
    /// The checked condition. `add`: told of what is wrong, by the name of the field below `when`.
    pub fn checked(&self, zone: &str, mut add: impl FnMut(&'static str, String)) -> When {
        let mut words =
            |field, given: &Option<Words>, make: fn(&str) -> Option<String>, expected: &str| {
                let given = given.as_ref().map_or(&[] as &[_], |words| &words.0);
                if given.len() > WORDS {
                    add(field, format!("must have at most {WORDS} items"));
                }
                let made: Option<Vec<String>> =
                    given.iter().take(WORDS).map(|word| make(word)).collect();
                made.unwrap_or_else(|| {
                    add(field, format!("must be {expected}"));
                    Vec::new()
                })
            };
        let devices = format!("one of {}", DEVICES.join(", "));
        let device = words("device", &self.device, device, &devices);
        let language = words(
            "language",
            &self.language,
            language,
            "a language tag such as de or pt-BR",
        );
        let country = words("country", &self.country, country, "two letters, such as DE");
        let mut time = |field, text: &Option<String>| {
            let minutes = text.as_deref().map(minutes);
            if minutes == Some(None) {
                add(field, "must be a time of day such as 08:30".to_owned());
            }
            minutes.flatten()
        };
        let (from_min, to_min) = (time("from", &self.from), time("to", &self.to));
        if self.from.is_some() != self.to.is_some() {
            let missing = if self.from.is_some() { "to" } else { "from" };
            add(missing, "is missing: from and to go together".to_owned());
        }
        let zone = self.zone.as_deref().unwrap_or(zone);
        if self.zone.is_some() && jiff::tz::TimeZone::get(zone).is_err() {
            add(
                "zone",
                "must be an IANA time zone such as Europe/Berlin".to_owned(),
            );
        }
        if [&self.device, &self.language, &self.country]
            .iter()
            .all(|words| words.as_ref().is_none_or(|words| words.0.is_empty()))
            && self.from.is_none()
            && self.to.is_none()
        {
            add("", "must name device, language, country, or from and to: what fits every visit is the code's target".to_owned());
        }
        When {
            zone: from_min.map(|_| zone.to_owned()),
            device,
            language,
            country,
            from_min,
            to_min,
        }
    }
}

/// What is wrong with a field of the rule `n`.
pub fn detail(n: usize, field: &str, message: String) -> Detail {
    let path = match field {
        "" => format!("rules[{n}].when"),
        "target" => format!("rules[{n}].target"),
        field => format!("rules[{n}].when.{field}"),
    };
    Detail {
        field: path.into(),
        message: message.into(),
    }
}

fn device(word: &str) -> Option<String> {
    let word = word.to_ascii_lowercase();
    DEVICES.contains(&&*word).then_some(word)
}

fn language(tag: &str) -> Option<String> {
    let is_part = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let is_tag = tag.len() <= 35 && tag.len() > 1 && tag.split('-').all(is_part);
    is_tag.then(|| tag.to_ascii_lowercase())
}

fn country(code: &str) -> Option<String> {
    let is_code = code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic());
    is_code.then(|| code.to_ascii_uppercase())
}

/// Since midnight, of `HH:MM`.
fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str, below: u16| {
        let is_plain = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        let number = text.parse::<u16>().ok().filter(|_| is_plain)?;
        (number < below).then_some(number)
    };
    Some(number(hour, 24)? * 60 + number(minute, 60)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_tags_and_countries_are_read_exactly() {
        for (text, read) in [
            ("00:00", Some(0)),
            ("23:59", Some(1439)),
            ("08:30", Some(510)),
        ] {
            assert_eq!(minutes(text), read);
        }
        for text in [
            "24:00", "8:30", "08:60", "0830", "08:3", "+8:30", "", ":", "08:30:00",
        ] {
            assert_eq!(minutes(text), None, "{text}");
        }
        assert_eq!(language("pt-BR").as_deref(), Some("pt-br"));
        for text in ["", "d", "de_DE", "-", "de-", "ä", &"a".repeat(40)] {
            assert_eq!(language(text), None, "{text}");
        }
        assert_eq!(country("de").as_deref(), Some("DE"));
        assert!(country("D1").or(country("DEU")).is_none());
    }
}
