//! Managed codes in dialect v1 (`/api/v1/qr`).

pub mod analytics;
pub mod create;
pub mod delete;
pub mod get;
pub mod image;
pub mod list;
pub mod update;

use poem_openapi::{Enum, Object};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    app::App,
    codes::{self, CodeKind},
    http::bounds::{self, Within},
    kernel::{Error, Result},
    render::{Faults, Field},
};

/// Whether a symbol encodes its own text, or the address `/r/{short_id}` of a redirect.
#[derive(Clone, Copy, Debug, Deserialize, Enum, PartialEq, Eq)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum QrType {
    Static,
    Dynamic,
}

impl From<CodeKind> for QrType {
    fn from(kind: CodeKind) -> Self {
        match kind {
            CodeKind::Static => Self::Static,
            CodeKind::Dynamic => Self::Dynamic,
        }
    }
}

impl From<QrType> for CodeKind {
    fn from(kind: QrType) -> Self {
        match kind {
            QrType::Static => Self::Static,
            QrType::Dynamic => Self::Dynamic,
        }
    }
}

/// A code. Times are RFC 3339, UTC.
#[derive(Object)]
pub struct Code {
    id: Uuid,
    /// The symbol's content.
    content: String,
    qr_type: QrType,
    /// Target of a dynamic code.
    redirect_url: Option<String>,
    title: Option<String>,
    description: Option<String>,
    created_at: String,
    /// Scans by people.
    scan_count: i64,
    last_scan_at: Option<String>,
    /// Scans of the symbol itself, not of a shared link.
    genuine_scan_count: i64,
    first_genuine_scan_at: Option<String>,
    last_genuine_scan_at: Option<String>,
    fill_color: String,
    back_color: String,
    /// 1..50, in steps of 25 pixels.
    size: i64,
    /// Modules of quiet zone, 0..20.
    border: i64,
    /// `l`, `m`, `q` or `h`.
    error_level: String,
    /// The slug of a dynamic code.
    short_id: Option<String>,
}

/// A code as this dialect shows it.
pub fn shown(app: &App, code: codes::Code) -> Code {
    let time = |t: crate::kernel::Timestamp| t.to_string();
    let target = code.target_at(app.clock.now()).map(str::to_owned);
    Code {
        content: app.codes.content(&code),
        id: code.id,
        qr_type: code.kind.into(),
        redirect_url: target,
        title: code.title,
        description: code.description,
        created_at: time(code.created_at),
        scan_count: code.counters.scans,
        last_scan_at: code.counters.last_scan_at.map(time),
        genuine_scan_count: code.counters.genuine_scans,
        first_genuine_scan_at: code.counters.first_genuine_scan_at.map(time),
        last_genuine_scan_at: code.counters.last_genuine_scan_at.map(time),
        fill_color: code.look.fill_color.to_string(),
        back_color: code.look.back_color.to_string(),
        size: code.look.size.into(),
        border: code.look.border.into(),
        error_level: code.look.error_level.label().to_owned(),
        short_id: code.slug,
    }
}

/// An id that is no UUID is simply unknown.
pub fn parse_id(id: &str) -> Result<Uuid> {
    Uuid::try_parse(id).map_err(|_| Error::not_found("there is no such code"))
}

/// Codes on a page if nothing else is asked for.
pub fn page_size() -> Within<bounds::PageSize> {
    Within::new(10)
}

/// What this dialect calls the fields of a symbol.
pub const fn name(field: Field) -> &'static str {
    match field {
        Field::Content => "content",
        Field::Level => "error_level",
        Field::Format => "image_format",
        Field::Size => "size",
        Field::PhysicalSize => "physical_size",
        Field::Dpi => "dpi",
        Field::Border => "border",
        Field::Quality => "image_quality",
        Field::Dark => "fill_color",
        Field::Light => "back_color",
        Field::DataDark => "data_dark_color",
        Field::DataLight => "data_light_color",
        Field::Logo => "include_logo",
        Field::Title => "svg_title",
        Field::Description => "svg_description",
        // Codes have no styles yet.
        Field::GradientColors | Field::GradientAngle | Field::GradientCentre => "gradient",
        // Nor can their encoding be chosen.
        Field::Micro => "micro",
        Field::Version | Field::LeastVersion | Field::MostVersion => "version",
        Field::Mask => "mask",
        Field::Mode => "mode",
        Field::Eci => "eci",
        Field::Fnc1 => "fnc1",
        Field::Append => "structured_append",
    }
}

/// An error of a render arm in this dialect's words.
pub fn spelled(error: Error) -> Error {
    Faults::spelled(error, name)
}
