//! Logs a warning once, and then the number of its repetitions: a full disk would otherwise write a line for every commit.
//!
//! Two warnings are the same when they come from the same line of code and have the same texts. Numbers and the
//! request's id, which differ each time, are ignored. A line of code whose texts always differ gets
//! [`SUBJECTS`] lines in a window, and the rest is counted together.
//!
//! Invariants: the first of its kind is never held back; repetitions are counted in a later line; memory is bounded by the
//! number of lines of code that warn.

use std::{
    collections::HashMap,
    fmt::{Debug, Write as _},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tracing::{
    Event, Level, Metadata,
    callsite::Identifier,
    field::{Field, Visit},
    level_filters::LevelFilter,
    subscriber::Interest,
};
use tracing_subscriber::layer::{Context, Filter};

use crate::kernel::{SharedClock, clock::Instant};

/// From a warning, or the count of its repetitions, to the next count.
const WINDOW: Duration = Duration::from_secs(30);
/// Different texts of one line of code that are counted apart.
const SUBJECTS: usize = 16;
/// Bytes of a text in a count.
const TEXT_BYTES: usize = 500;
/// Target of the counts.
const TARGET: &str = "repeated";
/// A field that names the occurrence, not the subject.
const OCCURRENCE: &str = "request_id";

/// Cheap to clone.
#[derive(Clone)]
pub struct Repeats(Arc<Inner>);

struct Inner {
    clock: SharedClock,
    call_sites: Mutex<HashMap<Identifier, CallSite>>,
}

/// A line of code that warns.
#[derive(Default)]
struct CallSite {
    subjects: HashMap<u64, Held>,
    /// All subjects beyond [`SUBJECTS`].
    others: Option<Held>,
}

/// One subject, since its last line.
struct Held {
    since: Instant,
    /// Repetitions since then.
    times: u64,
    is_error: bool,
    from: &'static str,
    text: String,
}

impl Repeats {
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Self(Arc::new(Inner {
            clock,
            call_sites: Mutex::default(),
        }))
    }

    /// Whether to write the event.
    fn admits(&self, event: &Event<'_>) -> bool {
        let about = event.metadata();
        if !can_repeat(about) {
            return true;
        }
        let mut subject = Subject::default();
        event.record(&mut subject);
        let now = self.0.clock.instant();
        let first = |times, text| Held {
            since: now,
            times,
            is_error: *about.level() == Level::ERROR,
            from: about.target(),
            text,
        };
        let mut call_sites = self.0.call_sites.lock();
        let call_site = call_sites.entry(about.callsite()).or_default();
        let room = call_site.subjects.len() < SUBJECTS;
        match call_site.subjects.get_mut(&subject.hash.finish()) {
            // No repetition within the window: counts as the first one again.
            Some(held) if held.times == 0 && now.duration_since(held.since) >= WINDOW => {
                held.since = now;
                true
            }
            Some(held) => {
                held.times += 1;
                false
            }
            None if room => {
                let held = first(0, subject.text);
                call_site.subjects.insert(subject.hash.finish(), held);
                true
            }
            None => {
                let others = call_site
                    .others
                    .get_or_insert_with(|| first(0, String::new()));
                others.times += 1;
                others.text = format!(
                    "others from the same place, the last of them: {}",
                    subject.text
                );
                false
            }
        }
    }

    /// Writes the counts whose window is over, and drops quiet subjects. Call it from time to time.
    pub fn report(&self) {
        self.tell(WINDOW);
    }

    /// Writes all counts. Call it before the process ends.
    pub fn finish(&self) {
        self.tell(Duration::ZERO);
    }

    fn tell(&self, window: Duration) {
        let now = self.0.clock.instant();
        let mut due = Vec::new();
        let mut over = |held: &mut Held| {
            let passed = now.saturating_duration_since(held.since);
            if passed < window {
                return true;
            }
            if held.times == 0 {
                return false;
            }
            due.push((
                held.is_error,
                held.times,
                passed,
                held.from,
                held.text.clone(),
            ));
            (held.since, held.times) = (now, 0);
            true
        };
        let mut call_sites = self.0.call_sites.lock();
        call_sites.retain(|_, call_site| {
            call_site.subjects.retain(|_, held| over(held));
            if call_site
                .others
                .as_mut()
                .is_some_and(|others| !over(others))
            {
                call_site.others = None;
            }
            !call_site.subjects.is_empty() || call_site.others.is_some()
        });
        // Writing a line calls this layer again.
        drop(call_sites);
        for (is_error, times, passed, from, text) in due {
            let seconds = passed.as_secs();
            if is_error {
                tracing::error!(target: TARGET, times, seconds, from, "repeated {times} times in the last {seconds} s: {text}");
            } else {
                tracing::warn!(target: TARGET, times, seconds, from, "repeated {times} times in the last {seconds} s: {text}");
            }
        }
    }
}

/// Warnings and errors, but for the counts themselves.
fn can_repeat(about: &Metadata<'_>) -> bool {
    *about.level() <= Level::WARN && about.target() != TARGET
}

/// The texts of a line.
#[derive(Default)]
struct Subject {
    hash: DefaultHasher,
    text: String,
}

impl Subject {
    fn add(&mut self, field: &Field, value: &str) {
        if field.name() == OCCURRENCE {
            return;
        }
        (field.name(), value).hash(&mut self.hash);
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        // Cannot fail on a String.
        let _ = match field.name() {
            "message" => write!(self.text, "{value}"),
            name => write!(self.text, "{name}={value}"),
        };
        if self.text.len() > TEXT_BYTES {
            self.text
                .truncate(self.text.floor_char_boundary(TEXT_BYTES));
        }
    }
}

impl Visit for Subject {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    // Amounts and times.
    fn record_f64(&mut self, _: &Field, _: f64) {}
    fn record_i64(&mut self, _: &Field, _: i64) {}
    fn record_u64(&mut self, _: &Field, _: u64) {}
    fn record_i128(&mut self, _: &Field, _: i128) {}
    fn record_u128(&mut self, _: &Field, _: u128) {}
}

impl<S> Filter<S> for Repeats {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn callsite_enabled(&self, about: &'static Metadata<'static>) -> Interest {
        // "Always" would skip `enabled`, without which the registry expects no event to be refused.
        if can_repeat(about) {
            Interest::sometimes()
        } else {
            Interest::always()
        }
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        self.admits(event)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }
}

#[cfg(test)]
mod tests;
