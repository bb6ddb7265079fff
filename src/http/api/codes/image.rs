//! `GET /api/v2/codes/{id}/image`: a code's symbol in its style.

use std::sync::Arc;

use poem::{Request, Result, web::Data};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
};
use serde_json::{Map, Value};

use crate::{
    app::App,
    codes::{Code as StoredCode, CodeStyle},
    http::{
        api::{
            Group,
            payloads::Content,
            qr::{image::has, parse_id},
            styles::{named, object},
            v2::{
                graded::spelled,
                options::{Asked, Options, asked, name},
            },
            word::Word,
        },
        bounds::{self, Within},
        extract,
        file::AnyFile,
        grade::GradeHeader,
        may::May,
    },
    identity::{OrgId, act},
    kernel::{Ctx, Error, Kind},
    render::{Format, Rendered, Request as RenderRequest},
};

/// Callers may keep it, and ask each time whether it is current: the code's style may change.
const CACHE_CONTROL: &str = "private, max-age=0, must-revalidate";

pub struct Image;

#[derive(ApiResponse)]
enum Answer {
    /// The file.
    #[oai(status = 200)]
    File(
        AnyFile,
        #[oai(header = "ETag")] String,
        #[oai(header = "Cache-Control")] String,
        /// How well readers cope, A to F (after ISO/IEC 15415)
        #[oai(header = "X-QR-Grade")]
        GradeHeader,
        /// What a reader may stumble over beside the grade (RFC 9651 list)
        #[oai(header = "X-QR-Concerns")]
        Option<String>,
    ),
    /// Not changed: the caller's copy is current (RFC 9110 §13.1.2).
    #[oai(status = 304)]
    NotModified(
        #[oai(header = "ETag")] String,
        #[oai(header = "Cache-Control")] String,
        #[oai(header = "X-QR-Grade")] GradeHeader,
    ),
}

#[OpenApi(tag = "Group::Codes")]
impl Image {
    /// A code's symbol in its style
    ///
    /// By its own style, the saved one that it names, or the organization's default one.
    #[oai(
        path = "/api/v2/codes/:id/image",
        method = "get",
        operation_id = "get_code_image_v2"
    )]
    #[allow(clippy::too_many_arguments)] // the dialect's parameters
    async fn image(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        request: &Request,
        may: May<act::ViewCodes>,
        /// The code's UUID
        id: Path<String>,
        /// In the place of the style's
        format: Query<Option<Word<Format>>>,
        /// Width and height in pixels, in the place of the style's
        size: Query<Option<Within<bounds::StyledPx>>>,
        /// Modules of quiet zone, in the place of the style's
        margin: Query<Option<Within<bounds::Margin>>>,
        /// A saved style, in the place of the code's
        style_name: Query<Option<String>>,
        /// Slug of a placement: the symbol leads there
        placement: Query<Option<String>>,
    ) -> Result<Answer> {
        let org = may.organization();
        let code = app.codes.appearance(org, parse_id(&id)?).await?;
        let content = match &placement.0 {
            None => app.codes.content(&code),
            Some(slug) => address(&app, &code, slug).await?,
        };
        let content = Content {
            data: Some(&content),
            payload: None,
        };
        let mut wishes = Map::new();
        if let Some(format) = &format.0 {
            let format = format.get().map_err(|e| Error::invalid("format", e))?;
            wishes.insert("format".to_owned(), format.label().into());
        }
        for (name, wish) in [
            ("size", size.0.map(|size| size.0)),
            ("margin", margin.0.map(|margin| margin.0)),
        ] {
            if let Some(wish) = wish {
                wishes.insert(name.to_owned(), wish.into());
            }
        }
        let mut options = match &style_name.0 {
            Some(name) => named(&app, org, name).await?,
            None => style_of(&app, org, &code).await?,
        };
        options.append(&mut wishes);
        let drawing = spec(&app, content, &Value::Object(options)).await?;
        let (drawn, concerns) = drawn(&app, &ctx, (drawing, code.id)).await?;
        let (etag, cache) = (drawn.file.etag.to_string(), CACHE_CONTROL.to_owned());
        let grade = GradeHeader::from(&drawn.facts.report);
        if has(request.headers(), &etag) {
            return Ok(Answer::NotModified(etag, cache, grade));
        }
        Ok(Answer::File(
            AnyFile(drawn.file),
            etag,
            cache,
            grade,
            concerns,
        ))
    }
}

/// With what a reader may stumble over.
async fn drawn(
    app: &App,
    ctx: &Ctx,
    (asked, id): (Asked, uuid::Uuid),
) -> Result<(Rendered, Option<String>), Error> {
    let request = RenderRequest::new(asked.spec).map_err(|f| spelled(f.into_error()))?;
    let request = Arc::new(request.of_code(id));
    let drawn = app.render(ctx, &request).await.map_err(spelled)?;
    let concerns = request.concerns(&drawn);
    let concerns: Vec<_> = concerns.iter().map(|concern| concern.item(name)).collect();
    let concerns = (!concerns.is_empty()).then(|| concerns.join(", "));
    Ok((drawn, concerns))
}

async fn address(app: &App, code: &StoredCode, slug: &str) -> Result<String, Error> {
    let placed = app.codes.placed(&[code.id]).await?;
    let found = placed
        .into_values()
        .flatten()
        .find(|placement| placement.slug == slug);
    let found = found.ok_or_else(|| Error::not_found("the code has no such placement"))?;
    Ok(app.codes.address(&found.slug))
}

/// The options of a code: its own, those of the style that it names, or the organization's.
async fn style_of(app: &App, org: OrgId, code: &StoredCode) -> Result<Map<String, Value>, Error> {
    match &code.style {
        Some(CodeStyle::Own(options)) => Ok(object(options)),
        Some(CodeStyle::Saved(name)) => named(app, org, name).await,
        None => {
            let default = app.codes.styles.default_of(org).await?;
            Ok(default
                .map(|style| object(&style.options))
                .unwrap_or_default())
        }
    }
}

/// What options ask for with a content.
///
/// # Errors
/// `Invalid`, naming each option that is wrong.
pub async fn spec(app: &App, content: Content<'_>, options: &Value) -> Result<Asked, Error> {
    // The deserializer would take an array for an object, its fields in order.
    if !options.is_object() {
        return Err(Error::new(Kind::Invalid, "must be a JSON object"));
    }
    let options: Options =
        extract::part(options.clone()).map_err(|fault| Error::invalid_fields(vec![fault]))?;
    asked(&app.materials, content, &options).await
}
