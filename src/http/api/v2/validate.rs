//! `POST /api/v2/qr/validate`.

use std::sync::Arc;

use ::style::{Parameter, Report};
use poem::{Result, web::Data};
use poem_openapi::{Object, OpenApi, payload::Json};
use symbol::Symbol;

use super::{
    graded::{Graded, Scannability, drawn},
    made::Question,
    options::{Asked, Options, asked},
};
use crate::{
    app::App,
    http::{api::Group, extract::Input, may::Public},
    identity::act,
    kernel::{Ctx, Error, Kind},
    render,
};

pub struct Validate;

/// Whether it can be drawn, and what readers would make of it.
#[derive(Object)]
#[oai(rename = "StyledSymbolValidated", skip_serializing_if_is_none)]
pub struct Answer {
    pub success: bool,
    /// It can be drawn, and its grade is as good as was asked for
    pub valid: bool,
    /// Where the options are wrong: of the content alone, at the level that was asked for. Absent if no symbol holds it
    pub details: Option<Details>,
    pub scannability: Option<Scannability>,
    /// What is wrong, option by option
    pub errors: Vec<Fault>,
    /// What would be better
    pub suggestions: Vec<String>,
}

#[derive(Object)]
#[oai(rename = "StyledSymbolDetails", rename_all = "camelCase")]
pub struct Details {
    /// Bytes of the content
    pub data_length: u64,
    /// 1 to 40
    pub estimated_version: u8,
    /// Share of codewords that error correction restores, 0 to 1
    pub error_correction_capacity: f64,
    /// Share of the error correction that a logo takes, 0 to 1
    pub logo_impact: f64,
}

#[derive(Object)]
#[oai(rename = "StyledSymbolFault")]
pub struct Fault {
    pub option: String,
    pub message: String,
}

#[OpenApi(tag = "Group::Symbols")]
impl Validate {
    /// Look whether a symbol can be drawn and read
    ///
    /// Options that are wrong make the symbol invalid, not the request: the answer names them.
    #[oai(
        path = "/api/v2/qr/validate",
        method = "post",
        operation_id = "validate_symbol"
    )]
    async fn validate(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        may: Public<act::Render>,
        body: Input<Question>,
    ) -> Result<Json<Answer>> {
        let question = body.0.looked_up(&app, &may).await?;
        Ok(Json(validate(&app, &ctx, &question).await?))
    }
}

/// # Errors
/// What is no fault of the question.
pub async fn validate(app: &App, ctx: &Ctx, question: &Question) -> Result<Answer, Error> {
    let found = async {
        let asked = question.asked(&app.materials).await?;
        let (request, image) = drawn(app, ctx, &asked).await?;
        let symbol = request.symbol()?;
        let graded = Graded {
            asked: &asked,
            report: &image.facts.report,
            request: &request,
        };
        graded.required(app).await?;
        let scannability = graded.explained(app).await?;
        let impact = logo_impact(&asked, &image.facts.report);
        Ok::<_, Error>((details(&request, &symbol, impact), scannability))
    };
    match found.await {
        Ok((details, scannability)) => Ok(Answer {
            success: true,
            valid: true,
            suggestions: scannability.suggestions(),
            details: Some(details),
            scannability: Some(scannability),
            errors: Vec::new(),
        }),
        Err(error) if error.kind() == Kind::Invalid && !error.details().is_empty() => {
            let faults = error.details().iter().map(|detail| Fault {
                option: detail.field.to_string(),
                message: detail.message.to_string(),
            });
            let faults: Vec<_> = faults.collect();
            Ok(Answer {
                success: true,
                valid: false,
                details: of_content(app, question).await,
                scannability: None,
                suggestions: faults
                    .iter()
                    .map(|fault| format!("{}: {}", fault.option, fault.message))
                    .collect(),
                errors: faults,
            })
        }
        Err(error) => Err(error),
    }
}

fn details(request: &render::Request, symbol: &Symbol, logo_impact: f64) -> Details {
    Details {
        data_length: request.content.len() as u64,
        estimated_version: symbol.version().number(),
        error_correction_capacity: symbol.level().restores(),
        logo_impact,
    }
}

/// As if no option but the level had been asked for.
async fn of_content(app: &App, question: &Question) -> Option<Details> {
    let options = Options {
        error_correction: (question.options.error_correction.clone())
            .filter(|level| level.get().is_ok()),
        ..Options::default()
    };
    let asked = asked(&app.materials, question.content(), &options).await;
    let request = render::Request::new(asked.ok()?.spec).ok()?;
    let symbol = request.symbol().ok()?;
    Some(details(&request, &symbol, 0.0))
}

/// What error correction does not have left.
fn logo_impact(asked: &Asked, report: &Report) -> f64 {
    let reserve = report
        .reasons
        .iter()
        .find(|reason| reason.parameter == Parameter::UnusedErrorCorrection);
    let left = reserve.map_or(1.0, |reason| f64::from(reason.value));
    let used = if asked.style.logo.is_some() {
        1.0 - left
    } else {
        0.0
    };
    (used * 1000.0).round() / 1000.0
}
