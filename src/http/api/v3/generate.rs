//! `POST /api/v3/qr/generate` and `…/enhanced`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{ApiResponse, Object, OpenApi, payload::Json};

use super::{
    answer::{self, drawn},
    options::Question,
};
use crate::{
    app::App,
    http::{
        api::{
            Group,
            v2::{counts::Counts, made},
        },
        extract::Input,
        grade::GradeHeader,
        may::Public,
    },
    identity::act,
    kernel::{Ctx, Error},
};

pub struct Generate {
    counts: Arc<Counts>,
}

#[derive(Object)]
#[oai(rename = "StructuredAnswer")]
struct Answer {
    success: bool,
    data: answer::Data,
}

#[derive(ApiResponse)]
enum Drawn {
    /// The parts of the picture.
    #[oai(status = 200)]
    Drawn(
        Json<Answer>,
        /// How well readers cope, A to F (after ISO/IEC 15415)
        #[oai(header = "X-QR-Grade")]
        GradeHeader,
        /// What a reader of the file may stumble over beside the grade, and what its format cannot carry (RFC 9651 list)
        #[oai(header = "X-QR-Concerns")]
        Option<String>,
    ),
}

#[OpenApi(tag = "Group::Symbols")]
impl Generate {
    /// Draw a symbol in parts
    ///
    /// A page makes its elements of them, without raw HTML. Options are those of `/api/v2/qr/generate`.
    #[oai(
        path = "/api/v3/qr/generate",
        method = "post",
        operation_id = "generate_symbol_parts"
    )]
    async fn generate(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        may: Public<act::Render>,
        body: Input<Question>,
    ) -> Result<Drawn> {
        Ok(self.answer((&app, &ctx), &may, body.0, false).await?)
    }

    /// The same with its grade, its reasons and all metadata
    #[oai(
        path = "/api/v3/qr/enhanced",
        method = "post",
        operation_id = "generate_enhanced_symbol_parts"
    )]
    async fn enhanced(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        may: Public<act::Render>,
        body: Input<Question>,
    ) -> Result<Drawn> {
        Ok(self.answer((&app, &ctx), &may, body.0, true).await?)
    }
}

impl Generate {
    pub fn new(counts: &Arc<Counts>) -> Self {
        Self {
            counts: Arc::clone(counts),
        }
    }

    async fn answer(
        &self,
        (app, ctx): (&App, &Ctx),
        may: &Public<act::Render>,
        question: Question,
        enhanced: bool,
    ) -> Result<Drawn, Error> {
        let question = made::Question::from(question).looked_up(app, may).await?;
        let drawn = drawn(app, ctx, &self.counts, &question, enhanced).await?;
        let answer = Answer {
            success: true,
            data: drawn.data,
        };
        Ok(Drawn::Drawn(Json(answer), drawn.grade, drawn.concerns))
    }
}
