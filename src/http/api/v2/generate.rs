//! `POST /api/v2/qr/generate`.

use std::sync::Arc;

use poem::{IntoResponse, Request, Response, Result, web::Data};
use poem_openapi::{
    ApiResponse, OpenApi, ResponseContent,
    payload::Json,
    registry::{MetaMediaType, Registry},
};

use super::{
    counts::Counts,
    made::{Answer, Made, Question},
};
use crate::{
    app::App,
    http::{
        accept::preferred,
        api::{Group, word::Word},
        extract::Input,
        file::AnyFile,
        grade::GradeHeader,
        may::Public,
    },
    identity::act,
    kernel::{Ctx, Error},
    render::Format,
};

pub struct Generate {
    counts: Arc<Counts>,
}

impl Generate {
    pub fn new(counts: &Arc<Counts>) -> Self {
        Self {
            counts: Arc::clone(counts),
        }
    }
}

/// The answer, or the file alone where `Accept` asks for an image.
enum Content {
    Json(Json<Box<Answer>>),
    File(AnyFile),
}

impl ResponseContent for Content {
    fn media_types() -> Vec<MetaMediaType> {
        let mut types = <Json<Box<Answer>> as ResponseContent>::media_types();
        types.extend(AnyFile::media_types());
        types
    }

    fn register(registry: &mut Registry) {
        <Json<Box<Answer>> as ResponseContent>::register(registry);
    }
}

impl IntoResponse for Content {
    fn into_response(self) -> Response {
        match self {
            Self::Json(json) => json.into_response(),
            Self::File(file) => file.into_response(),
        }
    }
}

/// A caller who wants the file itself.
#[derive(Clone, Copy)]
enum File {
    Any,
    Of(Format),
}

/// By `Accept`.
fn wanted(request: &Request) -> Option<File> {
    let of = |essence: &str| {
        let mut formats = Format::ALL.iter().filter(|format| **format != Format::Text);
        formats
            .find(|format| format.media_type() == essence)
            .map(|f| File::Of(*f))
    };
    let known = |essence: &str| match essence {
        "application/json" | "*/*" | "application/*" => Some(None),
        "image/*" => Some(Some(File::Any)),
        essence => of(essence).map(Some),
    };
    preferred(request, known).flatten()
}

#[derive(ApiResponse)]
enum Drawn {
    /// The file, and what is known about it.
    #[oai(status = 200)]
    Drawn(
        Content,
        /// How well readers cope, A to F (after ISO/IEC 15415)
        #[oai(header = "X-QR-Grade")]
        GradeHeader,
        /// What a reader may stumble over beside the grade, such as a coarse JPEG (RFC 9651 list)
        #[oai(header = "X-QR-Concerns")]
        Option<String>,
    ),
}

#[OpenApi(tag = "Group::Symbols")]
impl Generate {
    /// Draw a symbol
    ///
    /// Nothing is stored. The grade says how well readers cope; `strict` or `minGrade` refuses what is worse.
    #[oai(
        path = "/api/v2/qr/generate",
        method = "post",
        operation_id = "generate_symbol"
    )]
    async fn generate(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        request: &Request,
        may: Public<act::Render>,
        body: Input<Question>,
    ) -> Result<Drawn> {
        Ok(self.drawn((&app, &ctx), &may, (request, body.0)).await?)
    }

    /// The same, by its path without a version
    #[oai(
        path = "/api/qr/generate",
        method = "post",
        operation_id = "generate_symbol_unversioned"
    )]
    async fn generate_unversioned(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        request: &Request,
        may: Public<act::Render>,
        body: Input<Question>,
    ) -> Result<Drawn> {
        Ok(self.drawn((&app, &ctx), &may, (request, body.0)).await?)
    }
}

impl Generate {
    async fn drawn(
        &self,
        (app, ctx): (&App, &Ctx),
        may: &Public<act::Render>,
        (request, question): (&Request, Question),
    ) -> Result<Drawn, Error> {
        let mut question = question.looked_up(app, may).await?;
        let file = wanted(request);
        if let Some(File::Of(format)) = file
            && question.options.format.is_none()
        {
            question.options.format = Some(Word::of(format));
        }
        let counts = &self.counts;
        if file.is_some() {
            let made = Made::file(app, ctx, counts, &question).await?;
            let (grade, concerns) = (made.grade(), made.concerns());
            let content = Content::File(AnyFile(made.into_file()));
            return Ok(Drawn::Drawn(content, grade, concerns));
        }
        let (made, scannability) = Made::answering(app, ctx, counts, &question).await?;
        let (grade, concerns) = (made.grade(), made.concerns());
        let content = Content::Json(Json(Box::new(made.into_answer(scannability))));
        Ok(Drawn::Drawn(content, grade, concerns))
    }
}
