//! How often each word of a style is asked for, and which grades come of it.

use ::style::{Border, Centre, Effect, FrameKind, Grade, Kind, LogoShape, Pattern, Style};
use metrics::Counter;

use crate::telemetry::{catalogue, handles, labels::Status};

pub struct Counts {
    patterns: Vec<(Pattern, Counter)>,
    borders: Vec<(Border, Counter)>,
    centres: Vec<(Centre, Counter)>,
    gradients: Vec<(Kind, Counter)>,
    logos: Vec<(LogoShape, Counter)>,
    frames: Vec<(FrameKind, Counter)>,
    effects: Vec<(&'static str, Counter)>,
    stroke: Counter,
    custom: Counter,
    drawn: [Counter; Grade::ALL.len()],
    refused: [Counter; Grade::ALL.len()],
}

/// A counter for each word of one vocabulary.
macro_rules! counters {
    ($words:ident as $feature:literal) => {
        $words::ALL
            .iter()
            .map(|&word| (word, feature($feature, word.label())))
            .collect()
    };
}

fn feature(name: &'static str, word: &'static str) -> Counter {
    handles::counter(&catalogue::STYLE_FEATURES, &[name, word])
}

impl Counts {
    pub fn new() -> Self {
        let grades = |status: Status| {
            Grade::ALL
                .map(|grade| handles::counter(&catalogue::GRADES, &[grade.label(), status.label()]))
        };
        Self {
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
            self.custom.increment(1);
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
            self.stroke.increment(1);
        }
        let counters = if is_refused {
            &self.refused
        } else {
            &self.drawn
        };
        counters[grade as usize].increment(1);
    }
}

fn increment<W: Copy + PartialEq>(counters: &[(W, Counter)], asked: W) {
    if let Some((_, counter)) = counters.iter().find(|(word, _)| *word == asked) {
        counter.increment(1);
    }
}
