//! The header that says how well readers cope with an image.

use std::borrow::Cow;

use ::style::{Grade, Report};
use poem::http::HeaderValue;
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ToHeader, Type},
};

/// `X-QR-Grade`: one letter, without an allocation, because every remembered image has it.
pub struct GradeHeader(Grade);

impl From<&Report> for GradeHeader {
    fn from(report: &Report) -> Self {
        Self(report.grade())
    }
}

impl Type for GradeHeader {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let mut schema = MetaSchema::new("string");
        schema.enum_items = Grade::ALL
            .iter()
            .rev()
            .map(|grade| grade.label().into())
            .collect();
        MetaSchemaRef::Inline(Box::new(schema))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ToHeader for GradeHeader {
    fn to_header(&self) -> Option<HeaderValue> {
        Some(HeaderValue::from_static(self.0.label()))
    }
}
