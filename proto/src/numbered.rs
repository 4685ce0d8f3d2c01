//! The numbers and words by which an enum is kept and told outside, in one table beside the enum.
//!
//! Numbers are for ever: what is stored under one is read as the same for as long as there are rows. A word is what
//! programs read. What stands for a number that is not in the table, the reader decides. Not here: words for people.

/// Gives an enum its table: `ALL`, `number`, `from_number`, `word` and `from_word`.
#[macro_export]
macro_rules! numbered {
    ($of:ident { $($variant:ident = $number:literal $word:literal,)+ }) => {
        impl $of {
            /// All of them, by their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The number under which it is stored.
            pub const fn number(self) -> i64 {
                match self {
                    $(Self::$variant => $number,)+
                }
            }

            /// Reads a stored number; none if it is not in the table.
            pub const fn from_number(number: i64) -> Option<Self> {
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
