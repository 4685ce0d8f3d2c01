//! The languages that people read, as tags in rows and headers.
//!
//! Not here: a sentence in any of them, which belongs to who shows it (`server`).

/// A language that people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// Simplified Chinese.
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The tag, for `lang` attributes and rows.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// Reads a tag; anything unknown is Chinese.
    pub fn of_tag(tag: &str) -> Self {
        if tag.starts_with("en") { Self::En } else { Self::Zh }
    }
}
