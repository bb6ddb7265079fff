//! `GET /api/organizations/{org_id}/qr-codes/{qr_id}/image`, `GET /api/organizations/{org_id}/qr-business/image`.

use poem::{Request, Result};
use poem_openapi::{
    Enum, OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

use super::parse_id;
use crate::{
    codes::Wishes,
    http::{
        api::{
            Group,
            qr::image::{Image, ImageAnswer},
        },
        bounds::{self, Within},
        may::{May, context},
    },
    identity::{OrgId, act},
    kernel::{Error, Level},
    render::{Faults, Field, Format},
    telemetry::labels::Dialect,
};

/// Defaults: of a code's image, and of the business code's.
const CODE_PX: i64 = 300;
const BUSINESS_PX: i64 = 500;

pub struct OrganizationImage {
    image: Image,
}

#[derive(Clone, Copy, Default, Enum)]
#[oai(rename_all = "lowercase", rename = "OrganizationImageFormat")]
enum FormatName {
    #[default]
    Png,
    Svg,
}

#[derive(Clone, Copy, Enum)]
#[oai(rename = "OrganizationImageLevel")]
enum LevelName {
    L,
    M,
    Q,
    H,
}

impl From<LevelName> for Level {
    fn from(name: LevelName) -> Self {
        match name {
            LevelName::L => Self::L,
            LevelName::M => Self::M,
            LevelName::Q => Self::Q,
            LevelName::H => Self::H,
        }
    }
}

/// What is asked for, as this dialect asks.
struct Asked {
    org: OrgId,
    id: Uuid,
    format: FormatName,
    size_px: i64,
    level: Level,
}

#[OpenApi(tag = "Group::Codes")]
impl OrganizationImage {
    /// A code's symbol as a file
    #[oai(
        path = "/api/organizations/:org_id/qr-codes/:qr_id/image",
        method = "get",
        operation_id = "get_organization_code_image"
    )]
    #[allow(clippy::too_many_arguments)] // the dialect's parameters
    async fn code(
        &self,
        request: &Request,
        may: May<act::ViewCodes>,
        /// The organization's UUID
        org_id: Path<String>,
        /// The code's UUID
        qr_id: Path<String>,
        #[oai(default)] format: Query<FormatName>,
        /// Width and height in pixels; default 300
        size: Query<Option<Within<bounds::StyledPx>>>,
        /// Default M
        error_correction: Query<Option<LevelName>>,
    ) -> Result<ImageAnswer> {
        let _ = org_id;
        let id = parse_id("qr_id", &qr_id)?;
        let asked = Asked {
            org: may.organization(),
            id,
            format: format.0,
            size_px: size.0.map_or(CODE_PX, |size| size.0),
            level: error_correction.0.map_or(Level::M, Into::into),
        };
        self.answer(request, asked).await
    }

    /// The organization's business code as a file
    #[oai(
        path = "/api/organizations/:org_id/qr-business/image",
        method = "get",
        operation_id = "get_business_code_image"
    )]
    #[allow(clippy::too_many_arguments)] // the dialect's parameters
    async fn business(
        &self,
        request: &Request,
        may: May<act::ViewCodes>,
        /// The organization's UUID
        org_id: Path<String>,
        #[oai(default)] format: Query<FormatName>,
        /// Width and height in pixels; default 500
        size: Query<Option<Within<bounds::StyledPx>>>,
        /// Default Q
        error_correction: Query<Option<LevelName>>,
    ) -> Result<ImageAnswer> {
        let _ = org_id;
        let (app, _) = context(request)?;
        let organization = app.auth.organizations.get(may.organization()).await?;
        let id = organization.business_code.ok_or_else(|| {
            let message = "this organization has no business code: an admin sets one with PATCH /api/organizations/{org_id}";
            Error::not_found(message)
        })?;
        let asked = Asked {
            org: may.organization(),
            id,
            format: format.0,
            size_px: size.0.map_or(BUSINESS_PX, |size| size.0),
            level: error_correction.0.map_or(Level::Q, Into::into),
        };
        self.answer(request, asked).await
    }
}

impl OrganizationImage {
    pub fn new() -> Self {
        Self {
            image: Image::new(Dialect::Organization),
        }
    }

    async fn answer(&self, request: &Request, asked: Asked) -> Result<ImageAnswer> {
        let (app, ctx) = context(request)?;
        let format = match asked.format {
            FormatName::Png => Format::Png,
            FormatName::Svg => Format::Svg,
        };
        let wishes = Wishes {
            format,
            pixels: u32::try_from(asked.size_px).ok(),
            level: Some(asked.level),
            ..Wishes::default()
        };
        let drawn = async {
            let code = app.codes.appearance(asked.org, asked.id).await?;
            let drawing = app.codes.drawing(&code, wishes);
            let request = drawing.map_err(Faults::into_error)?;
            let image = app.render(ctx, &request).await?;
            Ok((image, None))
        };
        let drawn = Box::pin(drawn).await.map_err(spelled);
        self.image.answer(ctx, format, drawn, request.headers())
    }
}

/// An error of a render arm in this dialect's words.
fn spelled(error: Error) -> Error {
    let named = |field: Field| match field {
        Field::Level => "error_correction",
        Field::Format => "format",
        Field::Size => "size",
        other => crate::http::api::qr::name(other),
    };
    Faults::spelled(error, named)
}
