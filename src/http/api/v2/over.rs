//! Options over those of a saved style.

use super::options::Options;

/// Of each field that of the first, else that of the second.
macro_rules! over {
    ($over:expr, $beneath:expr; $($field:ident),+ $(,)?) => {
        Options {
            $($field: $over.$field.clone().or_else(|| $beneath.$field.clone()),)+
        }
    };
}

impl Options {
    /// These, and those of a saved style where they say nothing.
    pub fn over(&self, beneath: &Self) -> Self {
        over!(self, beneath;
            size,
            margin,
            error_correction,
            micro,
            version,
            min_version,
            max_version,
            mask,
            mode,
            eci,
            fnc1,
            structured_append,
            boost_level,
            eye_shape,
            eye_path,
            eye_border,
            eye_center,
            data_pattern,
            foreground_color,
            background_color,
            eye_color,
            eye_colors,
            gradient,
            logo,
            frame,
            effects,
            format,
            physical_size,
            physical_unit,
            dpi,
            color_space,
            terminal,
            quality,
            strict,
            min_grade,
            optimize_for_size,
            enable_cache,
        )
    }
}
