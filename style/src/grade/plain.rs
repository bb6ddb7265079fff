//! The grade of a plain symbol, whose modules are whole squares in at most four inks: without looking at any of them.

use symbol::{Version, file::Inks};

use super::{
    Grade, LEAST_MODULATION, Parameter, Reason, Report, contrast, finder_patterns, quiet_zone,
    reversal, seen::light, unused,
};

/// What the grade of a plain symbol depends on.
pub struct Plain<'a> {
    pub version: Version,
    pub inks: Inks,
    /// Light modules around it.
    pub quiet_zone: u8,
    /// Of each block, codewords under a logo and the capacity, as [`symbol::read::codewords_in`] tells. None without a logo.
    pub hidden: &'a [(usize, usize)],
}

/// As [`grade`](super::grade) would: modules of one ink have one modulation.
#[must_use]
pub fn grade_plain(plain: &Plain) -> Report {
    let Inks {
        dark,
        light: ground,
        data_dark,
        data_light,
    } = plain.inks;
    let all = [dark, ground, data_dark, data_light].map(light);
    let is_reversed = all[0][0] > all[1][0];
    let by_band = [0, 1].map(|band| {
        let seen = all.map(|lights| {
            if is_reversed {
                1.0 - lights[band]
            } else {
                lights[band]
            }
        });
        band_reasons(seen, plain.hidden)
    });
    let rest = [
        quiet_zone(plain.quiet_zone, plain.version),
        reversal(is_reversed),
        finder_patterns(0.0, Grade::A),
    ];
    Report::of(by_band, rest)
}

/// `seen`: reflectance of dark, light, dark data and light data.
fn band_reasons(
    [dark, ground, data_dark, data_light]: [f32; 4],
    hidden: &[(usize, usize)],
) -> [Reason; 5] {
    let all = [dark, ground, data_dark, data_light];
    let (least, most) = (
        all.into_iter().fold(1.0, f32::min),
        all.into_iter().fold(0.0, f32::max),
    );
    let (threshold, half) = (f32::midpoint(least, most), (most - least).max(1e-3) / 2.0);
    let modulation =
        |dark: f32, light: f32| ((threshold - dark).min(light - threshold) / half).max(0.0);
    let (of_data, of_rest) = (modulation(data_dark, data_light), modulation(dark, ground));
    let graded = |modulation| Grade::at_least(modulation, LEAST_MODULATION);
    let reason = |parameter, value, grade| Reason {
        parameter,
        value,
        grade,
    };
    let (reserve, reserve_grade) = unused(hidden);
    let none = if of_data > 0.0 {
        (reserve, reserve_grade)
    } else {
        (0.0, Grade::F)
    };
    let damaged = |modulation: f32| if modulation > 0.0 { 0.0 } else { 1.0 };
    [
        contrast(most - least),
        reason(
            Parameter::Modulation,
            of_data,
            graded(of_data).min(reserve_grade),
        ),
        reason(Parameter::UnusedErrorCorrection, none.0, none.1),
        reason(Parameter::FixedPatterns, damaged(of_rest), graded(of_rest)),
        reason(
            Parameter::FormatInformation,
            damaged(of_rest),
            graded(of_rest),
        ),
    ]
}
