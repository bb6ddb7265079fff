//! What is invisible is refused, what is hard to see is told.

use super::*;
use proptest::prelude::*;

fn painted(colors: [Option<&str>; 4]) -> Verdict {
    let [fill, back, dark, light] = colors.map(|c| c.map(str::to_owned));
    let style = Style {
        fill_color: fill,
        back_color: back,
        data_dark_color: dark,
        data_light_color: light,
        ..Style::default()
    };
    let mut verdict = Verdict::default();
    check(&style, &mut verdict);
    verdict
}

#[test]
fn colours_are_compared_by_value_with_their_defaults() {
    use Reason::{Color, Invisible};
    let good = [Some("#123"), Some("#eeeeeeff"), Some("#400f"), Some("#EFE")];
    assert_eq!(painted(good), Verdict::default());
    for (colors, field, reason) in [
        ([Some("#fff"), None, None, None], "fill_color", Invisible),
        (
            [Some("#AbC"), Some("#aabbcc"), None, None],
            "fill_color",
            Invisible,
        ),
        ([None, Some("#000000"), None, None], "back_color", Invisible),
        ([Some("black"), None, None, None], "fill_color", Color),
        ([Some("#"), None, None, None], "fill_color", Color),
        ([Some("#é12"), None, None, None], "fill_color", Color),
        ([None, Some("#12"), None, None], "back_color", Color),
        ([None, Some("#12345"), None, None], "back_color", Color),
        ([None, Some("#ffffff80"), None, None], "back_color", Color),
        ([None, Some("#fff8"), None, None], "back_color", Color),
        (
            [None, None, Some("#fff"), None],
            "data_dark_color",
            Invisible,
        ),
        (
            [None, None, Some("#777"), Some("#777")],
            "data_dark_color",
            Invisible,
        ),
        (
            [None, None, None, Some("#000")],
            "data_light_color",
            Invisible,
        ),
    ] {
        let verdict = painted(colors);
        let fields: Vec<_> = verdict.details.iter().map(|d| d.field.as_ref()).collect();
        assert_eq!(fields, [field], "{colors:?}");
        assert_eq!(verdict.reasons, [reason], "{colors:?}");
        assert_eq!(verdict.concerns, [], "{colors:?}");
    }
    let verdict = painted([Some("x"), Some("x"), Some("x"), Some("x")]);
    assert_eq!(verdict.reasons, [Color; 4]);
}

#[test]
fn contrast_is_that_of_the_worst_light() {
    let low = |percent| Concern::Contrast { percent };
    let two = |dark, light| painted([Some(dark), Some(light), None, None]).concerns;
    assert_eq!(two("#777", "#888"), [low(6)]);
    // To the eye red on white is dark enough; under a red light it vanishes.
    assert_eq!(two("#f00", "#fff"), [low(0)]);
    assert_eq!(two("#00f", "#fff"), []);
    assert_eq!(two("#123", "#ffe"), []);
    assert_eq!(two("#fff", "#000"), [Concern::Inverted]);
    // A data colour between the others spoils it for all.
    assert_eq!(
        painted([None, None, Some("#eee"), None]).concerns,
        [low(14)]
    );
    let mixed = [Some("#fff"), Some("#000"), Some("#010101"), Some("#fefefe")];
    assert_eq!(painted(mixed).concerns, [low(0), Concern::Inverted]);
}

proptest! {
    #[test]
    fn no_text_panics(a in ".{0,10}", b in "#[0-9a-fA-Fé]{0,9}") {
        painted([Some(&a), Some(&b), Some(&b), Some(&a)]);
    }
}
