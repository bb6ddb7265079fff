//! Codes as a resource (`/api/v2/codes`): what dialect v1 shows of them, and rules, times, placements, tags and styles besides.

pub mod change;
pub mod create;
pub mod delete;
pub mod draft;
mod etag;
pub mod get;
pub mod image;
pub mod list;
mod rules;
pub mod targets;

use std::collections::HashMap;

use poem_openapi::{Object, types::Any};
use serde_json::Value;
use uuid::Uuid;

use super::qr::QrType;
use crate::{
    app::App,
    codes::{self, CodeStyle, Placement},
    identity::OrgId,
    kernel::{Result, Timestamp},
};
use rules::RuleShape;

/// A code. Times are RFC 3339, UTC.
#[derive(Object)]
#[oai(rename = "CodeResource")]
pub struct Code {
    id: Uuid,
    kind: QrType,
    /// What the symbol says.
    content: String,
    /// Of a dynamic code: the last part of the address that its symbol leads to.
    slug: Option<String>,
    /// Of a static code: what its content was made of.
    payload: Option<Any<Value>>,
    /// Of a dynamic code: where it leads now, but for its rules.
    target: Option<String>,
    title: Option<String>,
    description: Option<String>,
    tags: Vec<String>,
    /// Options of its own, as of `POST /api/v2/qr/generate`.
    style: Option<Any<Value>>,
    /// The saved style that it is drawn in; the organization's default one without either.
    style_name: Option<String>,
    enabled: bool,
    starts_at: Option<String>,
    expires_at: Option<String>,
    placements: Vec<PlacementShape>,
    rules: Vec<RuleShape>,
    /// The query of the scanned address goes along to the target.
    forward_query: bool,
    max_scans: Option<i64>,
    has_password: bool,
    created_at: String,
    updated_at: String,
    counts: Counts,
}

/// Another address of the code, to be put in another place. Its scans are counted apart, and in the code's.
#[derive(Object)]
#[oai(rename = "Placement")]
struct PlacementShape {
    slug: String,
    name: String,
    /// What its symbol says: for `placement` of the image, or a symbol of one's own.
    content: String,
    /// Scans by people.
    scans: i64,
    genuine_scans: i64,
    last_scan_at: Option<String>,
}

/// Scans by people.
#[derive(Object)]
#[oai(rename = "CodeCounts")]
struct Counts {
    scans: i64,
    last_scan_at: Option<String>,
    /// Of the symbol itself, not of a shared link.
    genuine_scans: i64,
    first_genuine_scan_at: Option<String>,
    last_genuine_scan_at: Option<String>,
}

/// Codes with their placements.
///
/// # Errors
/// The store's.
pub async fn shown(app: &App, codes: Vec<codes::Code>) -> Result<Vec<Code>> {
    let ids: Vec<Uuid> = codes.iter().map(|code| code.id).collect();
    let mut placed: HashMap<Uuid, Vec<Placement>> = app.codes.placed(&ids).await?;
    let each = codes.into_iter().map(|code| {
        let placements = placed.remove(&code.id).unwrap_or_default();
        shape(app, code, placements)
    });
    Ok(each.collect())
}

/// # Errors
/// The store's.
pub async fn shown_one(app: &App, code: codes::Code) -> Result<Code> {
    let placed = app.codes.placed(&[code.id]).await?;
    let placements = placed.into_values().next().unwrap_or_default();
    Ok(shape(app, code, placements))
}

fn shape(app: &App, code: codes::Code, placements: Vec<Placement>) -> Code {
    let json = |text: String| serde_json::from_str(&text).ok().map(Any);
    let content = app.codes.content(&code);
    let target = code.target_at(app.clock.now()).map(str::to_owned);
    let (style, style_name) = match code.style {
        None => (None, None),
        Some(CodeStyle::Own(options)) => (json(options), None),
        Some(CodeStyle::Saved(name)) => (None, Some(name)),
    };
    let plan = &code.plan;
    Code {
        id: code.id,
        kind: code.kind.into(),
        content,
        slug: code.slug,
        payload: code.payload.and_then(json),
        target,
        title: code.title,
        description: code.description,
        tags: code.tags,
        style,
        style_name,
        enabled: code.enabled,
        starts_at: plan.starts_at().map(time),
        expires_at: plan.expires_at().map(time),
        placements: placements.into_iter().map(|p| placement(app, p)).collect(),
        rules: plan.rules.iter().map(RuleShape::from).collect(),
        forward_query: plan.forward_query,
        max_scans: plan.max_scans,
        has_password: plan.password_hash.is_some(),
        created_at: time(code.created_at),
        updated_at: time(code.updated_at),
        counts: Counts {
            scans: code.counters.scans,
            last_scan_at: code.counters.last_scan_at.map(time),
            genuine_scans: code.counters.genuine_scans,
            first_genuine_scan_at: code.counters.first_genuine_scan_at.map(time),
            last_genuine_scan_at: code.counters.last_genuine_scan_at.map(time),
        },
    }
}

fn placement(app: &App, placement: Placement) -> PlacementShape {
    PlacementShape {
        content: app.codes.address(&placement.slug),
        slug: placement.slug,
        name: placement.name,
        scans: placement.scans,
        genuine_scans: placement.genuine_scans,
        last_scan_at: placement.last_scan_at.map(time),
    }
}

#[allow(clippy::needless_pass_by_value)] // for `map`
fn time(t: Timestamp) -> String {
    t.to_string()
}

/// What an organization's own dialect needs to find a code.
type At = (OrgId, Uuid);
