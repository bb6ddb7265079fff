//! Which terminal a symbol as text is for.

use crate::kernel::label;

label! {
    #[derive(Default)]
    Terminal {
        /// Like paper: blocks are the dark modules.
        #[default]
        Light = "light",
        /// Blocks are the light modules.
        Dark = "dark",
        /// With 24-bit colours (ISO/IEC 8613-6): the symbol brings its own two.
        Color = "color",
    }
}
