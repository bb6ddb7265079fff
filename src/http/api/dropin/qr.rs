//! `GET` and `POST /qr`: `QuickChart`'s with `text`, Dub's with `url`.

use std::sync::Arc;

use poem::{Request, Result, web::Data};
use poem_openapi::OpenApi;

use super::{
    answer::{Answered, Images, shaped},
    dub,
    params::{InForm, InQuery, Params, Plus},
    quickchart,
};
use crate::telemetry::labels::Dialect;
use crate::{
    app::App,
    http::{api::Group, may::Public},
    identity::act,
    kernel::Ctx,
};

pub struct Qr {
    quickchart: Images,
    dub: Images,
}

impl Qr {
    pub fn new() -> Self {
        Self {
            quickchart: Images::new(Dialect::QuickChart),
            dub: Images::new(Dialect::Dub),
        }
    }
}

#[OpenApi(tag = "Group::Symbols")]
impl Qr {
    /// Draw a symbol as `QuickChart` does, or with `url` as Dub does
    #[oai(path = "/qr", method = "get", operation_id = "quickchart_or_dub_qr")]
    async fn query(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        request: &Request,
        _may: Public<act::Render>,
        asked: InQuery,
    ) -> Result<Answered> {
        self.answer((&app, &ctx), request, asked.0).await
    }

    /// The same, with a form or a JSON object
    #[oai(path = "/qr", method = "post", operation_id = "quickchart_qr_by_body")]
    async fn form(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        request: &Request,
        _may: Public<act::Render>,
        asked: InForm,
    ) -> Result<Answered> {
        self.answer((&app, &ctx), request, asked.0).await
    }
}

impl Qr {
    async fn answer(
        &self,
        (app, ctx): (&Arc<App>, &Ctx),
        request: &Request,
        asked: Params,
    ) -> Result<Answered> {
        if asked.bytes("url").is_some() && asked.bytes("text").is_none() {
            let drawn = dub::drawn(&self.dub, (app, ctx), request, &asked).await;
            return shaped(drawn, dub::error);
        }
        let asked = asked.with_plus(Plus::Itself);
        let format = quickchart::Answer::of(&asked);
        let drawn = quickchart::drawn(&self.quickchart, (app, ctx), request, &asked).await;
        let app = Arc::clone(app);
        shaped(drawn, move |error| quickchart::error(error, format, &app))
    }
}
