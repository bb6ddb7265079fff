//! `POST /api/checkins`, `POST /api/checkins/batch`, `POST /api/tokens/verify`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{Enum, Object, OpenApi, payload::Json};
use serde::Deserialize;
use tokens::{Kind, Reason};

use super::{Person, time};
use crate::{
    app::App,
    events::{Asked, Checkin, Who},
    http::{
        api::{Group, faults::Faults, qr::parse_id},
        bounds::{self, Within},
        extract::Input,
        may::May,
    },
    identity::{Caller, act},
    kernel::Error,
};

pub struct CheckIns;

/// Of one upload.
const SCANS: usize = 1000;

#[derive(Clone, Copy, Deserialize, Enum, PartialEq, Eq)]
#[oai(rename = "Direction", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
enum Direction {
    In,
    Out,
}

/// Somebody at a gate: a `token`, or the `attendee_id`.
#[derive(Deserialize, Object)]
#[oai(rename = "NewCheckin")]
#[serde(deny_unknown_fields)]
struct New {
    token: Option<Within<bounds::TokenText>>,
    attendee_id: Option<String>,
    direction: Direction,
    gate: Within<bounds::GateName>,
    /// Unique in the event: what is sent again with the same gets the first answer again
    nonce: Within<bounds::Nonce>,
    /// When it was scanned (RFC 3339). In an upload it decides, the earlier of two scans counts; a scan that waits for its answer is
    /// made now
    scanned_at: Option<String>,
}

#[derive(Deserialize, Object)]
#[oai(rename = "NewCheckins")]
#[serde(deny_unknown_fields)]
struct Upload {
    /// 1 to 1000 scans that devices decided by themselves
    scans: Vec<New>,
}

/// The counting scan before.
#[derive(Object)]
#[oai(rename = "PreviousCheckin")]
struct Previous {
    at: String,
    gate: String,
}

#[derive(Object)]
#[oai(rename = "Checkin", skip_serializing_if_is_none)]
struct Answer {
    accepted: bool,
    /// Why not
    reason: Option<String>,
    attendee: Option<Person>,
    previous: Option<Previous>,
    /// The nonce was seen before: this is the first answer
    repeated: bool,
    /// Of a batch: what is wrong with the scan, of which nothing is stored
    error: Option<String>,
}

#[derive(Object)]
#[oai(rename = "Checkins")]
struct Answers {
    /// In the order of the scans
    results: Vec<Answer>,
}

#[derive(Deserialize, Object)]
#[oai(rename = "ShownToken")]
#[serde(deny_unknown_fields)]
struct Shown {
    token: Within<bounds::TokenText>,
}

#[derive(Object)]
#[oai(rename = "TokenVerified", skip_serializing_if_is_none)]
struct Verified {
    valid: bool,
    registration_no: Option<String>,
    name: Option<String>,
    kind: Option<String>,
    /// In words
    error: Option<String>,
    /// `malformed`, `bad_signature`, `unknown_key`, `wrong_event`, `wrong_kind`, `expired`, `not_yet_valid`, `revoked`, `unknown` or `blocked`
    reason: Option<String>,
}

impl Answer {
    fn refused(reason: Reason) -> Self {
        Self {
            accepted: false,
            reason: Some(reason.as_str().to_owned()),
            attendee: None,
            previous: None,
            repeated: false,
            error: None,
        }
    }

    fn wrong(error: &Error) -> Self {
        Self {
            reason: None,
            error: Some(error.to_string()),
            ..Self::refused(Reason::Unknown)
        }
    }
}

impl From<Checkin> for Answer {
    fn from(done: Checkin) -> Self {
        Self {
            accepted: done.accepted,
            reason: done.reason,
            attendee: Some(done.attendee.into()),
            previous: done.previous.map(|(at, gate)| Previous {
                at: at.to_string(),
                gate,
            }),
            repeated: done.is_repeated,
            error: None,
        }
    }
}

#[OpenApi(tag = "Group::Events")]
impl CheckIns {
    /// Let somebody in or out
    ///
    /// A refusal is an answer, too: `accepted` is false, and `reason` says why.
    #[oai(path = "/api/checkins", method = "post", operation_id = "check_in")]
    async fn check_in(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::CheckIn>,
        body: Input<New>,
    ) -> Result<Json<Answer>> {
        let asked = asked(body.0, false)?;
        Ok(Json(answer(&app, may.caller(), &asked).await?))
    }

    /// Upload what devices scanned without network
    ///
    /// The scans count in the order of their own times, whatever order they come in.
    #[oai(
        path = "/api/checkins/batch",
        method = "post",
        operation_id = "upload_checkins"
    )]
    async fn upload(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::CheckIn>,
        body: Input<Upload>,
    ) -> Result<Json<Answers>> {
        let scans = body.0.scans;
        if scans.is_empty() || scans.len() > SCANS {
            return Err(Error::invalid("scans", format!("must have 1 to {SCANS} items")).into());
        }
        let mut results = Vec::with_capacity(scans.len());
        for scan in scans {
            let done = match asked(scan, true) {
                Ok(asked) => answer(&app, may.caller(), &asked).await,
                Err(e) => Err(e),
            };
            results.push(match done {
                Ok(answer) => answer,
                // The device keeps all of them, and sends them again with the same nonces.
                Err(e) if e.kind().is_fault() => return Err(e.into()),
                Err(e) => Answer::wrong(&e),
            });
        }
        Ok(Json(Answers { results }))
    }

    /// Look whether a token counts
    #[oai(
        path = "/api/tokens/verify",
        method = "post",
        operation_id = "verify_token"
    )]
    async fn verify(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::CheckIn>,
        body: Input<Shown>,
    ) -> Result<Json<Verified>> {
        let mut faults = Faults::default();
        let token = faults.text("token", body.0.token);
        faults.finish()?;
        let kinds = [Kind::Attendee, Kind::Rotating, Kind::Stall];
        let shown = app
            .events
            .verify(may.organization(), token.trim(), &kinds)
            .await?;
        Ok(Json(match shown {
            Ok(shown) => Verified {
                valid: true,
                registration_no: Some(shown.attendee.registration_no),
                name: Some(shown.attendee.name),
                kind: Some(shown.kind.as_str().to_owned()),
                error: None,
                reason: None,
            },
            Err(reason) => Verified {
                valid: false,
                registration_no: None,
                name: None,
                kind: None,
                error: Some(reason.to_string()),
                reason: Some(reason.as_str().to_owned()),
            },
        }))
    }
}

async fn answer(app: &App, caller: &Caller, asked: &Asked) -> Result<Answer, Error> {
    let done = app.events.check_in(caller, asked).await?;
    Ok(done.map_or_else(Answer::refused, Answer::from))
}

/// # Errors
/// `Invalid`, naming what is wrong.
fn asked(new: New, is_offline: bool) -> Result<Asked, Error> {
    let mut faults = Faults::default();
    let scanned_at = time(&mut faults, "scanned_at", new.scanned_at.as_ref());
    if is_offline && new.scanned_at.is_none() {
        faults.add("scanned_at", "is missing: a scan of before has a time");
    }
    let (gate, nonce) = (
        faults.text("gate", new.gate),
        faults.text("nonce", new.nonce),
    );
    let who = match (new.token, new.attendee_id) {
        (Some(token), None) => {
            let token = faults.text("token", token);
            Some(Who::Token(token.trim().to_owned()))
        }
        (None, Some(id)) => {
            let id = parse_id(&id).map_err(|_| Error::invalid("attendee_id", "must be a UUID"))?;
            Some(Who::Attendee(id))
        }
        _ => {
            faults.add("token", "give a token or an attendee_id, one of them");
            None
        }
    };
    faults.finish()?;
    let Some(who) = who else {
        return Err(Error::internal("a scan of nobody passed its faults"));
    };
    Ok(Asked {
        who,
        is_in: new.direction == Direction::In,
        gate,
        nonce,
        scanned_at,
        is_offline,
    })
}
