//! Styles and scripts of the pages, inside the binary.
//!
//! All lie under one directory named by the hash of everything in it, so that a page and its scripts
//! always fit each other and a browser may keep them for ever. Not here: words (`words`), pages.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::words::Words;
use centre::lang::Lang;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../console/", $name)))),*]
    };
}

const FILES: &[(&str, &str)] = files![
    "tokens.css",
    "base.css",
    "console.css",
    "home.css",
    "login.css",
    "desk.css",
    "alarm.js",
    "api.js",
    "card.js",
    "claims.js",
    "console.js",
    "desk.js",
    "dom.js",
    "drafts.js",
    "fallback.js",
    "find.js",
    "fold.js",
    "glass.js",
    "keep.js",
    "keys.js",
    "leave.js",
    "link.js",
    "login.js",
    "now.js",
    "picker.js",
    "presence.js",
    "pulse.js",
    "queue.js",
    "say.js",
    "seat.js",
    "shift.js",
    "sound.js",
    "speech.js",
    "tick.js",
    "time.js",
    "undo.js",
    "wait.js",
    "watch.js",
    "who.js",
    "words.js",
    "write.js",
    "page.js",
];

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for (name, text) in FILES {
        hash.update(name);
        hash.update(text);
    }
    for lang in [Lang::Zh, Lang::En] {
        for line in lang.module().lines() {
            hash.update(line);
        }
    }
    let digits = hex::encode(hash.finalize());
    digits.chars().take(12).collect()
});

/// Where a page finds a file.
pub fn url(name: &str) -> String {
    format!("/assets/{}/{name}", *VERSION)
}

/// `GET /assets/{version}/{name}`
pub async fn serve(Path((version, name)): Path<(String, String)>) -> Response {
    let kind = if name.ends_with(".css") { "text/css" } else { "text/javascript" };
    let text = match name.as_str() {
        "words.zh-CN.js" => Some(Lang::Zh.module()),
        "words.en.js" => Some(Lang::En.module()),
        file => FILES.iter().find(|(known, _)| *known == file).map(|(_, text)| (*text).to_owned()),
    };
    match text.filter(|_| version == *VERSION) {
        Some(text) => {
            let keep = "public, max-age=31536000, immutable";
            let kind = format!("{kind}; charset=utf-8");
            ([(CONTENT_TYPE, kind), (CACHE_CONTROL, keep.to_owned())], text).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What desks that are some years old do not know, with the version that first did.
    const TOO_NEW: &[(&str, u16)] = &[
        ("AbortSignal.timeout", 103),
        ("AbortSignal.any", 116),
        ("structuredClone", 98),
        (".at(-", 92),
        ("Object.hasOwn", 93),
        (".findLast", 97),
        (".toSorted", 110),
        ("Object.groupBy", 117),
        ("Promise.withResolvers", 119),
        ("reportError(", 95),
        (":has(", 105),
        ("@container", 105),
        ("@layer", 99),
        ("color-mix(", 111),
        ("dvh", 108),
        ("text-wrap", 114),
        ("accent-color", 93),
    ];

    #[test]
    fn scripts_and_styles_are_read_by_browsers_from_version_90() {
        for (name, text) in FILES {
            for (feature, version) in TOO_NEW {
                assert!(!text.contains(feature), "{name}: {feature} needs {version}");
            }
        }
    }

    #[test]
    fn every_module_that_a_script_loads_is_in_the_binary() {
        for (name, text) in FILES.iter().filter(|(name, _)| name.ends_with(".js")) {
            for path in text.split('"').filter_map(|word| word.strip_prefix("./")) {
                let known = FILES.iter().any(|(known, _)| *known == path);
                assert!(known, "{name} loads {path}");
            }
        }
    }
}
