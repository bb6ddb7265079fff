//! `PATCH /api/v2/codes/{id}`: a JSON merge patch (RFC 7396).

use std::sync::Arc;

use poem::{Request, Result};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Header, Path},
    payload::Json,
    types::MaybeUndefined,
};
use serde::Deserialize;

use super::{
    At, Code,
    draft::{Checking, PLACEMENTS, Raw},
    etag::{etag, seen},
    rules::RuleShape,
    shown_one,
};
use crate::http::api::faults::Faults;
use crate::{
    app::App,
    codes::{self, Change, CodeKind, CodeStyle, Placement, PlacementChanges, Plan, Rule},
    http::{
        api::{Group, qr::parse_id, v2::options::Options},
        bounds::{self, Within},
        extract::Input,
        may::{May, context},
    },
    identity::{Author, act},
    kernel::{Ctx, Error},
    validate::{Purpose, Submission},
};

pub struct Patch;

/// What shall become otherwise. What is absent stays; `null` removes.
#[derive(Deserialize, Object)]
#[oai(rename = "CodeChanges")]
#[serde(deny_unknown_fields)]
struct Changes {
    #[serde(default)]
    target: MaybeUndefined<Within<bounds::Target>>,
    #[serde(default)]
    title: MaybeUndefined<Within<bounds::Title>>,
    #[serde(default)]
    description: MaybeUndefined<Within<bounds::Description>>,
    #[serde(default)]
    tags: MaybeUndefined<Vec<String>>,
    /// In the place of `style_name`
    #[serde(default)]
    style: MaybeUndefined<Raw<Options>>,
    /// In the place of `style`
    #[serde(default)]
    style_name: MaybeUndefined<String>,
    #[serde(default)]
    enabled: MaybeUndefined<bool>,
    #[serde(default)]
    starts_at: MaybeUndefined<String>,
    #[serde(default)]
    expires_at: MaybeUndefined<String>,
    /// All that there shall be: those with a `slug` stay, and may have another name; those without are new. One that is left out is
    /// removed, and what is printed of it leads nowhere any more
    placements: Option<Vec<PlacementChange>>,
    /// All of them
    #[serde(default)]
    rules: MaybeUndefined<Vec<RuleShape>>,
    forward_query: Option<bool>,
    #[serde(default)]
    max_scans: MaybeUndefined<i64>,
    #[serde(default)]
    password: MaybeUndefined<String>,
}

#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
struct PlacementChange {
    /// Of one that there is
    slug: Option<String>,
    name: String,
}

#[derive(ApiResponse)]
pub enum Changed {
    /// The code as it is now.
    #[oai(status = 200)]
    Code(
        Json<Code>,
        /// For `If-Match`
        #[oai(header = "ETag")]
        String,
    ),
}

impl Changed {
    /// # Errors
    /// The store's.
    pub async fn of(app: &App, code: codes::Code) -> Result<Self, Error> {
        let tag = etag(&code);
        Ok(Self::Code(Json(shown_one(app, code).await?), tag))
    }
}

/// What is checked, and stands for what the code is now.
#[allow(clippy::option_option)] // absent stays, `null` removes
struct Checked {
    target: Option<String>,
    title: Option<String>,
    description: Option<String>,
    tags: Option<Vec<String>>,
    style: Option<Option<CodeStyle>>,
    enabled: Option<bool>,
    starts_at_us: Option<Option<i64>>,
    expires_at_us: Option<Option<i64>>,
    rules: Option<Vec<Rule>>,
    forward_query: Option<bool>,
    max_scans: Option<Option<i64>>,
    password_hash: Option<Option<String>>,
    placements: PlacementChanges,
}

#[OpenApi(tag = "Group::Codes")]
impl Patch {
    /// Change a code
    ///
    /// A JSON merge patch (RFC 7396). With `If-Match`, only if the code is as that says.
    #[oai(
        path = "/api/v2/codes/:id",
        method = "patch",
        operation_id = "change_code"
    )]
    async fn change(
        &self,
        request: &Request,
        may: May<act::EditCodes>,
        /// The code's UUID
        id: Path<String>,
        /// `ETag` of what the change is for
        #[oai(name = "If-Match")]
        _if_match: Header<Option<String>>,
        body: Input<Changes>,
    ) -> Result<Changed> {
        let (app, ctx) = context(request)?;
        let at = (may.organization(), parse_id(&id)?);
        let seen = seen(app, at, request.headers()).await?;
        let checked = checked(app, ctx, at, body.0).await?;
        let author = Author::from(may.caller());
        let edited = app
            .codes
            .edit(at, seen, &author, |code| checked.change(code));
        Ok(Changed::of(app, edited.await?).await?)
    }
}

/// # Errors
/// `Invalid`, naming all that is wrong; `NotFound`.
async fn checked(app: &App, ctx: &Ctx, at: At, changes: Changes) -> Result<Checked, Error> {
    let (org, id) = at;
    let code = app.codes.get(org, id).await?;
    let checking = Checking { app, ctx, org };
    let mut faults = Faults::default();
    for (field, is_removed) in [
        ("target", changes.target.is_null()),
        ("enabled", changes.enabled.is_null()),
    ] {
        if is_removed {
            faults.add(field, "cannot be removed, only changed");
        }
    }
    let texts = texts(&checking, &mut faults, (&code, &changes)).await?;
    let style = style(&checking, &mut faults, (&code, &changes)).await?;
    let rules = match &changes.rules {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(Vec::new()),
        MaybeUndefined::Value(rules) => Some(checking.rules(&mut faults, rules).await?),
    };
    let placed = app.codes.placed(&[id]).await?;
    let placed = placed.into_values().next().unwrap_or_default();
    let placements = placements(app, &mut faults, (&code, &placed), changes.placements)?;
    let tags = match changes.tags {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(Vec::new()),
        MaybeUndefined::Value(tags) => Some(faults.tags(&tags)),
    };
    let mut time = |field, text: &MaybeUndefined<String>| {
        optional(text, |text| {
            Some(faults.time(field, text)?.as_microsecond())
        })
    };
    let starts_at_us = time("starts_at", &changes.starts_at);
    let expires_at_us = time("expires_at", &changes.expires_at);
    let max_scans = optional(&changes.max_scans, |most| Some(faults.max_scans(*most)));
    faults.finish()?;
    let password_hash = match changes.password {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(password) => Some(Some(app.auth.hash_of_code(password).await?)),
    };
    let [target, title, description] = texts;
    Ok(Checked {
        target,
        title,
        description,
        tags,
        style,
        enabled: changes.enabled.value().copied(),
        starts_at_us,
        expires_at_us,
        rules,
        forward_query: changes.forward_query,
        max_scans,
        password_hash,
        placements,
    })
}

/// `None` stays, `Some(None)` is removed.
#[allow(clippy::option_option)]
fn optional<T, U>(
    value: &MaybeUndefined<T>,
    check: impl FnOnce(&T) -> Option<U>,
) -> Option<Option<U>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(check(value)),
    }
}

/// Target, title and description as they are to be stored.
async fn texts(
    checking: &Checking<'_>,
    faults: &mut Faults,
    (code, changes): (&codes::Code, &Changes),
) -> Result<[Option<String>; 3], Error> {
    let cleared = |text: Option<Option<String>>| text.map(Option::unwrap_or_default);
    let title = cleared(optional(&changes.title, |text| Some(text.0.clone())));
    let description = cleared(optional(&changes.description, |text| Some(text.0.clone())));
    let submission = Arc::new(Submission {
        purpose: match code.kind {
            CodeKind::Static => Purpose::UpdateStatic,
            CodeKind::Dynamic => Purpose::UpdateDynamic,
        },
        redirect_url: changes.target.value().map(|target| target.0.clone()),
        title: title.clone(),
        description: description.clone(),
        ..Submission::default()
    });
    let verdict = checking.app.validate(checking.ctx, &submission).await?;
    for detail in verdict.details {
        let is_target = detail.field == "redirect_url";
        let field = if is_target {
            "target".into()
        } else {
            detail.field
        };
        faults.add(field, detail.message);
    }
    Ok([verdict.target, title, description])
}

async fn style(
    checking: &Checking<'_>,
    faults: &mut Faults,
    (code, changes): (&codes::Code, &Changes),
) -> Result<Option<Option<CodeStyle>>, Error> {
    let (own, name) = (&changes.style, &changes.style_name);
    if own.is_undefined() && name.is_undefined() {
        return Ok(None);
    }
    let own = own.value().map(|style| &style.0);
    let says = checking.app.codes.content(code);
    let style = checking.style(faults, &says, (own, name.value().map(String::as_str)));
    style.await.map(Some)
}

fn placements(
    app: &App,
    faults: &mut Faults,
    (code, placed): (&codes::Code, &[Placement]),
    wanted: Option<Vec<PlacementChange>>,
) -> Result<PlacementChanges, Error> {
    let mut changes = PlacementChanges::default();
    let Some(wanted) = wanted else {
        return Ok(changes);
    };
    if wanted.len() > PLACEMENTS {
        faults.add(
            "placements",
            format!("must have at most {PLACEMENTS} items"),
        );
    }
    let (mut added, mut kept) = (Vec::new(), Vec::new());
    for PlacementChange { slug, name } in &wanted {
        let name = faults.place(name);
        let Some(slug) = slug else {
            added.push(name);
            continue;
        };
        let Some(found) = placed.iter().find(|placement| placement.slug == *slug) else {
            faults.add(
                "placements",
                format!("the code has no placement with the slug {slug:.64}"),
            );
            continue;
        };
        kept.push(found.id);
        if found.name != name {
            changes.rename.push((found.id, name));
        }
    }
    let gone = placed.iter().map(|placement| placement.id);
    changes.remove = gone.filter(|id| !kept.contains(id)).collect();
    changes.add = app.codes.placements(code.id, &added)?;
    Ok(changes)
}

impl Checked {
    /// # Errors
    /// `Invalid` for what this code cannot have.
    fn change(&self, code: &codes::Code) -> Result<Change, Error> {
        let before = &code.plan;
        let plan = Plan {
            starts_at_us: self.starts_at_us.unwrap_or(before.starts_at_us),
            expires_at_us: self.expires_at_us.unwrap_or(before.expires_at_us),
            rules: self.rules.clone().unwrap_or_else(|| before.rules.clone()),
            schedule: before.schedule.clone(),
            forward_query: self.forward_query.unwrap_or(before.forward_query),
            max_scans: self.max_scans.unwrap_or(before.max_scans),
            password_hash: (self.password_hash.clone())
                .unwrap_or_else(|| before.password_hash.clone()),
        };
        let mut faults = Faults::default();
        faults.season(plan.starts_at_us, plan.expires_at_us);
        let has_plan = plan != Plan::default() || !self.placements.add.is_empty();
        if code.kind == CodeKind::Static && has_plan {
            faults.add("body", "a static code leads nowhere: rules, times, placements, limits and passwords are for dynamic ones");
        }
        faults.finish()?;
        Ok(Change {
            target: self.target.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            enabled: self.enabled,
            style: self.style.clone(),
            tags: self.tags.clone(),
            plan: (plan != *before).then_some(plan),
            placements: self.placements.clone(),
            ..Change::default()
        })
    }
}
