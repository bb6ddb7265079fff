//! `POST /v1/read-qr-code`: what the symbols of a picture say, as qrserver.com tells it.

use std::sync::Arc;

use bytes::Bytes;
use poem::{
    FromRequest, Request, RequestBody, Response, Result,
    http::header,
    web::{Data, Multipart},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions, OpenApi,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry},
};
use serde_json::{Value, json};

use super::{
    answer::{Answered, escaped, shaped, told},
    params::{InQuery, Params},
};
use crate::{
    app::App,
    http::{api::Group, may::Public},
    identity::act,
    kernel::{Ctx, Error, Kind},
    render::Unread,
};

/// Parts of an upload that are looked at.
const PARTS: usize = 16;
const NOTHING: &str = "could not find/read QR Code";

pub struct Read;

/// What was sent.
#[derive(Default)]
struct Upload {
    file: Option<Bytes>,
    as_xml: bool,
    names_url: bool,
}

/// How the answer is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Output {
    Json,
    Xml,
}

/// A multipart body (RFC 7578).
struct InParts(Upload);

impl<'a> ApiExtractor<'a> for InParts {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(_registry: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        Some(MetaRequest {
            description: Some(
                "`file`: a PNG, GIF or JPEG file of at most 1 MiB; `outputformat`: json or xml",
            ),
            content: vec![MetaMediaType {
                content_type: "multipart/form-data",
                schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("object"))),
            }],
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let content_type = request.header(header::CONTENT_TYPE).unwrap_or_default();
        if !content_type
            .to_ascii_lowercase()
            .starts_with("multipart/form-data")
        {
            return Ok(Self(Upload::default()));
        }
        Ok(Self(parts(request, body).await?))
    }
}

async fn parts(request: &Request, body: &mut RequestBody) -> Result<Upload, Error> {
    let broken = |e: &dyn std::fmt::Display| {
        Error::new(Kind::Malformed, format!("the upload cannot be read: {e}"))
    };
    let parts = <Multipart as FromRequest>::from_request(request, body).await;
    let mut parts = parts.map_err(|e| broken(&e))?;
    let mut upload = Upload::default();
    for _ in 0..PARTS {
        let Some(part) = parts.next_field().await.map_err(|e| broken(&e))? else {
            break;
        };
        let name = part.name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(|e| broken(&e))?;
        match name.as_str() {
            "file" => upload.file = Some(bytes.into()),
            "outputformat" => upload.as_xml = bytes.eq_ignore_ascii_case(b"xml"),
            "fileurl" => upload.names_url = !bytes.is_empty(),
            _ => {}
        }
    }
    Ok(upload)
}

#[OpenApi(tag = "Group::Symbols")]
impl Read {
    /// Read a picture as qrserver.com does
    #[oai(
        path = "/v1/read-qr-code",
        method = "post",
        operation_id = "qrserver_read_upload"
    )]
    async fn read(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        _may: Public<act::Render>,
        query: InQuery,
        upload: InParts,
    ) -> Result<Answered> {
        let upload = upload.0;
        let output = output(&query.0, upload.as_xml);
        let names_url = upload.names_url || query.0.bytes("fileurl").is_some();
        let read = answered((&app, &ctx), output, upload.file.filter(|_| !names_url));
        let read = if names_url {
            Err(foreign())
        } else {
            read.await
        };
        shaped(read, move |error| told_in(output, error))
    }

    /// Refused: no picture is fetched from an address
    #[oai(
        path = "/v1/read-qr-code",
        method = "get",
        operation_id = "qrserver_read"
    )]
    #[allow(clippy::unused_async)] // the framework's signature
    async fn fetch(&self, _may: Public<act::Render>, query: InQuery) -> Result<Answered> {
        let output = output(&query.0, false);
        shaped(Err(foreign()), move |error| told_in(output, error))
    }
}

fn output(query: &Params, as_xml: bool) -> Output {
    let named = query.bytes("outputformat");
    let is_xml = named.map_or(as_xml, |name| name.eq_ignore_ascii_case(b"xml"));
    if is_xml { Output::Xml } else { Output::Json }
}

fn foreign() -> Error {
    let message = "download error (no picture is fetched from an address: upload it as file)";
    Error::invalid("fileurl", message)
}

async fn answered(
    (app, ctx): (&App, &Ctx),
    output: Output,
    file: Option<Bytes>,
) -> Result<Response, Error> {
    let missing = "must be given: a PNG, GIF or JPEG file of at most 1 MiB";
    let file = file.ok_or_else(|| Error::invalid("file", missing))?;
    match app.reader.read(ctx, file).await? {
        Ok(texts) => Ok(written(output, 200, &symbols(texts))),
        Err(Unread::Nothing) => Ok(written(output, 200, &failure(NOTHING))),
        Err(Unread::Large) => Err(Error::new(
            Kind::TooLarge,
            "download error (file is too big)",
        )),
        Err(why) => Err(Error::invalid("file", why.to_string())),
    }
}

/// What each symbol says.
fn symbols(texts: Vec<String>) -> Value {
    let symbols = (0..)
        .zip(texts)
        .map(|(seq, text)| json!({ "seq": seq, "data": text, "error": null }));
    symbols.collect()
}

fn failure(why: &str) -> Value {
    json!([{ "seq": 0, "data": null, "error": why }])
}

/// An error is where callers look for it: beside the data.
fn told_in(output: Output, error: &Error) -> Response {
    let why = error
        .details()
        .first()
        .map_or(error.message(), |detail| &detail.message);
    written(output, super::answer::plain_status(error), &failure(why))
}

fn written(output: Output, status: u16, symbols: &Value) -> Response {
    if output == Output::Json {
        let body = json!([{ "type": "qrcode", "symbol": symbols }]);
        return told(status, "application/json", body.to_string());
    }
    let text = |value: &Value| value.as_str().map(escaped).unwrap_or_default();
    let symbols = symbols.as_array().into_iter().flatten().map(|symbol| {
        format!(
            "<symbol><seq>{}</seq><data>{}</data><error>{}</error></symbol>",
            symbol["seq"],
            text(&symbol["data"]),
            text(&symbol["error"])
        )
    });
    let symbols: String = symbols.collect();
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><barcodes><barcode><type>qrcode</type>{symbols}</barcode></barcodes>"
    );
    told(status, "application/xml; charset=utf-8", body)
}
