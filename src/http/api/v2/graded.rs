//! A grade with its reasons and what would help, in this dialect's words.

use std::sync::Arc;

use ::style::{Change, Fix, Grade, Report, fixes};
use poem_openapi::{Object, types::Any};
use serde_json::Value;
use symbol::file::Ink;

use super::options::{Asked, Deciding};
use crate::{
    app::App,
    http::api::spelling::{self, Name},
    kernel::{Color, Error, Result, error::Detail},
    render,
};

/// How well readers cope, after ISO/IEC 15415.
#[derive(Object)]
#[oai(rename = "Scannability", rename_all = "camelCase")]
pub struct Scannability {
    /// A to F: the worst of the reasons
    grade: String,
    /// Better than F. D: some readers do not cope
    scannable: bool,
    reasons: Vec<Reason>,
    /// Single changes that lead to a better grade, the best first
    fixes: Vec<Suggestion>,
}

/// One parameter of a grade.
#[derive(Object)]
#[oai(rename = "GradeReason")]
struct Reason {
    parameter: String,
    /// `contrast`, `modulation`, `unused-error-correction`: 0 to 1. `fixed-patterns`, `format-information`: damaged modules. `quiet-zone`: modules. `reflectance-reversal`: 0 or 1. `finders`: how much narrower than a module the narrowest ring or gap is, 0 to 1
    value: f64,
    grade: String,
}

/// A change of one option.
#[derive(Object)]
#[oai(rename = "GradeFix")]
pub struct Suggestion {
    option: String,
    /// A value of the option, or what to do with it in words
    value: Any<Value>,
    /// With it
    grade: String,
}

/// Below this grade fixes are looked for.
const GOOD: Grade = Grade::B;

/// A picture that was graded.
#[derive(Clone, Copy)]
pub struct Graded<'a> {
    pub asked: &'a Asked,
    pub report: &'a Report,
    pub request: &'a render::Request,
}

impl Graded<'_> {
    /// # Errors
    /// `Invalid` if the grade is worse than was asked for; the options named are those that would help.
    pub async fn required(self, app: &App) -> Result<()> {
        if self.report.grade() >= self.asked.least {
            return Ok(());
        }
        let fixes = self.fixes(app).await?;
        Err(refused(self.asked, self.report, &fixes))
    }

    /// The grade, and what would make a bad one better.
    ///
    /// # Errors
    /// `Internal`.
    pub async fn explained(self, app: &App) -> Result<Scannability> {
        let grade = self.report.grade();
        let reasons = self.report.reasons.iter().map(|reason| Reason {
            parameter: reason.parameter.label().to_owned(),
            value: (f64::from(reason.value) * 1000.0).round() / 1000.0,
            grade: reason.grade.label().to_owned(),
        });
        let reasons = reasons.collect();
        let fixes = if grade < GOOD {
            let suggestion = |fix: &Fix| suggestion(*fix, &self.asked.deciding);
            self.fixes(app).await?.iter().map(suggestion).collect()
        } else {
            Vec::new()
        };
        Ok(Scannability {
            grade: grade.label().to_owned(),
            scannable: grade > Grade::F,
            reasons,
            fixes,
        })
    }

    async fn fixes(self, app: &App) -> Result<Arc<[Fix]>> {
        let (style, spec) = (self.asked.style.clone(), self.asked.spec.clone());
        let symbol = self.request.symbol()?;
        let find = move || {
            let again = |level| {
                let spec = render::Spec {
                    level,
                    ..spec.clone()
                };
                render::Request::new(spec).ok()?.symbol().ok()
            };
            fixes(&symbol, &style, spec.border, again)
        };
        app.materials.fixes(self.request.digest(), find).await
    }
}

impl Scannability {
    /// In the words of a dialect that calls options otherwise.
    pub fn renamed(mut self, name: Name) -> Self {
        for fix in &mut self.fixes {
            fix.option = name(&fix.option);
            if let Value::String(text) = &mut fix.value.0 {
                *text = spelling::message(text, name);
            }
        }
        self
    }

    /// The fixes as sentences.
    pub fn suggestions(&self) -> Vec<String> {
        let sentence = |fix: &Suggestion| {
            let value = said(&fix.value.0);
            format!("{} {value} would make the grade {}", fix.option, fix.grade)
        };
        self.fixes.iter().map(sentence).collect()
    }
}

/// Without the quotes of a text.
fn said(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn refused(asked: &Asked, report: &Report, fixes: &[Fix]) -> Error {
    let least = asked.least;
    let worst: Vec<_> = report
        .worst()
        .map(|reason| format!("{} is {:.2}", reason.parameter.label(), reason.value))
        .collect();
    let grade = report.grade().label();
    let least_label = least.label();
    let because = asked.deciding.why;
    let why = worst.join(", ");
    let helps = fixes.iter().filter(|fix| fix.grade >= least);
    let details: Vec<_> = helps.map(|fix| {
        let Suggestion { option, value, grade: better } = suggestion(*fix, &asked.deciding);
        let value = said(&value.0);
        Detail {
            field: option.into(),
            message: format!("the grade is {grade}, and {least_label} {because} ({why}): with {value} it would be {better}").into(),
        }
    }).take(3).collect();
    if details.is_empty() {
        let message = format!(
            "the grade is {grade}, and {least_label} {because} ({why}); no single change would do"
        );
        return Error::invalid(asked.deciding.least, message);
    }
    Error::invalid_fields(details)
}

fn suggestion(fix: Fix, deciding: &Deciding) -> Suggestion {
    let color = |ink: Ink| Color { rgb: ink.rgb }.to_string();
    let (option, value): (_, Value) = match fix.change {
        Change::QuietZone(modules) => ("margin", modules.into()),
        Change::Ink(ink) => ("foregroundColor", color(ink).into()),
        Change::Ground(ink) => ("backgroundColor", color(ink).into()),
        Change::Pattern(pattern) => ("dataPattern", pattern.label().into()),
        Change::Eyes(shape) if deciding.eyes == "eyeShape" => (deciding.eyes, shape.label().into()),
        Change::Eyes(shape) => {
            let (border, centre) = shape.parts();
            (
                deciding.eyes,
                format!("{}, and eyeCenter {}", border.label(), centre.label()).into(),
            )
        }
        Change::EyeInks => (deciding.eye_inks, "none".into()),
        Change::DarkerGradient(percent) => (
            "gradient.colors",
            format!("{percent} % of their lightness").into(),
        ),
        Change::Exchange => (
            "foregroundColor",
            "that of backgroundColor, and the other way round".into(),
        ),
        Change::Level(level) => ("errorCorrection", level.label().to_ascii_uppercase().into()),
        Change::LogoShare(share) => ("logo.size", (share * 100.0).round().into()),
        Change::NoStroke => ("gradient.strokeStyle", "none".into()),
        Change::LogoPadding(modules) => ("logo.padding", modules.into()),
        Change::NoEffect(label) => ("effects", format!("no {label}").into()),
    };
    Suggestion {
        option: option.to_owned(),
        value: Any(value),
        grade: fix.grade.label().to_owned(),
    }
}

/// Draws what was asked for.
///
/// # Errors
/// What cannot be drawn, in this dialect's words.
pub async fn drawn(
    app: &App,
    ctx: &crate::kernel::Ctx,
    asked: &Asked,
) -> Result<(render::In, render::Rendered)> {
    let request =
        render::Request::new(asked.spec.clone()).map_err(|faults| spelled(faults.into_error()))?;
    let request = std::sync::Arc::new(request);
    let drawn = app.render(ctx, &request).await.map_err(spelled)?;
    Ok((request, drawn))
}

/// An error of a render arm in this dialect's words.
pub fn spelled(error: Error) -> Error {
    render::Faults::spelled(error, super::options::name)
}
