//! Whether two arms drew the same symbol, by looking at what they drew.
//!
//! Invariant: each answer is looked at once, on its own, and only by its bytes; what is compared later are digests.
//!
//! The labels are a closed set. Tolerated, an arm's freedom:
//!
//! | label | what differs |
//! |---|---|
//! | `mask` | only which modules the mask turns over |
//! | `level` | the candidate restores more than the control, in a symbol of the same size |
//! | `segmentation` | the candidate says the same in a smaller symbol, restores no less, and lies where that must lie |
//! | `logo pixels` | how a logo is scaled, by little |
//! | `noise` | what a JPEG is too coarse to show: which modules are lost, or whether there is a logo |
//! | `illegible alike` | nothing: no symbol can be made out in either, as in a JPEG of quality 1 |
//!
//! Mismatches, the first of these that is found:
//!
//! | label | what differs |
//! |---|---|
//! | `answer` | one drew, the other refused |
//! | `refusal` | the kind of error, or the fields it names |
//! | `media type` | |
//! | `unreadable` | one of the files, or both, is no picture of a symbol, or not understood |
//! | `payload` | what the symbol says, or how a reader learns the character set of what is not ASCII |
//! | `damage` | modules are wrong in one, or of no colour that they may have |
//! | `quiet zone` | narrower, or not light everywhere |
//! | `version`, `level` | the symbol is larger than the control's, or restores less |
//! | `geometry` | width, module, or where the symbol lies |
//! | `colours`, `density`, `quality`, `texts`, `logo` | |

mod alike;
mod fact;
mod layout_rule;
mod sampled;
#[cfg(test)]
mod tests;

pub use fact::Fact;

use fact::{Answer, Drawn, Seen};
use sampled::Unclear;

use crate::{
    kernel::Result,
    render::{Format, Rendered},
    rollout::{Judge as Comparing, Match, Shown},
};

/// Compares pictures of symbols.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judge;

impl Judge {
    /// What [`Match::Tolerated`] may hold.
    pub const TOLERATED: [&str; 6] = [
        "mask",
        "level",
        "segmentation",
        "logo pixels",
        "noise",
        "illegible alike",
    ];
    /// What [`Match::Mismatch`] may hold.
    pub const MISMATCHES: [&str; 15] = [
        "answer",
        "refusal",
        "media type",
        "unreadable",
        "payload",
        "damage",
        "quiet zone",
        "version",
        "level",
        "geometry",
        "colours",
        "density",
        "quality",
        "texts",
        "logo",
    ];
}

impl Comparing<Rendered> for Judge {
    type Fact = Fact;

    fn fact(&self, answer: &Result<Rendered>) -> Fact {
        Fact::of(answer)
    }

    fn judge(&self, control: &Fact, candidate: &Fact) -> Match {
        match (&control.0, &candidate.0) {
            (Answer::Refused(a), Answer::Refused(b)) if a == b => Match::Same,
            (Answer::Refused(_), Answer::Refused(_)) => Match::Mismatch("refusal"),
            (Answer::Drawn(a), Answer::Drawn(b)) => drawn(a, b),
            _ => Match::Mismatch("answer"),
        }
    }

    fn is_remembered(&self, image: &Rendered) -> bool {
        image.cached
    }

    fn spoil(image: Rendered) -> Rendered {
        image.of_something_else()
    }

    fn show(&self, image: &Rendered) -> Shown {
        Shown {
            media_type: image.file.media_type,
            bytes: image.file.bytes.clone(),
        }
    }
}

fn drawn(control: &Drawn, candidate: &Drawn) -> Match {
    if control.media_type != candidate.media_type {
        return Match::Mismatch("media type");
    }
    if (control.told_px, control.file) == (candidate.told_px, candidate.file) {
        return Match::Same;
    }
    match (&control.seen, &candidate.seen) {
        (Ok(a), Ok(b)) => seen((a, control.told_px), (b, candidate.told_px)),
        _ if control.told_px != candidate.told_px => Match::Mismatch("unreadable"),
        // Only of a JPEG may it be the format's fault and not the arm's.
        (Err(Unclear::Illegible(_)), Err(Unclear::Illegible(_)))
            if control.media_type == Format::Jpeg.media_type() =>
        {
            Match::Tolerated("illegible alike")
        }
        (Ok(legible), Err(Unclear::Illegible(_))) | (Err(Unclear::Illegible(_)), Ok(legible))
            if alike::is_coarse(legible) =>
        {
            Match::Tolerated("noise")
        }
        _ => Match::Mismatch("unreadable"),
    }
}

/// Each with the width and the height that its arm told.
fn seen((a, a_px): (&Seen, [u32; 2]), (b, b_px): (&Seen, [u32; 2])) -> Match {
    let (faults, logo) = (alike::faults(a, b), alike::logos(a, b));
    let found = [
        (a.payload != b.payload).then_some("payload"),
        faults.filter(|label| *label != "noise"),
        layout_rule::fault((a, a_px), (b, b_px)),
        (!alike::colors(a, b)).then_some("colours"),
        (!alike::densities(a, b)).then_some("density"),
        (!alike::qualities(a, b)).then_some("quality"),
        (a.texts != b.texts).then_some("texts"),
        logo.filter(|label| *label == "logo"),
    ];
    if let Some(label) = found.into_iter().flatten().next() {
        return Match::Mismatch(label);
    }
    let tolerated = [
        (a.version != b.version).then_some("segmentation"),
        (a.level != b.level).then_some("level"),
        faults,
        logo,
        (a.mask != b.mask).then_some("mask"),
    ];
    match tolerated.into_iter().flatten().next() {
        Some(label) => Match::Tolerated(label),
        None => Match::Same,
    }
}
