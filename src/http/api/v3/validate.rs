//! `POST /api/v3/qr/validate`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{Object, OpenApi, payload::Json};

use super::options::{Question, name};
use crate::{
    app::App,
    http::{
        api::{
            Group, spelling,
            v2::{
                graded::Scannability,
                made,
                validate::{self as v2, Fault, validate},
            },
        },
        extract::Input,
        may::Public,
    },
    identity::act,
    kernel::Ctx,
};

pub struct Validate;

/// Whether it can be drawn, and what readers would make of it.
#[derive(Object)]
#[oai(rename = "StructuredSymbolValidated", skip_serializing_if_is_none)]
struct Answer {
    success: bool,
    /// It can be drawn, and its grade is as good as was asked for
    valid: bool,
    /// Where the options are wrong: of the content alone, at the level that was asked for. Absent if no symbol holds it
    details: Option<Details>,
    scannability: Option<Scannability>,
    /// What is wrong, option by option
    errors: Vec<Fault>,
    /// What would be better
    suggestions: Vec<String>,
}

#[derive(Object)]
#[oai(rename = "StructuredSymbolDetails")]
struct Details {
    /// Bytes of the content
    data_length: u64,
    /// 1 to 40; 1 to 4 of a Micro QR symbol
    estimated_version: u8,
    /// Share of codewords that error correction restores, 0 to 1
    error_correction_capacity: f64,
    /// Share of the error correction that a logo takes, 0 to 1
    logo_impact: f64,
}

#[OpenApi(tag = "Group::Symbols")]
impl Validate {
    /// Look whether a symbol can be drawn and read, in `snake_case`
    #[oai(
        path = "/api/v3/qr/validate",
        method = "post",
        operation_id = "validate_symbol_v3"
    )]
    async fn validate(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        may: Public<act::Render>,
        body: Input<Question>,
    ) -> Result<Json<Answer>> {
        let question = made::Question::from(body.0).looked_up(&app, &may).await?;
        Ok(Json(validate(&app, &ctx, &question).await?.into()))
    }
}

impl From<v2::Answer> for Answer {
    fn from(answer: v2::Answer) -> Self {
        let said = |text: String| spelling::message(&text, name);
        Self {
            success: answer.success,
            valid: answer.valid,
            details: answer.details.map(|details| Details {
                data_length: details.data_length,
                estimated_version: details.estimated_version,
                error_correction_capacity: details.error_correction_capacity,
                logo_impact: details.logo_impact,
            }),
            scannability: (answer.scannability).map(|graded| graded.renamed(name)),
            errors: (answer.errors.into_iter())
                .map(|fault| Fault {
                    option: name(&fault.option),
                    message: said(fault.message),
                })
                .collect(),
            suggestions: answer.suggestions.into_iter().map(said).collect(),
        }
    }
}
