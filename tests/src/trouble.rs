//! One error for a world whose only reader is a person at a terminal: a sentence.
//!
//! Any error becomes one with `?`; [`Trouble::new`] makes one of words. Not here: errors that a
//! program tells apart, which have types where they occur.

/// A sentence that says what went wrong and, where there is one, the remedy.
pub struct Trouble(String);

/// What most functions of this crate give.
pub type Outcome<T = ()> = Result<T, Trouble>;

impl Trouble {
    /// Makes one of words.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Puts what was being done in front.
    pub fn during(self, doing: &str) -> Self {
        Self(format!("{doing}: {}", self.0))
    }
}

impl<E: std::error::Error> From<E> for Trouble {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(deeper) = source {
            text.push_str(": ");
            text.push_str(&deeper.to_string());
            source = deeper.source();
        }
        Self(text)
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Debug for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
