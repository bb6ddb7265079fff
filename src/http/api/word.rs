//! A word of a vocabulary as a parameter or a field: the OpenAPI document lists its spellings, and so does what is refused.

use std::{borrow::Cow, marker::PhantomData};

use ::style::{Border, Centre, Effect, EyeShape, FrameKind, Grade, Kind, LogoShape, Pattern, Side};
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type},
};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use symbol::{Mode, file::Paint};

use crate::{
    kernel::Level,
    render::{Charset, Format, Terminal, Unit},
};

/// A closed set of words.
pub trait Vocabulary: Copy + Send + Sync + 'static {
    fn words() -> Vec<&'static str>;
    fn find(word: &str) -> Option<Self>;
}

macro_rules! vocabularies {
    ($($name:ident)+) => {$(
        impl Vocabulary for $name {
            fn words() -> Vec<&'static str> {
                Self::ALL.iter().map(|word| word.label()).collect()
            }

            fn find(word: &str) -> Option<Self> {
                Self::parse(word)
            }
        }
    )+};
}

vocabularies! { Border Centre EyeShape FrameKind Grade LogoShape Pattern Side }

/// Two spellings of one kind are in use.
const CONICAL: &str = "conical";

impl Vocabulary for Kind {
    fn words() -> Vec<&'static str> {
        let mut words: Vec<_> = Self::ALL.iter().map(|kind| kind.label()).collect();
        words.push(CONICAL);
        words
    }

    fn find(word: &str) -> Option<Self> {
        Self::parse(if word == CONICAL {
            Self::Conic.label()
        } else {
            word
        })
    }
}

/// The shape of finder patterns: one of the library's, or the caller's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EyeWord {
    Known(EyeShape),
    Custom,
}

impl EyeWord {
    /// What a custom outline replaces is a square.
    pub const fn parts(self) -> (Border, Centre) {
        match self {
            Self::Known(shape) => shape.parts(),
            Self::Custom => EyeShape::Square.parts(),
        }
    }
}

impl Vocabulary for EyeWord {
    fn words() -> Vec<&'static str> {
        let mut words = EyeShape::words();
        words.push("custom");
        words
    }

    fn find(word: &str) -> Option<Self> {
        let known = EyeShape::find(word).map(Self::Known);
        known.or_else(|| (word == "custom").then_some(Self::Custom))
    }
}

/// The name of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EffectWord(pub &'static str);

impl Vocabulary for EffectWord {
    fn words() -> Vec<&'static str> {
        Effect::WORDS.to_vec()
    }

    fn find(word: &str) -> Option<Self> {
        Effect::WORDS
            .into_iter()
            .find(|each| *each == word)
            .map(Self)
    }
}

impl Vocabulary for Unit {
    fn words() -> Vec<&'static str> {
        [Self::In, Self::Cm, Self::Mm].map(Self::label).to_vec()
    }

    fn find(word: &str) -> Option<Self> {
        [Self::In, Self::Cm, Self::Mm]
            .into_iter()
            .find(|unit| unit.label() == word)
    }
}

impl Vocabulary for Paint {
    fn words() -> Vec<&'static str> {
        vec!["rgb", "cmyk"]
    }

    fn find(word: &str) -> Option<Self> {
        match word {
            "rgb" => Some(Self::Rgb),
            "cmyk" => Some(Self::Cmyk),
            _ => None,
        }
    }
}

impl Vocabulary for Format {
    fn words() -> Vec<&'static str> {
        Self::ALL.iter().map(|format| format.label()).collect()
    }

    fn find(word: &str) -> Option<Self> {
        let word = if word == "jpg" { "jpeg" } else { word };
        Self::from_label(word)
    }
}

impl Vocabulary for Terminal {
    fn words() -> Vec<&'static str> {
        Self::ALL.iter().map(|terminal| terminal.label()).collect()
    }

    fn find(word: &str) -> Option<Self> {
        Self::from_label(word)
    }
}

/// An enum of another module, spelled in order.
macro_rules! spelled {
    ($name:ident: $($spelling:literal = $word:ident),+) => {
        impl $crate::http::api::word::Vocabulary for $name {
            fn words() -> Vec<&'static str> {
                vec![$($spelling),+]
            }

            fn find(word: &str) -> Option<Self> {
                match word.replace('_', "-").as_str() {
                    $($spelling => Some(Self::$word),)+
                    _ => None,
                }
            }
        }
    };
}
pub(super) use spelled;

spelled! { Mode: "numeric" = Numeric, "alphanumeric" = Alphanumeric, "byte" = Byte, "kanji" = Kanji }
spelled! { Charset: "auto" = Auto, "always" = Utf8, "never" = Undeclared, "latin-1" = Latin1, "shift-jis" = ShiftJis }

impl Vocabulary for Level {
    fn words() -> Vec<&'static str> {
        vec!["L", "M", "Q", "H"]
    }

    fn find(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|level| level.label().eq_ignore_ascii_case(word))
    }
}

/// A text that is meant to be one of the words. Whether it is, [`Word::get`] says, so that all faults are told at once.
#[derive(Clone)]
pub struct Word<V>(String, PhantomData<V>);

impl Word<Format> {
    pub fn of(format: Format) -> Self {
        Self(format.label().to_owned(), PhantomData)
    }
}

impl<V: Vocabulary> Word<V> {
    /// # Errors
    /// What it must be.
    pub fn get(&self) -> Result<V, String> {
        V::find(&self.0).ok_or_else(|| format!("must be one of {}", V::words().join(", ")))
    }
}

impl Word<EyeShape> {
    /// Of the vocabulary that also has custom shapes.
    pub fn known(self) -> Word<EyeWord> {
        Word(self.0, PhantomData)
    }
}

impl<V: Vocabulary> Type for Word<V> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let mut schema = MetaSchema::new("string");
        schema.enum_items = V::words().into_iter().map(Value::from).collect();
        MetaSchemaRef::Inline(Box::new(schema))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl<V: Vocabulary> ParseFromParameter for Word<V> {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        let word = Self(text.to_owned(), PhantomData);
        word.get().map_err(ParseError::custom)?;
        Ok(word)
    }
}

impl<V: Vocabulary> ParseFromJSON for Word<V> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let text = String::parse_from_json(value).map_err(ParseError::propagate)?;
        Ok(Self(text, PhantomData))
    }
}

impl<V: Vocabulary> ToJSON for Word<V> {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.clone().into())
    }
}

impl<'de, V> Deserialize<'de> for Word<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(deserializer)?, PhantomData))
    }
}
