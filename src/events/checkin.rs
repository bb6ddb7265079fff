//! Whose token somebody shows, and whether it lets them through.

use std::{sync::Arc, time::Duration};

use metrics::{Counter, Histogram};
use moka::sync::Cache;
use tokens::{EventId, Expect, Kind, Reason, Revocations, Serial, Signed};

use super::{Attendee, Checkin, Event, Events, Gate};
use crate::{
    identity::{Caller, OrgId},
    kernel::{Error, Kind as Fault, Result, Timestamp, id::Uuid},
    store::events::Scan,
    telemetry::{catalogue, handles},
};

/// How long an event and its gates are remembered. A gate that was closed lets people through so long.
const REMEMBERED: Duration = Duration::from_secs(1);
const EVENTS: u64 = 1000;
/// How far a device's clock may be ahead.
const AHEAD_SECS: i64 = 300;
/// Scans of the day before, and after: gates open early, and devices are found again.
const MARGIN_SECS: i64 = 24 * 60 * 60;

/// Somebody at a gate.
pub struct Asked {
    pub who: Who,
    pub is_in: bool,
    pub gate: String,
    /// Unique in the event; a scan that is sent again has the same.
    pub nonce: String,
    /// When it was, where a device decided by itself. A scan that waits for its answer is made now, whatever the device's clock says.
    pub scanned_at: Option<Timestamp>,
    /// The device let people through by itself.
    pub is_offline: bool,
}

pub enum Who {
    Token(String),
    Attendee(Uuid),
}

/// An event as it was a moment ago.
#[derive(Debug)]
pub struct Running {
    pub event: Event,
    pub gates: Vec<Gate>,
}

/// An organization's events, by what tokens call them.
pub(super) type Remembered = Cache<(Uuid, EventId), Arc<Running>>;

/// A token that counts, and whose it is.
#[derive(Debug)]
pub struct Shown {
    pub event: Arc<Running>,
    pub attendee: Attendee,
    pub kind: Kind,
    /// Nobody gave out another one since.
    is_current: bool,
}

impl Shown {
    fn against(&self) -> Option<Reason> {
        if !self.is_current {
            return Some(Reason::Revoked);
        }
        self.attendee.is_blocked.then_some(Reason::Blocked)
    }
}

pub(super) struct Counters {
    /// By kind, then valid and each reason.
    verified: Vec<(&'static str, &'static str, Counter)>,
    /// By direction: accepted, refused.
    checkins: [[Counter; 2]; 2],
    duration: Histogram,
}

/// Of what is no token, and so of no kind.
const NO_KIND: &str = "none";
const VALID: &str = "valid";
const DIRECTIONS: [&str; 2] = ["out", "in"];

/// Nothing yet.
pub(super) fn remembered() -> Remembered {
    Cache::builder()
        .max_capacity(EVENTS)
        .time_to_live(REMEMBERED)
        .build()
}

impl Counters {
    pub fn new() -> Self {
        let kinds = Kind::ALL.iter().map(|kind| kind.as_str()).chain([NO_KIND]);
        let results = || {
            Reason::ALL
                .iter()
                .map(|reason| reason.as_str())
                .chain([VALID])
        };
        let both = kinds.flat_map(|kind| results().map(move |result| (kind, result)));
        let verified = both.map(|(kind, result)| {
            (
                kind,
                result,
                handles::counter(&catalogue::TOKENS_VERIFIED, &[kind, result]),
            )
        });
        Self {
            verified: verified.collect(),
            checkins: DIRECTIONS.map(|direction| {
                ["accepted", "refused"]
                    .map(|result| handles::counter(&catalogue::CHECKINS, &[direction, result]))
            }),
            duration: handles::histogram(&catalogue::CHECKIN_DURATION, &[]),
        }
    }

    fn count(&self, kind: &'static str, result: &'static str) {
        let found = self
            .verified
            .iter()
            .find(|(k, r, _)| (*k, *r) == (kind, result));
        if let Some((_, _, counter)) = found {
            counter.increment(1);
        }
    }
}

impl Events {
    /// Whose token this is; inside, why it does not count.
    ///
    /// # Errors
    /// The store's.
    pub async fn verify(
        &self,
        org: OrgId,
        text: &str,
        kinds: &[Kind],
    ) -> Result<Result<Shown, Reason>> {
        let shown = self.looked_at(org, text, (kinds, self.clock.now())).await?;
        Ok(shown.and_then(|shown| match shown.against() {
            Some(reason) => Err(reason),
            None => Ok(shown),
        }))
    }

    /// The same at another time, and also those who are blocked or have another token by now. Asks the database only about what one of
    /// our keys signed.
    async fn looked_at(
        &self,
        org: OrgId,
        text: &str,
        when: (&[Kind], Timestamp),
    ) -> Result<Result<Shown, Reason>> {
        let read = Signed::read(text);
        let kind = (read.as_ref()).map_or(NO_KIND, |signed| signed.token().kind.as_str());
        let shown = match read {
            Ok(signed) => self.shown(org, (text, &signed), when).await?,
            Err(reason) => Err(reason),
        };
        let against = match &shown {
            Ok(shown) => shown.against(),
            Err(reason) => Some(*reason),
        };
        self.counters
            .count(kind, against.map_or(VALID, Reason::as_str));
        Ok(shown)
    }

    async fn shown(
        &self,
        org: OrgId,
        (text, signed): (&str, &Signed),
        (kinds, at): (&[Kind], Timestamp),
    ) -> Result<Result<Shown, Reason>> {
        let (event, now) = (signed.token().event, at.as_second());
        // The ledger knows the event's end, and who has which serial.
        let expect = Expect {
            event,
            ends_at: i64::MAX,
            kinds,
            now,
        };
        let ring = self.keys().await?.ring;
        let token = match tokens::verify(text, &ring, &expect, &Revocations::new(event)) {
            Ok(token) => token,
            Err(reason) => return Ok(Err(reason)),
        };
        let Some(event) = self.remembered(org, token.event).await? else {
            return Ok(Err(Reason::WrongEvent));
        };
        let lasts = token.kind == Kind::Rotating || token.time == 0;
        if lasts && now > event.event.ends_at.as_second() {
            return Ok(Err(Reason::Expired));
        }
        let named = self.store.events.named(event.event.id, token.subject.0);
        let Some(attendee) = named.await? else {
            return Ok(Err(Reason::Unknown));
        };
        Ok(Ok(Shown {
            is_current: Serial::new(attendee.serial) == Some(token.serial),
            event,
            attendee,
            kind: token.kind,
        }))
    }

    async fn remembered(&self, org: OrgId, short: EventId) -> Result<Option<Arc<Running>>> {
        let key = (org.id(), short);
        if let Some(known) = self.running.get(&key) {
            return Ok(Some(known));
        }
        let Some(event) = self.store.events.find_short(org.id(), short.0).await? else {
            return Ok(None);
        };
        let gates = self.store.events.gates(event.id).await?;
        let known = Arc::new(Running { event, gates });
        self.running.insert(key, Arc::clone(&known));
        Ok(Some(known))
    }

    /// Lets somebody in or out, or says why not. Inside: a token that does not count, or the ledger's answer.
    ///
    /// # Errors
    /// `Invalid` for a time or a gate that the event cannot have; `NotFound` without such an attendee; `Conflict` for the nonce of
    /// another scan; the store's.
    pub async fn check_in(
        &self,
        caller: &Caller,
        asked: &Asked,
    ) -> Result<Result<Checkin, Reason>> {
        let began = self.clock.instant();
        let org = caller.organization();
        let at = asked.scanned_at.filter(|_| asked.is_offline);
        let (event, attendee, is_current) = match &asked.who {
            Who::Token(text) => {
                let when = (
                    &[Kind::Attendee, Kind::Rotating][..],
                    at.unwrap_or(self.clock.now()),
                );
                // Of somebody who is invited a refusal stands in the ledger, too.
                match self.looked_at(org, text, when).await? {
                    Ok(shown) => (shown.event, shown.attendee, shown.is_current),
                    Err(reason) => {
                        self.counters.checkins[usize::from(asked.is_in)][1].increment(1);
                        return Ok(Err(reason));
                    }
                }
            }
            Who::Attendee(id) => {
                let (event, attendee) = self.by_hand(org, *id).await?;
                (event, attendee, true)
            }
        };
        let mut scan = self.scan(&event, attendee.id, asked, caller)?;
        if !is_current {
            scan.refused = Some(Reason::Revoked.as_str());
        }
        let done = self.store.events.check_in(&scan).await?;
        let done = done.ok_or_else(|| Error::not_found("there is no such attendee"))?;
        if done.is_repeated && (done.attendee.id, done.is_in) != (scan.attendee_id, scan.is_in) {
            let message = "the nonce was used for another scan: each scan has one of its own";
            return Err(Error::new(Fault::Conflict, message));
        }
        if !done.is_repeated {
            self.counters.checkins[usize::from(asked.is_in)][usize::from(!done.accepted)]
                .increment(1);
        }
        let took = self.clock.instant().duration_since(began);
        self.counters.duration.record(took.as_secs_f64());
        Ok(Ok(done))
    }

    async fn by_hand(&self, org: OrgId, id: Uuid) -> Result<(Arc<Running>, Attendee)> {
        let unknown = || Error::not_found("there is no such attendee");
        let attendee = self.attendee(org, id).await?;
        let event = self.get(org, attendee.event_id).await?;
        let known = self.remembered(org, EventId(event.short_id)).await?;
        Ok((known.ok_or_else(unknown)?, attendee))
    }

    /// # Errors
    /// `Invalid`, naming the time or the gate.
    fn scan(
        &self,
        Running { event, gates }: &Running,
        attendee: Uuid,
        asked: &Asked,
        caller: &Caller,
    ) -> Result<Scan> {
        let now = self.clock.now();
        let scanned_at = asked.scanned_at.unwrap_or(now);
        let ahead = scanned_at.as_second() - now.as_second();
        let opens = event.starts_at.as_second() - MARGIN_SECS;
        let closes = event.ends_at.as_second() + MARGIN_SECS;
        if ahead > AHEAD_SECS {
            return Err(Error::invalid(
                "scanned_at",
                "is in the future: look at the device's clock",
            ));
        }
        if !(opens..=closes).contains(&scanned_at.as_second()) {
            return Err(Error::invalid(
                "scanned_at",
                "is more than a day before or after the event",
            ));
        }
        let gate = gates.iter().find(|gate| gate.name == asked.gate);
        if gate.is_none() && !gates.is_empty() {
            return Err(Error::invalid(
                "gate",
                "is none of the event's: see GET /api/events/{id}/gates",
            ));
        }
        let is_closed = gate.is_some_and(|gate| !gate.is_open);
        Ok(Scan {
            id: self.ids.next(),
            event_id: event.id,
            attendee_id: attendee,
            is_in: asked.is_in,
            gate: asked.gate.clone(),
            nonce: asked.nonce.clone(),
            made_by: caller.name().to_owned(),
            // It never comes from the future.
            scanned_at: if asked.is_offline {
                scanned_at.min(now)
            } else {
                now
            },
            stored_at: now,
            is_offline: asked.is_offline,
            refused: (is_closed && !asked.is_offline).then_some("gate_closed"),
        })
    }
}
