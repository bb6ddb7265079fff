//! `ETag` of a code, and what `If-Match` makes of it.
//!
//! It tells states of a code apart, as far as callers change them. Counts grow between, so it is no validator of a copy of the
//! answer, and no answer here is 304.

use poem::http::{HeaderMap, header};

use super::At;
use crate::{
    app::App,
    codes::Code,
    kernel::{Error, Kind, Result, Timestamp},
};

pub fn etag(code: &Code) -> String {
    format!("\"{:x}\"", code.updated_at.as_microsecond())
}

/// The state that `If-Match` names (RFC 9110 §13.1.1), if that is the code's; `None` without the header.
///
/// # Errors
/// `PreconditionFailed`, and those of looking the code up.
pub async fn seen(app: &App, (org, id): At, headers: &HeaderMap) -> Result<Option<Timestamp>> {
    let mut sent = headers.get_all(header::IF_MATCH).iter().peekable();
    if sent.peek().is_none() {
        return Ok(None);
    }
    let code = app.codes.get(org, id).await?;
    let current = etag(&code);
    let tags = sent.flat_map(|value| value.as_bytes().split(|b| *b == b','));
    let mut tags = tags.map(<[u8]>::trim_ascii);
    if tags.any(|tag| tag == b"*" || tag == current.as_bytes()) {
        return Ok(Some(code.updated_at));
    }
    let message = format!("the code is not as If-Match says, but as {current}: read it again");
    Err(Error::new(Kind::PreconditionFailed, message))
}
