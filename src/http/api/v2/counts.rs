//! How often each word of a style is asked for, and which grades come of it.

use std::sync::atomic::{AtomicU64, Ordering};

use ::style::{Border, Centre, Effect, FrameKind, Grade, Kind, LogoShape, Pattern, Style};
use metrics::Counter;

use crate::{
    http::images::Images,
    telemetry::{
        catalogue, handles,
        labels::{Dialect, Status},
    },
};

pub struct Counts {
    pub images: Images,
    /// Of dialect v3.
    pub parts: Images,
    patterns: Vec<(Pattern, Tally)>,
    borders: Vec<(Border, Tally)>,
    centres: Vec<(Centre, Tally)>,
    gradients: Vec<(Kind, Tally)>,
    logos: Vec<(LogoShape, Tally)>,
    frames: Vec<(FrameKind, Tally)>,
    effects: Vec<(&'static str, Tally)>,
    stroke: Tally,
    custom: Tally,
    drawn: [Tally; Grade::ALL.len()],
    refused: [Tally; Grade::ALL.len()],
}

/// A metric, and what it counted since the start of this process.
struct Tally {
    counter: Counter,
    count: AtomicU64,
}

impl Tally {
    fn new(counter: Counter) -> Self {
        Self {
            counter,
            count: AtomicU64::new(0),
        }
    }

    fn add(&self) {
        self.counter.increment(1);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

/// Words of a vocabulary with how often each was asked for.
pub type Told = Vec<(&'static str, u64)>;

/// A counter for each word of one vocabulary.
macro_rules! counters {
    ($words:ident as $feature:literal) => {
        $words::ALL
            .iter()
            .map(|&word| (word, feature($feature, word.label())))
            .collect()
    };
}

fn feature(name: &'static str, word: &'static str) -> Tally {
    Tally::new(handles::counter(&catalogue::STYLE_FEATURES, &[name, word]))
}

impl Counts {
    pub fn new() -> Self {
        let grades = |status: Status| {
            Grade::ALL.map(|grade| {
                let labels = [grade.label(), status.label()];
                Tally::new(handles::counter(&catalogue::GRADES, &labels))
            })
        };
        Self {
            images: Images::new(Dialect::V2),
            parts: Images::new(Dialect::V3),
            patterns: counters!(Pattern as "pattern"),
            borders: counters!(Border as "eye-border"),
            centres: counters!(Centre as "eye-center"),
            gradients: counters!(Kind as "gradient"),
            logos: counters!(LogoShape as "logo"),
            frames: counters!(FrameKind as "frame"),
            effects: (Effect::WORDS.into_iter())
                .map(|word| (word, feature("effect", word)))
                .collect(),
            stroke: feature("stroke", "around"),
            custom: feature("eye-border", "custom"),
            drawn: grades(Status::Success),
            refused: grades(Status::Failure),
        }
    }

    pub fn count(&self, style: &Style, grade: Grade, is_refused: bool) {
        increment(&self.patterns, style.pattern);
        if style.eyes.custom.is_some() {
            self.custom.add();
        } else {
            increment(&self.borders, style.eyes.border);
            increment(&self.centres, style.eyes.centre);
        }
        if let Some(gradient) = &style.gradient {
            increment(&self.gradients, gradient.kind);
        }
        if let Some(logo) = &style.logo {
            increment(&self.logos, logo.shape());
        }
        if let Some(frame) = &style.frame {
            increment(&self.frames, frame.kind);
        }
        for effect in &style.effects {
            increment(&self.effects, effect.label());
        }
        if style.stroke.is_some() {
            self.stroke.add();
        }
        let counters = if is_refused {
            &self.refused
        } else {
            &self.drawn
        };
        counters[grade as usize].add();
    }

    /// Each feature with its words, those that nobody asked for left out.
    pub fn features(&self) -> Vec<(&'static str, Told)> {
        let mut borders = told(&self.borders, Border::label);
        borders.push(("custom", self.custom.count()));
        let features = [
            ("pattern", told(&self.patterns, Pattern::label)),
            ("eye-border", borders),
            ("eye-center", told(&self.centres, Centre::label)),
            ("gradient", told(&self.gradients, Kind::label)),
            ("logo", told(&self.logos, LogoShape::label)),
            ("frame", told(&self.frames, FrameKind::label)),
            ("effect", told(&self.effects, |word| word)),
            ("stroke", vec![("around", self.stroke.count())]),
        ];
        features
            .map(|(feature, words)| (feature, some(words)))
            .into()
    }

    /// Grades of what was drawn, and of what was refused.
    pub fn grades(&self) -> [Told; 2] {
        [&self.drawn, &self.refused].map(|tallies| {
            let grades = Grade::ALL.map(|grade| (grade.label(), tallies[grade as usize].count()));
            some(grades.into())
        })
    }
}

fn told<W: Copy>(tallies: &[(W, Tally)], label: fn(W) -> &'static str) -> Told {
    let told = tallies
        .iter()
        .map(|(word, tally)| (label(*word), tally.count()));
    told.collect()
}

fn some(mut told: Told) -> Told {
    told.retain(|(_, count)| *count > 0);
    told
}

fn increment<W: Copy + PartialEq>(tallies: &[(W, Tally)], asked: W) {
    if let Some((_, tally)) = tallies.iter().find(|(word, _)| *word == asked) {
        tally.add();
    }
}
