//! Destinations that depend on the visit: rules, a schedule, a beginning and an end, a password.
//!
//! Invariant: a decision is made from memory alone, in about a microsecond; only the number of scans is asked for elsewhere.

use std::borrow::Cow;

use http::HeaderValue;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::{
    kernel::{Error, Result, Timestamp, id::Uuid},
    store::{
        codes::{Plan, When},
        scans::Country,
    },
};

/// A code's plan, ready for decisions.
#[derive(Debug)]
pub struct Planned {
    source: Source,
    target: HeaderValue,
    rules: Vec<Rule>,
    /// From when on, in microseconds, by that.
    schedule: Vec<(i64, HeaderValue)>,
    /// All that rules name.
    languages: Vec<Box<str>>,
}

/// What it is made of, and how it lies in Redis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Source {
    pub code_id: Uuid,
    pub placement_id: Option<Uuid>,
    pub target: String,
    pub plan: Plan,
}

#[derive(Debug)]
struct Rule {
    when: When,
    zone: Option<TimeZone>,
    target: HeaderValue,
}

/// What is known of who scans.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    pub now: Timestamp,
    /// Words of [`DEVICES`](crate::store::codes::DEVICES) for the machine and its system.
    pub device: [&'a str; 2],
    /// The header (RFC 9110 §12.5.4).
    pub accept_language: &'a str,
    pub country: Option<Country>,
    /// Of the scanned address, as sent.
    pub query: Option<&'a str>,
}

/// Whether a code leads anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Season {
    /// Not before this.
    Early(Timestamp),
    Open,
    Over,
}

impl Planned {
    /// # Errors
    /// `Internal` for a stored target that cannot be sent.
    pub(super) fn new(source: Source) -> Result<Self> {
        let plan = &source.plan;
        let rule = |rule: &crate::store::codes::Rule| {
            let zone = rule.when.zone.as_deref();
            Ok(Rule {
                zone: zone.and_then(|zone| TimeZone::get(zone).ok()),
                when: rule.when.clone(),
                target: location(&rule.target)?,
            })
        };
        let mut schedule = (plan.schedule.iter())
            .map(|next| Ok((next.at_us, location(&next.target)?)))
            .collect::<Result<Vec<_>>>()?;
        schedule.sort_by_key(|(at_us, _)| *at_us);
        let named = plan.rules.iter().flat_map(|rule| &rule.when.language);
        let mut languages: Vec<Box<str>> = named.map(|tag| tag.as_str().into()).collect();
        languages.sort_unstable();
        languages.dedup();
        Ok(Self {
            target: location(&source.target)?,
            rules: plan.rules.iter().map(rule).collect::<Result<_>>()?,
            schedule,
            languages,
            source,
        })
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    #[must_use]
    pub const fn code_id(&self) -> Uuid {
        self.source.code_id
    }

    /// The placement whose slug was scanned.
    #[must_use]
    pub const fn placement_id(&self) -> Option<&Uuid> {
        self.source.placement_id.as_ref()
    }

    #[must_use]
    pub fn password_hash(&self) -> Option<&str> {
        self.source.plan.password_hash.as_deref()
    }

    /// Scans by people after which it leads nowhere.
    #[must_use]
    pub const fn max_scans(&self) -> Option<i64> {
        self.source.plan.max_scans
    }

    #[must_use]
    pub fn season(&self, now: Timestamp) -> Season {
        match (self.source.plan.starts_at(), self.source.plan.expires_at()) {
            (_, Some(end)) if now >= end => Season::Over,
            (Some(start), _) if now < start => Season::Early(start),
            _ => Season::Open,
        }
    }

    /// Where this visit goes: by the first rule that fits, else by the schedule, else to the code's target.
    #[must_use]
    pub fn location(&self, visit: &Visit<'_>) -> HeaderValue {
        let language = preferred(visit.accept_language, &self.languages);
        let ruled = (self.rules.iter()).find(|rule| rule.fits(visit, language));
        let target = ruled.map_or_else(|| self.scheduled(visit.now), |rule| &rule.target);
        let query = visit.query.filter(|_| self.source.plan.forward_query);
        let joined = query.and_then(|query| with_query(target, query));
        joined.unwrap_or_else(|| target.clone())
    }

    fn scheduled(&self, now: Timestamp) -> &HeaderValue {
        let begun = self.schedule.iter().rev();
        let mut begun = begun.filter(|(at_us, _)| *at_us <= now.as_microsecond());
        begun.next().map_or(&self.target, |(_, target)| target)
    }

    /// Bytes on the heap, about.
    pub(super) fn weigh(&self) -> usize {
        let targets = self.rules.iter().map(|rule| 2 * rule.target.len() + 300);
        let schedule = self
            .schedule
            .iter()
            .map(|(_, target)| 2 * target.len() + 60);
        let rest = size_of::<Self>() + 2 * self.target.len() + 20 * self.languages.len();
        rest + targets.chain(schedule).sum::<usize>()
    }
}

/// # Errors
/// `Internal` for bytes that no header may have.
pub(super) fn location(target: &str) -> Result<HeaderValue> {
    HeaderValue::try_from(target)
        .map_err(|_| Error::internal("a stored target cannot be sent as a Location"))
}

impl Rule {
    fn fits(&self, visit: &Visit<'_>, language: Option<&str>) -> bool {
        let When {
            device,
            language: languages,
            country: countries,
            from_min,
            to_min,
            ..
        } = &self.when;
        let is_device = |word: &String| visit.device.contains(&word.as_str());
        let is_country = |code: &String| {
            (visit.country).is_some_and(|country| country.letters() == *code.as_bytes())
        };
        (device.is_empty() || device.iter().any(is_device))
            && (languages.is_empty()
                || language.is_some_and(|tag| languages.iter().any(|each| each == tag)))
            && (countries.is_empty() || countries.iter().any(is_country))
            && (from_min.zip(*to_min)).is_none_or(|hours| self.is_within(visit.now, hours))
    }

    /// Hours that end before they begin go over midnight.
    fn is_within(&self, now: Timestamp, (from, to): (u16, u16)) -> bool {
        let zone = self.zone.as_ref();
        let time = zone.map_or_else(|| TimeZone::UTC.to_datetime(now), |z| z.to_datetime(now));
        let [hour, minute] = [time.hour(), time.minute()].map(|n| u16::from(n.unsigned_abs()));
        let minute = hour * 60 + minute;
        if from < to {
            (from..to).contains(&minute)
        } else {
            minute >= from || minute < to
        }
    }
}

/// Of `known`, the language that a browser likes best (RFC 4647 §3.4, look-up).
fn preferred<'k>(accept: &str, known: &'k [Box<str>]) -> Option<&'k str> {
    if known.is_empty() {
        return None;
    }
    let mut best: Option<(&str, u16)> = None;
    for range in accept.split(',').take(20) {
        let mut parts = range.split(';');
        let tag = parts.next().unwrap_or_default().trim();
        let quality = parts.find_map(|part| part.trim().strip_prefix("q="));
        let quality = quality.map_or(1000, thousandths);
        if quality > best.map_or(0, |(_, quality)| quality)
            && let Some(found) = looked_up(tag, known)
        {
            best = Some((found, quality));
        }
    }
    best.map(|(tag, _)| tag)
}

/// The longest of `known` that a range begins with.
fn looked_up<'k>(range: &str, known: &'k [Box<str>]) -> Option<&'k str> {
    let mut rest = range;
    loop {
        if let Some(tag) = known.iter().find(|tag| tag.eq_ignore_ascii_case(rest)) {
            return Some(tag);
        }
        rest = rest.rsplit_once('-')?.0;
    }
}

/// A quality (RFC 9110 §12.4.2); one that is none is 0.
fn thousandths(text: &str) -> u16 {
    let quality = text.parse::<f32>().unwrap_or(0.0).clamp(0.0, 1.0);
    // Within 0 to 1000.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = (quality * 1000.0) as u16;
    whole
}

/// The target with a scan's query behind its own, without the mark of our symbols.
fn with_query(target: &HeaderValue, query: &str) -> Option<HeaderValue> {
    let kept: Vec<&str> = query
        .split('&')
        .filter(|part| !part.is_empty() && *part != "scan_ref=qr")
        .collect();
    if kept.is_empty() {
        return None;
    }
    let target = target.to_str().ok()?;
    let (page, fragment) = match target.split_once('#') {
        Some((page, fragment)) => (page, Cow::from(format!("#{fragment}"))),
        None => (target, Cow::from("")),
    };
    let joint = match page.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    HeaderValue::try_from(format!("{page}{joint}{}{fragment}", kept.join("&"))).ok()
}

#[cfg(test)]
mod tests;
