//! How often each word of a style is asked for, and which grades come of it.

use ::style::{Border, Centre, Grade, Kind, Pattern, Style};
use metrics::Counter;

use crate::telemetry::{catalogue, handles, labels::Status};

pub struct Counts {
    patterns: Vec<(Pattern, Counter)>,
    borders: Vec<(Border, Counter)>,
    centres: Vec<(Centre, Counter)>,
    gradients: Vec<(Kind, Counter)>,
    drawn: [Counter; Grade::ALL.len()],
    refused: [Counter; Grade::ALL.len()],
}

/// A counter for each word of one vocabulary.
macro_rules! counters {
    ($words:ident as $feature:literal) => {
        $words::ALL
            .iter()
            .map(|&word| {
                (
                    word,
                    handles::counter(&catalogue::STYLE_FEATURES, &[$feature, word.label()]),
                )
            })
            .collect()
    };
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
            drawn: grades(Status::Success),
            refused: grades(Status::Failure),
        }
    }

    pub fn count(&self, style: &Style, grade: Grade, is_refused: bool) {
        increment(&self.patterns, style.pattern);
        increment(&self.borders, style.eyes.border);
        increment(&self.centres, style.eyes.centre);
        if let Some(gradient) = &style.gradient {
            increment(&self.gradients, gradient.kind);
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
