//! Fields of a code as callers send them, checked.
//!
//! Invariant: everything that is wrong is named at once, by the caller's names; nothing is stored before.

use std::{borrow::Cow, marker::PhantomData, sync::Arc};

use poem_openapi::{
    registry::{MetaSchemaRef, Registry},
    types::{ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::rules::{self, RULES, RuleShape};
use crate::{
    app::App,
    codes::{CodeStyle, Rule},
    http::api::{
        faults::Faults,
        payloads::{Content, Payload},
        v2::graded::spelled,
    },
    identity::OrgId,
    kernel::{Ctx, Error, Kind, Result, Timestamp},
    render,
    validate::{Purpose, Submission},
};

pub const TAGS: usize = 30;
const TAG_CHARS: usize = 50;
pub const PLACEMENTS: usize = 100;
const NAME_CHARS: usize = 100;
/// Seconds of 0000-01-01T00:00:00Z.
const YEAR_ZERO: i64 = -62_167_219_200;
const MAX_SCANS: std::ops::RangeInclusive<i64> = 1..=1_000_000_000;

/// JSON of the shape `T`, kept as it was sent.
pub struct Raw<T>(pub Value, PhantomData<T>);

impl<'de, T> Deserialize<'de> for Raw<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self(value, PhantomData))
    }
}

impl<T: Type> Type for Raw<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl<T: Type> ParseFromJSON for Raw<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        Ok(Self(value.unwrap_or_default(), PhantomData))
    }
}

impl<T> ToJSON for Raw<T>
where
    Self: Type,
{
    fn to_json(&self) -> Option<Value> {
        Some(self.0.clone())
    }
}

/// Of codes.
impl Faults {
    /// A moment (RFC 3339).
    pub fn time(&mut self, field: &'static str, text: &str) -> Option<Timestamp> {
        // Elsewhere it may be a year that has no four digits (RFC 3339 §5.6).
        let parsed = text.parse::<Timestamp>().ok();
        let parsed = parsed.filter(|at| at.as_second() >= YEAR_ZERO);
        if parsed.is_none() {
            self.add(
                field,
                "must be a time such as 2026-12-24T18:00:00Z (RFC 3339)",
            );
        }
        // As it is stored.
        parsed.map(|t| crate::kernel::clock::from_micros(t.as_microsecond()))
    }

    /// It begins before it ends.
    pub fn season(&mut self, start_us: Option<i64>, end_us: Option<i64>) {
        if start_us
            .zip(end_us)
            .is_some_and(|(start, end)| start >= end)
        {
            self.add("expires_at", "must be after starts_at");
        }
    }

    pub fn max_scans(&mut self, most: i64) -> i64 {
        if !MAX_SCANS.contains(&most) {
            let (least, most) = (MAX_SCANS.start(), MAX_SCANS.end());
            self.add("max_scans", format!("must be between {least} and {most}"));
        }
        most
    }

    /// Each once, in their order.
    pub fn tags(&mut self, tags: &[String]) -> Vec<String> {
        let mut kept: Vec<String> = Vec::new();
        for tag in tags {
            let tag = tag.trim();
            let is_plain = !tag.is_empty()
                && tag.chars().count() <= TAG_CHARS
                && !tag.chars().any(|c| c.is_control() || c == ',');
            if !is_plain {
                self.add(
                    "tags",
                    format!("each must have 1 to {TAG_CHARS} characters, and no comma"),
                );
                break;
            }
            if !kept.iter().any(|other| other == tag) {
                kept.push(tag.to_owned());
            }
        }
        if kept.len() > TAGS {
            self.add("tags", format!("must have at most {TAGS} items"));
        }
        kept
    }

    /// A placement's.
    pub fn place(&mut self, name: &str) -> String {
        let name = name.trim();
        if !(1..=NAME_CHARS).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            self.add(
                "placements",
                format!("each must have a name of 1 to {NAME_CHARS} characters"),
            );
        }
        name.to_owned()
    }
}

/// What is needed to check a field.
#[derive(Clone, Copy)]
pub struct Checking<'a> {
    pub app: &'a App,
    pub ctx: &'a Ctx,
    pub org: OrgId,
}

impl Checking<'_> {
    /// The normalised target, by the rules that all targets have.
    ///
    /// # Errors
    /// Faults of validation.
    pub async fn target(
        &self,
        faults: &mut Faults,
        field: &str,
        target: &str,
    ) -> Result<Option<String>> {
        let submission = Submission {
            purpose: Purpose::UpdateDynamic,
            redirect_url: Some(target.to_owned()),
            ..Submission::default()
        };
        let verdict = self.app.validate(self.ctx, &Arc::new(submission)).await?;
        for detail in &verdict.details {
            faults.add(field.to_owned(), detail.message.clone());
        }
        Ok(verdict.target)
    }

    /// # Errors
    /// Faults of validation and of the store.
    pub async fn rules(&self, faults: &mut Faults, rules: &[RuleShape]) -> Result<Vec<Rule>> {
        if rules.len() > RULES {
            faults.add("rules", format!("must have at most {RULES} items"));
            return Ok(Vec::new());
        }
        let zone = if rules.is_empty() {
            String::new()
        } else {
            self.app.auth.organizations.get(self.org).await?.time_zone
        };
        let mut made = Vec::with_capacity(rules.len());
        for (n, rule) in rules.iter().enumerate() {
            let when = rule.when.checked(&zone, |field, message| {
                faults.push(rules::detail(n, field, message));
            });
            let field = format!("rules[{n}].target");
            let target = self.target(faults, &field, &rule.target).await?;
            made.extend(target.map(|target| Rule { when, target }));
        }
        Ok(made)
    }

    /// How a code whose symbol says `says` shall be drawn: by options of its own, or a saved style.
    ///
    /// # Errors
    /// The store's.
    pub async fn style(
        &self,
        faults: &mut Faults,
        says: &str,
        (own, name): (Option<&Value>, Option<&str>),
    ) -> Result<Option<CodeStyle>> {
        match (own, name) {
            (Some(_), Some(_)) => {
                faults.add(
                    "style_name",
                    "leave it out where style is given, or the other way round",
                );
                Ok(None)
            }
            (Some(options), None) => {
                self.options(faults, ("style", says), options).await?;
                Ok(Some(CodeStyle::Own(options.to_string())))
            }
            (None, Some(name)) => {
                match self.app.codes.styles.get(self.org, name).await {
                    Err(e) if e.kind() == Kind::NotFound => {
                        faults.add(
                            "style_name",
                            "names no style of the organization: see GET /api/v2/styles",
                        );
                    }
                    found => {
                        let options = Value::Object(super::super::styles::object(&found?.options));
                        self.options(faults, ("style_name", says), &options).await?;
                    }
                }
                Ok(Some(CodeStyle::Saved(name.to_owned())))
            }
            (None, None) => Ok(None),
        }
    }

    /// The text of a payload that a code shall say for ever, and the payload as JSON.
    pub fn payload(faults: &mut Faults, payload: &Payload) -> Option<(String, String)> {
        let content = Content {
            data: None,
            payload: Some(payload),
        };
        let said = content.said(faults)?;
        if said.gs1 {
            let message = "a code keeps no GS1 content: draw it with POST /api/v2/qr/generate";
            faults.add("payload.kind", message);
        }
        let text = String::from_utf8(said.bytes.to_vec()).ok()?;
        Some((text, payload.to_json()?.to_string()))
    }

    /// Options of a symbol that says `says`. `field`: what they stand in.
    ///
    /// # Errors
    /// Faults only.
    pub async fn options(
        &self,
        faults: &mut Faults,
        (field, says): (&str, &str),
        options: &Value,
    ) -> Result<()> {
        let content = Content {
            data: Some(says),
            payload: None,
        };
        let drawn = async {
            let asked = super::image::spec(self.app, content, options).await?;
            if asked.spec.encoding.append.is_some() {
                let message = "is for the symbols of one message: that of a code stands alone";
                return Err(Error::invalid("structuredAppend", message));
            }
            let request = render::Request::new(asked.spec).map_err(|f| spelled(f.into_error()))?;
            request.symbol().map_err(spelled)
        };
        let Err(e) = drawn.await else {
            return Ok(());
        };
        if e.kind() != Kind::Invalid {
            return Err(e);
        }
        if e.details().is_empty() {
            faults.add(field.to_owned(), e.message().to_owned());
        }
        for detail in e.details() {
            faults.add(format!("{field}.{}", detail.field), detail.message.clone());
        }
        Ok(())
    }
}
