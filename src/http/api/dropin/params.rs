//! Parameters of a query and of a form, as callers of other services send them.
//!
//! Invariant: a value keeps its bytes until a dialect says in which character set they are. An empty value is none. Of a name
//! that is repeated the last value counts, and the query comes before the form.

use std::ops::RangeInclusive;

use bytes::Bytes;
use percent_encoding::percent_decode;
use poem::{FromRequest, Request, RequestBody, Result, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry},
};
use serde_json::Value;

use super::charset::Charset;
use crate::kernel::{Error, Kind, Level};

/// Pairs that are read; no service has so many parameters.
const PAIRS: usize = 64;
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// What a plus sign stands for in a query. In a form it is always a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plus {
    Space,
    Itself,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params {
    /// The form's, then the query's.
    pairs: Vec<(String, Vec<u8>)>,
    query: String,
    form_pairs: usize,
}

impl Params {
    fn new(query: &str, form: Vec<(String, Vec<u8>)>) -> Self {
        let form_pairs = form.len();
        let mut pairs = form;
        pairs.extend(parsed(query.as_bytes(), Plus::Space));
        Self {
            pairs,
            query: query.to_owned(),
            form_pairs,
        }
    }

    /// With another meaning of a plus sign in the query.
    #[must_use]
    pub fn with_plus(mut self, plus: Plus) -> Self {
        self.pairs.truncate(self.form_pairs);
        self.pairs.extend(parsed(self.query.as_bytes(), plus));
        self
    }

    /// `None` for a value that is empty or not there.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        let mut last_first = self.pairs.iter().rev();
        let (_, value) = last_first.find(|(each, _)| each == name)?;
        (!value.is_empty()).then_some(value)
    }

    /// # Errors
    /// `Invalid` for bytes that are no text in this character set.
    pub fn text_in(&self, name: &'static str, charset: Charset) -> Result<Option<String>, Error> {
        let Some(bytes) = self.bytes(name) else {
            return Ok(None);
        };
        let text = charset.decode(bytes);
        text.map(Some)
            .ok_or_else(|| Error::invalid(name, format!("must be text in {}", charset.label())))
    }

    /// # Errors
    /// `Invalid` for bytes that are no UTF-8.
    pub fn text(&self, name: &'static str) -> Result<Option<String>, Error> {
        self.text_in(name, Charset::Utf8)
    }

    /// # Errors
    /// `Invalid` for another text than a whole number within `range`.
    pub fn number(
        &self,
        name: &'static str,
        range: &RangeInclusive<u32>,
    ) -> Result<Option<u32>, Error> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let number = text.trim().parse().ok().filter(|n| range.contains(n));
        number.map(Some).ok_or_else(|| {
            let message = format!(
                "must be a whole number from {} to {}",
                range.start(),
                range.end()
            );
            Error::invalid(name, message)
        })
    }

    /// The digits that a value begins with, as `parseInt` of JavaScript and `(int)` of PHP read it. `None` without one.
    pub fn leading_number(&self, name: &str) -> Option<i64> {
        let text = str::from_utf8(self.bytes(name)?).ok()?.trim_start();
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let end = digits.find(|c: char| !c.is_ascii_digit());
        let digits = &digits[..end.unwrap_or(digits.len())];
        // As many digits as any number here needs; more are as good.
        let digits = digits.get(..12).unwrap_or(digits);
        digits.parse::<i64>().ok().map(|number| sign * number)
    }

    /// # Errors
    /// `Invalid` for a value that is none of the words, in either case.
    pub fn word<T: Copy>(
        &self,
        name: &'static str,
        words: &[(&'static str, T)],
    ) -> Result<Option<T>, Error> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let text = text.trim();
        let known = words
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(text));
        known.map(|(_, value)| Some(*value)).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            Error::invalid(name, format!("must be one of {}", words.join(", ")))
        })
    }
}

/// As all services spell them.
pub const LEVELS: [(&str, Level); 4] = [
    ("L", Level::L),
    ("M", Level::M),
    ("Q", Level::Q),
    ("H", Level::H),
];

fn parsed(text: &[u8], plus: Plus) -> Vec<(String, Vec<u8>)> {
    let decoded = |part: &[u8]| -> Vec<u8> {
        let spaced: Vec<u8> = part
            .iter()
            .map(|byte| match byte {
                b'+' if plus == Plus::Space => b' ',
                byte => *byte,
            })
            .collect();
        percent_decode(&spaced).collect()
    };
    let pairs = text
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty());
    let pairs = pairs.take(PAIRS).map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = pair.split_at(at.unwrap_or(pair.len()));
        let name = String::from_utf8_lossy(&decoded(name)).into_owned();
        (name, decoded(value.get(1..).unwrap_or_default()))
    });
    pairs.collect()
}

/// A JSON object with texts, numbers and truth values.
fn json(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let not_json = |_| Error::new(Kind::Malformed, "the body is no JSON object");
    let object: serde_json::Map<String, Value> = serde_json::from_slice(bytes).map_err(not_json)?;
    let pairs = object.into_iter().take(PAIRS).filter_map(|(name, value)| {
        let text = match value {
            Value::String(text) => text,
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        Some((name, text.into_bytes()))
    });
    Ok(pairs.collect())
}

/// Those of a query.
pub struct InQuery(pub Params);

impl<'a> FromRequest<'a> for InQuery {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> Result<Self> {
        let query = request.uri().query().unwrap_or_default();
        Ok(Self(Params::new(query, Vec::new())))
    }
}

/// Those of a form or a JSON object, and of the query.
pub struct InForm(pub Params);

impl<'a> ApiExtractor<'a> for InForm {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(_registry: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        let content = [FORM, JSON].map(|content_type| MetaMediaType {
            content_type,
            schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("object"))),
        });
        Some(MetaRequest {
            description: Some("The parameters of GET"),
            content: content.into(),
            required: false,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let query = request.uri().query().unwrap_or_default();
        let form = sent(request, body).await?;
        Ok(Self(Params::new(query, form)))
    }
}

async fn sent(request: &Request, body: &mut RequestBody) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let unreadable = |e: poem::error::ReadBodyError| {
        Error::caused(Kind::Malformed, "the body could not be read", e)
    };
    let bytes: Bytes = match body.take() {
        Ok(body) => body.into_bytes().await.map_err(unreadable)?,
        Err(_) => Bytes::new(),
    };
    let named = request.header(header::CONTENT_TYPE).unwrap_or(FORM);
    let essence = named.split(';').next().unwrap_or_default().trim();
    match essence.to_ascii_lowercase().as_str() {
        _ if bytes.is_empty() => Ok(Vec::new()),
        FORM => Ok(parsed(&bytes, Plus::Space)),
        JSON => json(&bytes),
        _ => Err(Error::new(
            Kind::UnsupportedMediaType,
            "the body must be application/x-www-form-urlencoded or application/json",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &str, form: &str) -> Params {
        Params::new(query, parsed(form.as_bytes(), Plus::Space))
    }

    #[test]
    fn the_last_value_counts_and_the_query_before_the_form() {
        let asked = params("a=1&a=2&b=&c=%3D%26+x&d", "a=3&b=4&e=5&e=6");
        let text = |name| asked.text(name).unwrap();
        assert_eq!(text("a").as_deref(), Some("2"));
        assert_eq!(text("b"), None, "the query says that it is empty");
        assert_eq!(text("c").as_deref(), Some("=& x"));
        assert_eq!((text("d"), text("f")), (None, None));
        assert_eq!(text("e").as_deref(), Some("6"));
        let kept = params("c=a+b%2B", "d=a+b").with_plus(Plus::Itself);
        assert_eq!(kept.text("c").unwrap().as_deref(), Some("a+b+"));
        assert_eq!(kept.text("d").unwrap().as_deref(), Some("a b"));
    }

    #[test]
    fn what_is_no_text_names_its_field() {
        let asked = params("a=%E9&b=%zz&n=12px&m=7", "");
        assert_eq!(asked.text("a").unwrap_err().details()[0].field, "a");
        let latin = asked.text_in("a", Charset::Latin1).unwrap();
        assert_eq!(latin.as_deref(), Some("é"));
        assert_eq!(asked.text("b").unwrap().as_deref(), Some("%zz"));
        assert_eq!(
            asked.number("n", &(0..=50)).unwrap_err().details()[0].field,
            "n"
        );
        assert_eq!(asked.leading_number("n"), Some(12));
        assert_eq!(asked.number("m", &(0..=7)).unwrap(), Some(7));
        assert!(asked.number("m", &(8..=9)).is_err());
        let huge = params(&format!("a=-{}", "9".repeat(50)), "");
        assert_eq!(huge.leading_number("a"), Some(-999_999_999_999));
    }

    #[test]
    fn an_object_is_as_good_as_a_form() {
        let pairs = json(br#"{"text":"a","size":300,"x":null,"y":[1]}"#).unwrap();
        let asked = Params::new("", pairs);
        assert_eq!(asked.text("text").unwrap().as_deref(), Some("a"));
        assert_eq!(asked.leading_number("size"), Some(300));
        assert_eq!(asked.text("x").unwrap(), None);
        assert!(json(b"[1]").is_err());
    }
}
