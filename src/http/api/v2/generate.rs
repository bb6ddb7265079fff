//! `POST /api/v2/qr/generate`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{ApiResponse, OpenApi, payload::Json};

use super::{
    counts::Counts,
    made::{Answer, Made, Question},
};
use crate::{
    app::App,
    http::{api::Group, extract::Input, grade::GradeHeader, may::Public},
    identity::act,
    kernel::{Ctx, Error},
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

#[derive(ApiResponse)]
enum Drawn {
    /// The file, and what is known about it.
    #[oai(status = 200)]
    Drawn(
        Json<Answer>,
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
        _may: Public<act::Render>,
        body: Input<Question>,
    ) -> Result<Drawn> {
        Ok(self.drawn(&app, &ctx, body.0).await?)
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
        _may: Public<act::Render>,
        body: Input<Question>,
    ) -> Result<Drawn> {
        Ok(self.drawn(&app, &ctx, body.0).await?)
    }
}

impl Generate {
    async fn drawn(&self, app: &App, ctx: &Ctx, question: Question) -> Result<Drawn, Error> {
        let (made, scannability) = Made::answering(app, ctx, &self.counts, &question).await?;
        let (grade, concerns) = (made.grade(), made.concerns());
        Ok(Drawn::Drawn(
            Json(made.into_answer(scannability)),
            grade,
            concerns,
        ))
    }
}
