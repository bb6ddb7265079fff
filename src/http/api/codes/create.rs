//! `POST /api/v2/codes`.

use std::sync::Arc;

use metrics::Counter;
use poem::{Result, web::Data};
use poem_openapi::{ApiResponse, Object, OpenApi, payload::Json};
use serde::Deserialize;

use super::{
    Code,
    draft::{Checking, PLACEMENTS, Raw},
    etag::etag,
    rules::RuleShape,
    shown_one,
};
use crate::http::api::faults::Faults;
use crate::{
    app::App,
    codes::{self, Draft, Look, Meaning, Plan},
    http::{
        api::{Group, payloads::Payload, qr::QrType, v2::options::Options},
        bounds::{self, Within},
        extract::Input,
        may::May,
    },
    identity::{Author, Caller, act},
    kernel::{Ctx, Error, error::Detail},
    telemetry::{
        catalogue, handles,
        labels::{QrKind, Status},
    },
    validate::{Purpose, Submission},
};

pub struct Create {
    made: [Counter; 2],
    failed: [Counter; 2],
}

/// A code to be made. It has a `target`, or says `content` or a `payload`.
#[derive(Deserialize, Object)]
#[oai(rename = "NewCode")]
#[serde(deny_unknown_fields)]
struct NewCode {
    /// Follows from the rest; may be left out
    kind: Option<QrType>,
    /// For a dynamic code, whose symbol leads to a short address: the page that it opens
    target: Option<Within<bounds::Target>>,
    /// For a static code: what its symbol says for ever
    content: Option<Within<bounds::Content>>,
    /// For a static code, its content by fields: see `GET /api/v2/payloads`
    payload: Option<Payload>,
    title: Option<Within<bounds::Title>>,
    description: Option<Within<bounds::Description>>,
    /// At most 30
    #[serde(default)]
    tags: Vec<String>,
    /// Options of its own, as of `POST /api/v2/qr/generate`
    style: Option<Raw<Options>>,
    /// A saved style, in the place of `style`
    style_name: Option<String>,
    /// (true)
    enabled: Option<bool>,
    /// Before this it leads nowhere (RFC 3339)
    starts_at: Option<String>,
    /// From this on it leads nowhere any more (RFC 3339)
    expires_at: Option<String>,
    /// More addresses, whose scans are counted apart; at most 100
    #[serde(default)]
    placements: Vec<NewPlacement>,
    /// Other targets for some visits; at most 50, the first one that fits wins
    #[serde(default)]
    rules: Vec<RuleShape>,
    /// Send the query of the scanned address along to the target (false)
    #[serde(default)]
    #[oai(default)]
    forward_query: bool,
    /// After so many scans by people it leads nowhere any more
    max_scans: Option<i64>,
    /// Asked for before the code leads anywhere; 4 to 128 characters
    password: Option<String>,
}

#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
struct NewPlacement {
    name: String,
}

#[derive(ApiResponse)]
enum Created {
    /// The code as it is now.
    #[oai(status = 201)]
    Code(
        Json<Code>,
        /// For `If-Match`
        #[oai(header = "ETag")]
        String,
        #[oai(header = "Location")] String,
    ),
}

#[OpenApi(tag = "Group::Codes")]
impl Create {
    /// Make a code
    #[oai(path = "/api/v2/codes", method = "post", operation_id = "create_code")]
    async fn create(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        may: May<act::EditCodes>,
        body: Input<NewCode>,
    ) -> Result<Created> {
        let kind = usize::from(body.0.target.is_some());
        let made = make(&app, &ctx, may.caller(), body.0).await;
        let counters = if made.is_ok() {
            &self.made
        } else {
            &self.failed
        };
        counters[kind].increment(1);
        let code = made?;
        let (tag, location) = (etag(&code), format!("/api/v2/codes/{}", code.id));
        Ok(Created::Code(
            Json(shown_one(&app, code).await?),
            tag,
            location,
        ))
    }
}

impl Create {
    pub fn new() -> Self {
        let count = |s: Status| {
            [QrKind::Static, QrKind::Dynamic]
                .map(|k| handles::counter(&catalogue::CREATIONS, &[k.label(), s.label()]))
        };
        Self {
            made: count(Status::Success),
            failed: count(Status::Failure),
        }
    }
}

async fn make(app: &App, ctx: &Ctx, caller: &Caller, new: NewCode) -> Result<codes::Code, Error> {
    let org = caller.organization();
    let checking = Checking { app, ctx, org };
    let mut faults = Faults::default();
    let built = new.payload.as_ref();
    let built = built.and_then(|payload| Checking::payload(&mut faults, payload));
    let (built, payload) = built.unzip();
    let meaning = meaning(&checking, &mut faults, (&new, built)).await?;
    let is_dynamic = !matches!(meaning, Some(Meaning::Static { .. }));
    let mut placements = Vec::new();
    for place in &new.placements {
        placements.push(faults.place(&place.name));
    }
    if placements.len() > PLACEMENTS {
        faults.add(
            "placements",
            format!("must have at most {PLACEMENTS} items"),
        );
    }
    let own = new.style.as_ref().map(|style| &style.0);
    let says = match &meaning {
        Some(Meaning::Static { content }) => content.clone(),
        _ => app.codes.some_address(),
    };
    let style = checking
        .style(&mut faults, &says, (own, new.style_name.as_deref()))
        .await?;
    let plan = plan(&checking, &mut faults, &new).await?;
    let has_plan = plan != Plan::default() || new.password.is_some() || !placements.is_empty();
    if has_plan && !is_dynamic {
        let message = "a static code leads nowhere: rules, times, placements, limits and passwords are for dynamic ones";
        faults.add("content", message);
    }
    faults.finish()?;
    let Some(meaning) = meaning else {
        return Err(Error::internal(
            "a code without a meaning passed its faults",
        ));
    };
    let password_hash = match new.password {
        Some(password) => Some(app.auth.hash_of_code(password).await?),
        None => None,
    };
    let text = |text: Option<String>| text.filter(|text| !text.is_empty());
    let draft = Draft {
        meaning,
        title: text(new.title.map(|title| title.0)),
        description: text(new.description.map(|description| description.0)),
        look: Look::default(),
        enabled: new.enabled.unwrap_or(true),
        style,
        payload,
        tags: Faults::default().tags(&new.tags),
        plan: Plan {
            password_hash,
            ..plan
        },
        placements,
    };
    app.codes.create(org, draft, &Author::from(caller)).await
}

/// What the symbol says, and whether title and description are acceptable.
async fn meaning(
    checking: &Checking<'_>,
    faults: &mut Faults,
    (new, built): (&NewCode, Option<String>),
) -> Result<Option<Meaning>, Error> {
    let given = [
        ("target", new.target.is_some()),
        ("content", new.content.is_some()),
        ("payload", new.payload.is_some()),
    ];
    let mut given = given.into_iter().filter(|(_, is_given)| *is_given);
    let is_dynamic = match (given.next(), given.next_back()) {
        (Some((first, _)), None) => first == "target",
        (Some(_), Some((last, _))) => {
            faults.add(last, "give one of target, content and payload");
            return Ok(None);
        }
        (None, _) => {
            faults.add(
                "target",
                "is missing: give a target, or the content or payload of a static code",
            );
            return Ok(None);
        }
    };
    let content = new.content.as_ref().map(|content| content.0.clone());
    let content = content.or(built);
    if !is_dynamic && content.is_none() {
        return Ok(None);
    }
    let asked = new.kind.map(|kind| matches!(kind, QrType::Dynamic));
    if asked.is_some_and(|asked| asked != is_dynamic) {
        faults.add("kind", "must be dynamic with a target, static with content");
    }
    let submission = Arc::new(Submission {
        purpose: if is_dynamic {
            Purpose::CreateDynamic
        } else {
            Purpose::CreateStatic
        },
        content,
        redirect_url: new.target.as_ref().map(|target| target.0.clone()),
        title: new.title.as_ref().map(|title| title.0.clone()),
        description: new.description.as_ref().map(|text| text.0.clone()),
        ..Submission::default()
    });
    let verdict = checking.app.validate(checking.ctx, &submission).await?;
    for Detail { field, message } in verdict.details {
        let field = if field == "redirect_url" {
            "target".into()
        } else {
            field
        };
        faults.add(field, message);
    }
    let content = submission.content.clone();
    Ok(match verdict.target {
        Some(target) => Some(Meaning::Dynamic { target }),
        None => content.map(|content| Meaning::Static { content }),
    })
}

/// All of a plan but its password.
async fn plan(checking: &Checking<'_>, faults: &mut Faults, new: &NewCode) -> Result<Plan, Error> {
    faults.tags(&new.tags);
    let mut time = |field, text: &Option<String>| {
        let time = text.as_deref().and_then(|text| faults.time(field, text));
        time.map(crate::kernel::Timestamp::as_microsecond)
    };
    let starts_at_us = time("starts_at", &new.starts_at);
    let expires_at_us = time("expires_at", &new.expires_at);
    faults.season(starts_at_us, expires_at_us);
    Ok(Plan {
        starts_at_us,
        expires_at_us,
        rules: checking.rules(faults, &new.rules).await?,
        schedule: Vec::new(),
        forward_query: new.forward_query,
        max_scans: new.max_scans.map(|most| faults.max_scans(most)),
        password_hash: None,
    })
}
