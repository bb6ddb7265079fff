//! A drawn symbol, and how this dialect tells of it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use base64ct::{Base64, Encoding as _};
use poem_openapi::Object;
use serde::Deserialize;
use serde_json::Value;

use super::{
    counts::Counts,
    graded::{Graded, Scannability, drawn},
    options::{Asked, Options, asked, name},
};
use crate::{
    app::App,
    http::{
        api::{
            many,
            payloads::{Content, Payload},
            styles,
        },
        grade::GradeHeader,
        may::Public,
    },
    kernel::{Ctx, Error, Kind, Result},
    render::{self, Format, Materials, Rendered},
};

/// What to draw, and how.
#[derive(Deserialize, Object)]
#[oai(rename = "StyledSymbol")]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Content of the symbol
    pub data: Option<String>,
    /// The content by its fields, in the place of `data`
    pub payload: Option<Payload>,
    #[oai(default)]
    #[serde(default)]
    pub options: Options,
    /// A saved style of the caller's organization: what `options` leave out
    pub style_name: Option<String>,
    /// The options that `style_name` stands for.
    #[oai(skip)]
    #[serde(skip)]
    pub saved: Option<Arc<Options>>,
}

impl Question {
    /// Looks up what the names of styles stand for.
    ///
    /// # Errors
    /// `Invalid` for a style that the caller's organization does not have.
    pub async fn look_up<A>(questions: &mut [Self], app: &App, may: &Public<A>) -> Result<()> {
        let mut known = HashMap::new();
        for (n, question) in questions.iter_mut().enumerate() {
            let found = question.resolve(&mut known, app, may).await;
            found.map_err(|e| match e.details() {
                [] => e,
                faults => {
                    let named = faults.iter().map(|fault| many::of_code(n, fault));
                    Error::invalid_fields(named.collect())
                }
            })?;
        }
        Ok(())
    }

    async fn resolve<A>(
        &mut self,
        known: &mut HashMap<String, Arc<Options>>,
        app: &App,
        may: &Public<A>,
    ) -> Result<()> {
        let Some(name) = &self.style_name else {
            return Ok(());
        };
        if let Some(saved) = known.get(name) {
            self.saved = Some(Arc::clone(saved));
            return Ok(());
        }
        let org = may.organization().ok_or_else(|| {
            let message = "names a style of an organization: send credentials";
            Error::invalid("style_name", message)
        })?;
        let options = styles::named(app, org, name).await?;
        let unread = |e| Error::caused(Kind::Internal, "a saved style cannot be read", e);
        let options = serde_json::from_value(Value::Object(options)).map_err(unread)?;
        let options: Arc<Options> = Arc::new(options);
        known.insert(name.clone(), Arc::clone(&options));
        self.saved = Some(options);
        Ok(())
    }

    /// The same of one question.
    ///
    /// # Errors
    /// `Invalid` for a style that the caller's organization does not have.
    pub async fn looked_up<A>(mut self, app: &App, may: &Public<A>) -> Result<Self> {
        self.resolve(&mut HashMap::new(), app, may).await?;
        Ok(self)
    }

    pub fn content(&self) -> Content<'_> {
        Content {
            data: self.data.as_deref(),
            payload: self.payload.as_ref(),
        }
    }

    /// # Errors
    /// `Invalid`, naming each option that is wrong.
    pub async fn asked(&self, materials: &Materials) -> Result<Asked> {
        let content = self.content();
        match &self.saved {
            None => asked(materials, content, &self.options).await,
            Some(saved) => asked(materials, content, &self.options.over(saved)).await,
        }
    }
}

/// A drawn symbol.
#[derive(Object)]
#[oai(rename = "StyledSymbolDrawn", skip_serializing_if_is_none)]
pub struct Answer {
    success: bool,
    /// The document, if an SVG was asked for
    svg: Option<String>,
    /// Lines of characters, if text was asked for
    text: Option<String>,
    /// Any other file as a data URL (RFC 2397)
    image: Option<String>,
    metadata: Metadata,
    performance: Performance,
    scannability: Scannability,
}

#[derive(Object)]
#[oai(
    rename = "StyledSymbolMetadata",
    rename_all = "camelCase",
    skip_serializing_if_is_none
)]
pub struct Metadata {
    format: String,
    /// 1 to 40; 1 to 4 of a Micro QR symbol
    version: u8,
    /// It is a Micro QR symbol
    micro: bool,
    /// Along one side, without the quiet zone
    modules: u64,
    error_correction: String,
    /// Data mask pattern
    mask: u8,
    /// In pixels; of text in characters, and lines
    width: u32,
    height: u32,
    /// Bytes of the file
    file_size: u64,
    /// Bytes of the content
    data_length: u64,
    /// Its place among the symbols of one message
    structured_append: Option<Place>,
}

/// A symbol of several that carry one message together.
#[derive(Object)]
#[oai(rename = "StructuredAppendPlace")]
struct Place {
    /// From 0
    index: u8,
    total: u8,
    /// Exclusive or of all bytes of the message
    parity: u8,
}

#[derive(Object)]
#[oai(rename = "StyledSymbolPerformance", rename_all = "camelCase")]
struct Performance {
    processing_time_ms: f64,
    engine_version: String,
    /// It was drawn before
    cached: bool,
}

/// A file within a JSON document: one of them.
#[derive(Default)]
pub struct Told {
    pub svg: Option<String>,
    pub text: Option<String>,
    pub image: Option<String>,
}

/// A file whose symbol has a grade that is good enough for whoever asked.
pub struct Made {
    request: render::In,
    image: Rendered,
    took: Duration,
}

impl Made {
    /// Reads a question, draws, grades and counts: for a document that explains the grade.
    ///
    /// # Errors
    /// Those of [`asked`] and of [`Made::new`].
    pub async fn answering(
        app: &App,
        ctx: &Ctx,
        counts: &Counts,
        question: &Question,
    ) -> Result<(Self, Scannability)> {
        let made = async {
            let asked = question.asked(&app.materials).await?;
            Self::explained(app, ctx, counts, &asked).await
        };
        let made = made.await;
        (counts.images).count(ctx, format(&question.options), made.is_ok());
        made
    }

    /// The same, for whoever wants the file alone: a grade is told faster than what would make it better.
    ///
    /// # Errors
    /// As [`Made::answering`].
    pub async fn file(app: &App, ctx: &Ctx, counts: &Counts, question: &Question) -> Result<Self> {
        let made = async {
            let asked = question.asked(&app.materials).await?;
            Self::new(app, ctx, counts, &asked).await
        };
        let made = made.await;
        (counts.images).count(ctx, format(&question.options), made.is_ok());
        made
    }

    /// Draws, grades, counts and explains.
    ///
    /// # Errors
    /// Those of [`Made::new`].
    pub async fn explained(
        app: &App,
        ctx: &Ctx,
        counts: &Counts,
        asked: &Asked,
    ) -> Result<(Self, Scannability)> {
        let made = Self::new(app, ctx, counts, asked).await?;
        let scannability = made.graded(asked).explained(app).await?;
        Ok((made, scannability))
    }

    /// Draws, grades and counts.
    ///
    /// # Errors
    /// What cannot be drawn, and a grade that is worse than was asked for, in this dialect's words.
    pub async fn new(app: &App, ctx: &Ctx, counts: &Counts, asked: &Asked) -> Result<Self> {
        let started = app.clock.instant();
        let (request, image) = drawn(app, ctx, asked).await?;
        let grade = image.facts.report.grade();
        counts.count(&asked.style, grade, grade < asked.least);
        let mut made = Self {
            request,
            image,
            took: Duration::ZERO,
        };
        made.graded(asked).required(app).await?;
        made.took = app.clock.instant().duration_since(started);
        Ok(made)
    }

    fn graded<'a>(&'a self, asked: &'a Asked) -> Graded<'a> {
        Graded {
            asked,
            report: &self.image.facts.report,
            request: &self.request,
        }
    }

    pub fn grade(&self) -> GradeHeader {
        GradeHeader::from(&self.image.facts.report)
    }

    /// What a reader may stumble over beside the grade (RFC 9651 list).
    pub fn concerns(&self) -> Option<String> {
        let concerns = self.request.concerns(&self.image);
        let concerns: Vec<_> = concerns.iter().map(|concern| concern.item(name)).collect();
        (!concerns.is_empty()).then(|| concerns.join(", "))
    }

    pub fn format(&self) -> Format {
        self.request.format
    }

    /// Width and height.
    pub fn size(&self) -> [u32; 2] {
        [self.image.facts.width_px, self.image.facts.height_px]
    }

    pub fn into_file(self) -> render::File {
        self.image.file
    }

    pub fn bytes(&self) -> &[u8] {
        &self.image.file.bytes
    }

    /// An SVG and text as they are, any other file as a data URL.
    pub fn told(&self) -> Told {
        let file = &self.image.file;
        let mut told = Told::default();
        // Our own documents are UTF-8.
        let document = || String::from_utf8_lossy(&file.bytes).into_owned();
        match self.request.format {
            Format::Svg => told.svg = Some(document()),
            Format::Text => told.text = Some(document()),
            _ => {
                let data = Base64::encode_string(&file.bytes);
                told.image = Some(format!("data:{};base64,{data}", file.media_type));
            }
        }
        told
    }

    pub fn metadata(&self) -> Metadata {
        let facts = &self.image.facts;
        Metadata {
            format: self.request.format.label().to_owned(),
            version: facts.version.number(),
            micro: facts.version.is_micro(),
            modules: facts.modules() as u64,
            error_correction: facts.level.label().to_ascii_uppercase(),
            mask: facts.mask.reference(),
            width: facts.width_px,
            height: facts.height_px,
            file_size: self.image.file.bytes.len() as u64,
            data_length: self.request.content.len() as u64,
            structured_append: self.request.encoding.append.map(|place| Place {
                index: place.position(),
                total: place.total(),
                parity: place.parity(),
            }),
        }
    }

    pub fn into_answer(self, scannability: Scannability) -> Answer {
        let Told { svg, text, image } = self.told();
        Answer {
            success: true,
            svg,
            text,
            image,
            metadata: self.metadata(),
            performance: Performance {
                processing_time_ms: millis(self.took),
                engine_version: env!("CARGO_PKG_VERSION").to_owned(),
                cached: self.image.cached,
            },
            scannability,
        }
    }
}

/// That was asked for; the default where it cannot be told.
pub fn format(options: &Options) -> Format {
    let asked = options.format.as_ref().and_then(|format| format.get().ok());
    asked.unwrap_or(Format::Svg)
}

/// To the microsecond.
pub fn millis(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e3
}
