//! `POST /api/v2/qr/structured-append`: one message over several symbols.

use std::sync::Arc;

use poem::{Request, Result, web::Data};
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

use super::{
    batch::{Drawn, Run, content},
    counts::Counts,
    graded::spelled,
    made::{Made, Question},
    options::{Asked, Options},
};
use crate::{
    app::App,
    http::{
        api::{
            Group,
            faults::Faults,
            many::{self, Tally},
            payloads::Payload,
        },
        bounds::{self, Within},
        extract::Input,
        may::Public,
    },
    identity::act,
    kernel::{Ctx, Error, Kind, limits::APPENDED_SYMBOLS},
    render,
};

pub struct Append {
    counts: Arc<Counts>,
}

/// A message, and how its symbols shall look.
#[derive(Deserialize, Object)]
#[oai(rename = "StyledMessage")]
#[serde(deny_unknown_fields)]
struct Message {
    data: Option<String>,
    /// In the place of `data`
    payload: Option<Payload>,
    #[oai(default)]
    #[serde(default)]
    options: Options,
    /// A saved style of the caller's organization: what `options` leave out
    style_name: Option<String>,
    /// At most so many (16)
    symbols: Option<Within<bounds::AppendTotal>>,
}

#[OpenApi(tag = "Group::Symbols")]
impl Append {
    /// Draw a message over several symbols
    ///
    /// Structured append (ISO/IEC 18004 §8): at most `symbols` of them, all of the smallest version that this allows, which readers
    /// put together again. The answer is that of a batch.
    #[oai(
        path = "/api/v2/qr/structured-append",
        method = "post",
        operation_id = "generate_structured_append"
    )]
    async fn append(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        request: &Request,
        may: Public<act::Render>,
        body: Input<Message>,
    ) -> Result<Drawn> {
        let parts = parts(&app, &may, body.0).await?;
        let total = parts.len();
        let counted = u32::try_from(total).unwrap_or(u32::MAX);
        may.count(&app, &ctx, ("symbols", counted))?;
        let run = Run {
            tally: Tally::new(&app, total),
            symbols: {
                let (app, ctx) = (Arc::clone(&app), ctx.clone());
                let counts = Arc::clone(&self.counts);
                let make = move |asked: Asked| {
                    let (app, ctx, counts) = (Arc::clone(&app), ctx.clone(), Arc::clone(&counts));
                    async move { Made::explained(&app, &ctx, &counts, &asked).await }
                };
                many::outcomes(parts, many::AT_ONCE, false, make)
            },
            include_metadata: true,
        };
        Ok(Drawn::Drawn(content(run, request).await))
    }
}

impl Append {
    pub fn new(counts: &Arc<Counts>) -> Self {
        Self {
            counts: Arc::clone(counts),
        }
    }
}

/// Each symbol's question.
///
/// # Errors
/// `Invalid`.
async fn parts(
    app: &App,
    may: &Public<act::Render>,
    message: Message,
) -> Result<Vec<Asked>, Error> {
    let mut faults = Faults::default();
    let most = faults.number("symbols", message.symbols.as_ref());
    if message.options.structured_append.is_some() {
        faults.add("structuredAppend", "is filled in here: leave it out");
    }
    faults.finish()?;
    let most = most.unwrap_or(*APPENDED_SYMBOLS.end());
    let question = Question {
        data: message.data,
        payload: message.payload,
        options: message.options,
        style_name: message.style_name,
        saved: None,
    };
    let question = question.looked_up(app, may).await?;
    let asked = question.asked(&app.materials).await?;
    // Up to a tenth of a second, which no other request shall wait for.
    let spec = asked.spec.clone();
    let specs = tokio::task::spawn_blocking(move || render::appended(&spec, most));
    let cut_off = |e| Error::caused(Kind::Internal, "splitting the message was cut off", e);
    let specs = specs.await.map_err(cut_off)?.map_err(spelled)?;
    let part = |spec| Asked {
        spec,
        ..asked.clone()
    };
    Ok(specs.into_iter().map(part).collect())
}
