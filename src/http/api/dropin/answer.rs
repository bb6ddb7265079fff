//! Pictures and errors as answers: what all dialects of other services share.
//!
//! Invariant: a fault is logged and counted where all are; a dialect only gives the answer its shape.

use std::sync::Arc;

use poem::{
    IntoResponse, Request, Response,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::ToHeader,
};

use crate::{
    app::App,
    http::{grade::GradeHeader, images, may::credentials, problem::Shape},
    kernel::{Ctx, Error, Result},
    render::{self, Faults, Format, Names, Rendered, Spec},
    telemetry::labels::Dialect,
};

/// The same question has the same answer until a release draws otherwise. A week, as the services say.
const FOR_ALL: &str = "public, max-age=604800";
/// Where credentials decide who may ask.
const FOR_ONE: &str = "private, max-age=604800";

static X_QR_GRADE: HeaderName = HeaderName::from_static("x-qr-grade");
static X_QR_CONCERNS: HeaderName = HeaderName::from_static("x-qr-concerns");

/// An answer that is described, and made by hand.
pub struct Answered(pub Response);

impl IntoResponse for Answered {
    fn into_response(self) -> Response {
        self.0
    }
}

impl ApiResponse for Answered {
    fn meta() -> MetaResponses {
        let types = [
            Format::Png.media_type(),
            Format::Svg.media_type(),
            Format::Gif.media_type(),
            Format::Jpeg.media_type(),
            Format::Eps.media_type(),
            "text/plain",
            "application/json",
            "application/xml",
        ];
        let schema = || MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")));
        let content = types.map(|content_type| MetaMediaType {
            content_type,
            schema: schema(),
        });
        let response = |status, description, content| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content,
            headers: Vec::new(),
        };
        let wrong = "A value is not acceptable; told as the service tells it";
        MetaResponses {
            responses: vec![
                response(
                    200,
                    "What the service answers, with `X-QR-Grade` where it is a picture",
                    content.into(),
                ),
                response(400, wrong, Vec::new()),
                response(422, wrong, Vec::new()),
                response(404, wrong, Vec::new()),
                response(413, "The body or the picture is too large", Vec::new()),
            ],
        }
    }

    fn register(_registry: &mut Registry) {}
}

/// Draws and counts, for one dialect.
pub struct Images(images::Images);

impl Images {
    pub fn new(dialect: Dialect) -> Self {
        Self(images::Images::new(dialect))
    }

    /// # Errors
    /// What cannot be drawn, in the dialect's words.
    pub async fn drawn(
        &self,
        (app, ctx): (&App, &Ctx),
        spec: Spec,
        names: Names,
    ) -> Result<(render::In, Rendered)> {
        let format = spec.format;
        let drawn = async {
            let request = render::Request::new(spec).map_err(Faults::into_error)?;
            let request = Arc::new(request);
            let image = app.render(ctx, &request).await?;
            Ok((request, image))
        };
        let drawn = drawn.await;
        self.0.count(ctx, format, drawn.is_ok());
        drawn.map_err(|error| Faults::spelled(error, names))
    }
}

/// A picture as a file.
pub fn file(
    request: &Request,
    app: &App,
    (asked, image): &(render::In, Rendered),
    names: Names,
) -> Response {
    let mut response = Response::builder()
        .content_type(image.file.media_type)
        .body(image.file.bytes.clone());
    describe(&mut response, request, app);
    let headers = response.headers_mut();
    let concerns = asked.concerns(image);
    let concerns: Vec<_> = concerns.iter().map(|concern| concern.item(names)).collect();
    let facts = [
        (
            &X_QR_GRADE,
            GradeHeader::from(&image.facts.report).to_header(),
        ),
        (
            &X_QR_CONCERNS,
            (!concerns.is_empty())
                .then(|| concerns.join(", ").try_into().ok())
                .flatten(),
        ),
        (&header::ETAG, image.file.etag.parse().ok()),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            headers.insert(name.clone(), value);
        }
    }
    response
}

/// How long it may be kept, and by whom.
fn describe(response: &mut Response, request: &Request, app: &App) {
    let is_for_all = app.settings.render.public && credentials(request, app).is_none();
    let kept = HeaderValue::from_static(if is_for_all { FOR_ALL } else { FOR_ONE });
    response.headers_mut().insert(header::CACHE_CONTROL, kept);
}

/// An answer to an error.
pub fn told(status: u16, content_type: &str, body: impl Into<poem::Body>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    Response::builder()
        .status(status)
        .content_type(content_type)
        .body(body)
}

/// The status of a service that knows none but 400 for what a caller may have done wrong.
pub fn plain_status(error: &Error) -> u16 {
    match error.kind().status() {
        415 | 422 => 400,
        status => status,
    }
}

/// `answered`, or the error in the shape of its dialect.
pub fn shaped(
    answered: Result<Response>,
    shape: impl Fn(&Error) -> Response + Send + Sync + 'static,
) -> poem::Result<Answered> {
    answered.map(Answered).map_err(|error| {
        let mut error = poem::Error::from(error);
        error.set_data(Shape(Arc::new(shape)));
        error
    })
}

/// What HTML and XML give a meaning.
pub fn escaped(text: &str) -> String {
    let allowed = |c: &char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(allowed) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}
