//! Closed enums whose variants have one spelling each: of a metric's label, a column, a field.

/// Declares an enum whose variants have a text each: `label()` gives it, `from_label` finds the variant by it.
macro_rules! label {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$variant),+];

            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// `None`: no variant is spelled like this.
            #[must_use]
            pub fn from_label(text: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.label() == text)
            }
        }
    };
}
pub(crate) use label;
