//! The numbers and words by which an enum is kept and told outside, in one table beside the enum.
//!
//! Numbers are for ever: what is stored under one is read as the same for as long as there are rows. A word is what
//! programs read. What stands for a number that is not in the table, the reader decides. Not here: words for people.

/// Gives an enum its table: `TABLE`, `number`, `from_number`, `word` and `from_word`; `$type` is the type of its numbers.
#[macro_export]
macro_rules! numbered {
    ($of:ident: $type:ty { $($variant:ident = $number:literal $word:literal,)+ }) => {
        impl $of {
            /// All of them with number and word.
            pub const TABLE: &'static [(Self, $type, &'static str)] =
                &[$((Self::$variant, $number, $word)),+];

            /// The number under which it is stored.
            pub const fn number(self) -> $type {
                match self {
                    $(Self::$variant => $number,)+
                }
            }

            /// Reads a stored number; none if it is not in the table.
            pub const fn from_number(number: $type) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The word by which programs know it.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// Reads a word; none if it is not in the table.
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}
