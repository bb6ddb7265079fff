//! What handlers are given: a parsed JSON body.

use bytes::Bytes;
use poem::{Request, RequestBody, Result, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    payload::Payload,
    registry::{MetaMediaType, MetaRequest, MetaSchemaRef, Registry},
    types::Type,
};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::kernel::{Error, Kind, error::Detail};

/// What `curl -d` calls every body.
const FORM: &str = "application/x-www-form-urlencoded";

/// A JSON body. Unlike the framework's own it says which field is wrong, tells unparsable (400) from
/// unacceptable (422), and takes a JSON object without a `Content-Type`, or that is called a form: `curl -d` and callers of
/// other systems send them. That lets no other site in: see `middleware::site`.
pub struct Input<T>(pub T);

impl<T: Type> Payload for Input<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn check_content_type(content_type: &str) -> bool {
        let essence = essence(content_type);
        essence == "application/json"
            || (essence.starts_with("application/") && essence.ends_with("+json"))
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<'a, T: Type + DeserializeOwned> ApiExtractor<'a> for Input<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Self as Payload>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(MetaRequest {
            description: None,
            content: vec![MetaMediaType {
                content_type: Self::CONTENT_TYPE,
                schema: Self::schema_ref(),
            }],
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let bytes = read::<T>(request, body).await?;
        Ok(Self(parse(&bytes)?))
    }
}

/// A JSON body that may also be left out.
pub struct Optional<T>(pub T);

impl<'a, T: Type + DeserializeOwned + Default> ApiExtractor<'a> for Optional<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Input<T> as ApiExtractor>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        <Input<T> as ApiExtractor>::request_meta().map(|meta| MetaRequest {
            required: false,
            ..meta
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let bytes = read::<T>(request, body).await?;
        if bytes.trim_ascii().is_empty() {
            return Ok(Self(T::default()));
        }
        Ok(Self(parse(&bytes)?))
    }
}

/// Whether a browser may have sent it with a session.
fn has_cookie(request: &Request) -> bool {
    let headers = request.headers();
    headers.contains_key(header::COOKIE) && !headers.contains_key(header::AUTHORIZATION)
}

fn essence(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// The whole body, if it is of a type that is spoken here.
async fn read<T: Type>(request: &Request, body: &mut RequestBody) -> Result<Bytes, Error> {
    let unspoken = || {
        Error::new(
            Kind::UnsupportedMediaType,
            "the body must be application/json",
        )
    };
    let named = request.content_type();
    let form = named.is_some_and(|t| essence(t) == FORM);
    if !form && named.is_some_and(|t| !Input::<T>::check_content_type(t)) {
        return Err(unspoken());
    }
    let unreadable = |e: poem::error::ReadBodyError| {
        Error::caused(Kind::Malformed, "the body could not be read", e)
    };
    let bytes = body.take().map_err(unreadable)?;
    let bytes = bytes.into_bytes().await.map_err(unreadable)?;
    match bytes.trim_ascii_start().first() {
        // A page of another site can send such a body, and the browser the cookie with it.
        Some(_) if (form || named.is_none()) && has_cookie(request) => Err(unspoken()),
        None | Some(b'{') => Ok(bytes),
        Some(_) if form => Err(unspoken()),
        Some(_) => Ok(bytes),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    // The deserializer would take an array for an object, its fields in order. No client means that.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        serde_json::from_slice::<IgnoredAny>(bytes).map_err(|e| not_json(&e))?;
        return Err(Error::invalid("body", "must be a JSON object"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut deserializer).map_err(|e| {
        let path = e.path().to_string();
        let cause = e.into_inner();
        // A number where one of several words must stand is no word, but JSON all the same.
        if cause.is_data() || serde_json::from_slice::<IgnoredAny>(bytes).is_ok() {
            unacceptable(&path, &cause)
        } else {
            not_json(&cause)
        }
    })?;
    deserializer.end().map_err(|e| not_json(&e))?;
    Ok(value)
}

/// A part of a body that can only be understood when the rest is. Names the field within it.
///
/// # Errors
/// What is wrong with the first field that cannot be read.
pub fn part<T: DeserializeOwned>(value: Value) -> Result<T, Detail> {
    serde_path_to_error::deserialize(value).map_err(|e| {
        let path = e.path().to_string();
        let error = unacceptable(&path, e.inner());
        let mut found = error.details().iter().cloned();
        let mut detail = found.next().unwrap_or_else(|| Detail {
            field: path.clone().into(),
            message: "is not acceptable".into(),
        });
        let is_within = path != "." && detail.message == "is missing";
        if is_within {
            detail.field = format!("{path}.{}", detail.field).into();
        }
        detail
    })
}

fn not_json(cause: &serde_json::Error) -> Error {
    Error::new(Kind::Malformed, format!("the body is not JSON: {cause}"))
}

/// Names the field, also one that is missing: the parser knows that one only by its message.
fn unacceptable(path: &str, cause: &serde_json::Error) -> Error {
    let text = cause.to_string();
    let message = shortened(text.split(" at line ").next().unwrap_or_default());
    let missing = message
        .strip_prefix("missing field `")
        .and_then(|m| m.strip_suffix('`'));
    match (missing, path) {
        (Some(field), _) => Error::invalid(field.to_owned(), "is missing"),
        (None, ".") => Error::invalid("body", in_words(message)),
        // What was sent is not told to logs.
        (None, field) if field.ends_with("password") => {
            Error::invalid(field.to_owned(), "must be text")
        }
        (None, field) => Error::invalid(shortened(field), in_words(message)),
    }
}

/// What the parser expected, in the words of JSON: it names types of this program.
fn in_words(mut message: String) -> String {
    const WORDS: [(&str, &str); 12] = [
        ("a sequence", "a list"),
        ("a map", "an object"),
        ("a boolean", "true or false"),
        ("u8", "a whole number from 0 to 255"),
        ("u16", "a whole number from 0 to 65535"),
        ("u32", "a whole number from 0"),
        ("u64", "a whole number from 0"),
        ("i32", "a whole number"),
        ("i64", "a whole number"),
        ("f32", "a number"),
        ("f64", "a number"),
        ("a string", "text"),
    ];
    for (theirs, ours) in WORDS {
        if let Some(before) = message.strip_suffix(theirs)
            && before.ends_with("expected ")
        {
            let at = before.len();
            message.replace_range(at.., ours);
            break;
        }
    }
    if let Some(at) = message.find("expected struct ") {
        message.replace_range(at.., "expected an object");
    }
    message
}

/// What a caller sent is not sent back at any length: the beginning says what was meant, and the end what would be right.
fn shortened(text: &str) -> String {
    const BEGIN: usize = 200;
    const END: usize = 500;
    let chars = text.chars().count();
    if chars <= BEGIN + END {
        return text.to_owned();
    }
    let begin: String = text.chars().take(BEGIN).collect();
    let end: String = text.chars().skip(chars - END).collect();
    format!("{begin} … {end}")
}
