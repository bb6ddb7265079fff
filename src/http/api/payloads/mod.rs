//! Payloads: contents that phones act on, given by their fields (`GET /api/v2/payloads`).
//!
//! Invariant: one spelling in all dialects. A field that is wrong is named as `payload.<field>`.

mod contact;
mod examples;
mod kinds;
mod pay;
mod place;
mod told;
mod when;
mod wifi;

use std::borrow::Cow;

use bytes::Bytes;
use poem_openapi::{
    registry::{MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use symbol::payload::Limits;

use super::faults::Faults;
use kinds::Kinds;

pub use told::Payloads;

/// The fields of one kind. They are read when the rest of the question is, so that all faults are told at once.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Payload(Map<String, Value>);

/// What a question says the symbol shall say. Exactly one of them.
#[derive(Clone, Copy)]
pub struct Content<'a> {
    pub data: Option<&'a str>,
    pub payload: Option<&'a Payload>,
}

/// Bytes of a symbol, and what their format demands of it.
pub struct Said {
    pub bytes: Bytes,
    pub limits: Limits,
    /// The symbol must begin with FNC1 in first position.
    pub gs1: bool,
}

impl Content<'_> {
    pub fn said(self, faults: &mut Faults) -> Option<Said> {
        match (self.data, self.payload) {
            (Some(data), None) => Some(Said {
                bytes: Bytes::copy_from_slice(data.as_bytes()),
                limits: Limits::default(),
                gs1: false,
            }),
            (None, Some(payload)) => payload.said(faults),
            (Some(_), Some(_)) => {
                faults.add("payload", "must be left out beside data");
                None
            }
            (None, None) => {
                faults.add("data", "is missing; a payload may stand in its place");
                None
            }
        }
    }
}

impl Payload {
    fn said(&self, faults: &mut Faults) -> Option<Said> {
        let mut fields = self.0.clone();
        let kind = fields.remove("kind");
        let known = kind.as_ref().and_then(Value::as_str);
        let read = known.and_then(|kind| Kinds::read(kind, fields.into()));
        let Some(read) = read else {
            let kinds = Kinds::WORDS.join(", ");
            faults.add("payload.kind", format!("must be one of {kinds}"));
            return None;
        };
        let mut own = Faults::default();
        let built = read
            .map_err(|detail| own.push(detail))
            .ok()
            .and_then(|kind| kind.build(&mut own));
        let built = built.filter(|_| own.is_empty());
        faults.below("payload", own);
        let built = built?;
        Some(Said {
            limits: built.limits(),
            gs1: built.is_gs1(),
            bytes: built.into_text().into(),
        })
    }
}

impl Type for Payload {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        Kinds::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        Kinds::schema_ref()
    }

    fn register(registry: &mut Registry) {
        Kinds::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for Payload {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value {
            Some(Value::Object(fields)) => Ok(Self(fields)),
            other => Err(ParseError::expected_type(other.unwrap_or_default())),
        }
    }
}

impl ToJSON for Payload {
    fn to_json(&self) -> Option<Value> {
        Some(Value::Object(self.0.clone()))
    }
}
