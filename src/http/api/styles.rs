//! `/api/v2/styles`: saved styles of an organization.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path, payload::Json, types::Any};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Group,
    codes::draft::{Checking, Raw},
    v2::options::Options,
};
use crate::http::api::faults::Faults;
use crate::{
    app::App,
    codes::styles::SavedStyle,
    http::{extract::Input, may::May},
    identity::{Author, OrgId, act},
    kernel::{Ctx, Error, Kind},
};

const NAME_CHARS: usize = 60;
const OPTION_BYTES: usize = 512 << 10;

pub struct Styles;

/// Options of a symbol under a name.
#[derive(Object)]
#[oai(rename = "SavedStyle")]
struct Style {
    name: String,
    /// As of `POST /api/v2/qr/generate`
    options: Any<Value>,
    /// Of codes that name no style
    default: bool,
    created_at: String,
    updated_at: String,
}

#[derive(Object)]
#[oai(rename = "SavedStyles")]
struct List {
    items: Vec<Style>,
}

/// A style to be saved.
#[derive(Deserialize, Object)]
#[oai(rename = "StyleToSave")]
#[serde(deny_unknown_fields)]
struct New {
    /// As of `POST /api/v2/qr/generate`
    options: Raw<Options>,
    /// For codes that name no style, in the place of the one that was (false)
    #[serde(default)]
    #[oai(default)]
    default: bool,
}

#[derive(ApiResponse)]
enum Deleted {
    /// The style is gone.
    #[oai(status = 204)]
    Gone,
}

impl From<&SavedStyle> for Style {
    fn from(style: &SavedStyle) -> Self {
        Self {
            name: style.name.clone(),
            options: Any(serde_json::from_str(&style.options).unwrap_or_default()),
            default: style.is_default,
            created_at: style.created_at.to_string(),
            updated_at: style.updated_at.to_string(),
        }
    }
}

#[OpenApi(tag = "Group::Codes")]
impl Styles {
    /// Saved styles, by name
    #[oai(path = "/api/v2/styles", method = "get", operation_id = "list_styles")]
    async fn list(&self, app: Data<&Arc<App>>, may: May<act::ViewCodes>) -> Result<Json<List>> {
        let styles = app.codes.styles.list(may.organization()).await?;
        let items = styles.iter().map(Style::from).collect();
        Ok(Json(List { items }))
    }

    /// One saved style
    #[oai(
        path = "/api/v2/styles/:name",
        method = "get",
        operation_id = "get_style"
    )]
    async fn get(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ViewCodes>,
        name: Path<String>,
    ) -> Result<Json<Style>> {
        let style = app.codes.styles.get(may.organization(), &name).await?;
        Ok(Json(Style::from(&style)))
    }

    /// Save a style, or replace one
    ///
    /// Codes that name it are drawn by it from then on.
    #[oai(
        path = "/api/v2/styles/:name",
        method = "put",
        operation_id = "save_style"
    )]
    async fn put(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        may: May<act::EditCodes>,
        /// Letters, digits, `-`, `_` and `.`; at most 60
        name: Path<String>,
        body: Input<New>,
    ) -> Result<Json<Style>> {
        let org = may.organization();
        let New { options, default } = body.0;
        let mut faults = Faults::default();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        // Clients shorten a path with a segment of dots.
        let is_dots = name.chars().all(|c| c == '.');
        if !(1..=NAME_CHARS).contains(&name.len()) || !name.chars().all(is_plain) || is_dots {
            let message =
                format!("must have 1 to {NAME_CHARS} letters, digits, -, _ and ., not only dots");
            faults.add("name", message);
        }
        let checking = Checking {
            app: &app,
            ctx: &ctx,
            org,
        };
        let json = options.0.to_string();
        if json.len() > OPTION_BYTES {
            let message = format!(
                "must have at most {} KiB: use a smaller logo",
                OPTION_BYTES >> 10
            );
            faults.add("options", message);
        }
        let some = ("options", "content");
        checking.options(&mut faults, some, &options.0).await?;
        faults.finish()?;
        let author = Author::from(may.caller());
        let saved = app.codes.styles.put(org, &name, (json, default), &author);
        Ok(Json(Style::from(&saved.await?)))
    }

    /// Delete a saved style that no code names
    #[oai(
        path = "/api/v2/styles/:name",
        method = "delete",
        operation_id = "delete_style"
    )]
    async fn delete(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::EditCodes>,
        name: Path<String>,
    ) -> Result<Deleted> {
        let author = Author::from(may.caller());
        let deleted = app.codes.styles.delete(may.organization(), &name, &author);
        deleted.await?;
        Ok(Deleted::Gone)
    }
}

/// The options of a saved style.
///
/// # Errors
/// `Invalid` for an unknown name; the store's.
pub async fn named(app: &App, org: OrgId, name: &str) -> Result<Map<String, Value>, Error> {
    match app.codes.styles.get(org, name).await {
        Ok(style) => Ok(object(&style.options)),
        Err(e) if e.kind() == Kind::NotFound => Err(Error::invalid(
            "style_name",
            "names no style of the organization: see GET /api/v2/styles",
        )),
        Err(e) => Err(e),
    }
}

/// Stored options were checked when they were stored.
pub fn object(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).unwrap_or_default()
}
