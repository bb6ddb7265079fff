//! Numbers and texts within bounds that stand in `kernel::limits`: a handler's parameter or a body's field is a
//! [`Within`], and the OpenAPI document and what is refused follow from it.
//!
//! Invariant: a parameter out of its bounds is refused here. A body is not: the validation arm names all its faults at once.

use std::{borrow::Cow, marker::PhantomData, ops::RangeInclusive};

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type},
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use crate::kernel::limits;

/// What bounds a kind of value.
pub trait Bound: Send + Sync {
    type Of: Type + ParseFromJSON + ParseFromParameter + ToJSON + DeserializeOwned;
    /// As the document says it.
    fn describe(schema: &mut MetaSchema);
    fn holds(value: &Self::Of) -> bool;
    /// What a value must be, for whoever sent another one.
    fn expected() -> String;
}

/// A value within the bounds of `B`.
pub struct Within<B: Bound>(pub B::Of, PhantomData<B>);

impl<B: Bound> Within<B> {
    pub const fn new(value: B::Of) -> Self {
        Self(value, PhantomData)
    }
}

impl<B: Bound<Of: Clone>> Clone for Within<B> {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}

macro_rules! numbers {
    ($($(#[$meta:meta])* $name:ident: $of:ty = $range:expr;)+) => {$(
        $(#[$meta])*
        pub struct $name;

        impl Bound for $name {
            type Of = $of;

            fn describe(schema: &mut MetaSchema) {
                schema.minimum = $range.start().to_string().parse().ok();
                schema.maximum = $range.end().to_string().parse().ok();
            }

            fn holds(value: &$of) -> bool {
                $range.contains(value)
            }

            fn expected() -> String {
                format!("must be between {} and {}", $range.start(), $range.end())
            }
        }
    )+};
}

macro_rules! texts {
    ($($(#[$meta:meta])* $name:ident: $least:expr, $most:expr;)+) => {$(
        $(#[$meta])*
        pub struct $name;

        impl Bound for $name {
            type Of = String;

            fn describe(schema: &mut MetaSchema) {
                schema.min_length = $least;
                schema.max_length = Some($most);
            }

            fn holds(value: &String) -> bool {
                let least: Option<usize> = $least;
                (least.unwrap_or(0)..=$most).contains(&value.chars().count())
            }

            fn expected() -> String {
                let least: Option<usize> = $least;
                format!("must have {} to {} characters", least.unwrap_or(0), $most)
            }
        }
    )+};
}

const fn wide(range: RangeInclusive<u8>) -> RangeInclusive<i64> {
    *range.start() as i64..=*range.end() as i64
}

numbers! {
    /// A code's size in dialect v1's steps.
    Steps: i64 = wide(limits::SIZE_STEPS);
    /// Modules of quiet zone.
    Border: u8 = limits::BORDER_MODULES;
    /// The same in a body.
    WideBorder: i64 = wide(limits::BORDER_MODULES);
    /// Quality of a JPEG.
    Quality: u8 = limits::QUALITY;
    WideQuality: i64 = wide(limits::QUALITY);
    /// Width of a symbol without a code, in pixels.
    StyledPx: i64 = limits::STYLED_PX;
    PreviewPx: i64 = limits::PREVIEW_PX;
    /// Its quiet zone.
    Margin: i64 = wide(limits::MARGIN_MODULES);
    /// Pixels of a module.
    Scale: i64 = limits::MODULE_PX;
    Version: i64 = wide(limits::VERSIONS);
    Mask: i64 = wide(limits::MASKS);
    /// Of a symbol among those of one message, the first is 0.
    AppendIndex: i64 = wide(limits::APPEND_INDICES);
    AppendTotal: i64 = wide(limits::APPENDED_SYMBOLS);
    Parity: i64 = 0..=255;
    PhysicalSize: f64 = limits::PHYSICAL_SIZE;
    Dpi: u16 = limits::DPI;
    Page: u64 = limits::PAGES;
    PageSize: u64 = limits::PAGE_ITEMS;
}

texts! {
    Content: Some(1), limits::CONTENT_CHARS;
    Target: Some(1), limits::TARGET_CHARS;
    Title: None, limits::TITLE_CHARS;
    Description: None, limits::DESCRIPTION_CHARS;
    Search: None, limits::SEARCH_CHARS;
    EventName: Some(1), limits::EVENT_NAME_CHARS;
    GateName: Some(1), limits::GATE_CHARS;
    /// What makes one scan told twice one scan.
    Nonce: Some(8), limits::NONCE_CHARS;
    /// Of a token in either form, and of old ones.
    TokenText: Some(1), limits::TOKEN_CHARS;
}

impl<B: Bound> Type for Within<B> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        B::Of::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        let mut bounds = MetaSchema::ANY;
        B::describe(&mut bounds);
        B::Of::schema_ref().merge(bounds)
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl<B: Bound> ParseFromParameter for Within<B> {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        let value = B::Of::parse_from_parameter(text).map_err(ParseError::propagate)?;
        if B::holds(&value) {
            Ok(Self::new(value))
        } else {
            Err(ParseError::custom("out of bounds"))
        }
    }
}

impl<B: Bound> ParseFromJSON for Within<B> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let value = B::Of::parse_from_json(value).map_err(ParseError::propagate)?;
        Ok(Self::new(value))
    }
}

impl<B: Bound> ToJSON for Within<B> {
    fn to_json(&self) -> Option<Value> {
        self.0.to_json()
    }
}

impl<'de, B: Bound> Deserialize<'de> for Within<B> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        B::Of::deserialize(deserializer).map(Self::new)
    }
}
