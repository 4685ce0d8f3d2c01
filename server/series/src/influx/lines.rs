//! Line protocol: points as text, what a partial refusal says, and the dead letter file.
//!
//! Tags are ids as the console writes them, whose check character may be one that a line gives a meaning. Not here: HTTP.

use std::fmt::Write as _;
use std::path::PathBuf;

use proto::unit::NoData;
use tokio::io::AsyncWriteExt;

use super::layout::unit;
use crate::Point;

/// The dead letter file grows to this and no further, bytes.
const DEAD_MAX: u64 = 64 << 20;

/// Points as lines.
pub(super) fn text<'a>(points: impl Iterator<Item = &'a Point>) -> String {
    let mut out = String::new();
    for point in points {
        let (quantity, unit, at) = (point.quantity.word(), unit(point.quantity), point.at_ms);
        let [device, home] = [point.device.to_string(), point.home.to_string()].map(|id| tag(&id));
        let value =
            point.value.and_then(|v| if v.is_finite() { Ok(v) } else { Err(NoData::Implausible) });
        // Writing to a string cannot fail.
        let _ = match value {
            Ok(value) => {
                writeln!(
                    out,
                    "{quantity},device={device},home={home},unit={unit} value={value} {at}"
                )
            }
            Err(reason) => {
                let reason = reason.word();
                writeln!(
                    out,
                    "{quantity},device={device},home={home},unit={unit} no_data=\"{reason}\" {at}"
                )
            }
        };
    }
    out
}

/// A value of a tag.
fn tag(text: &str) -> String {
    text.replace('=', "\\=")
}

/// How many lines a partial refusal dropped, if that is what `answer` says.
pub(super) fn dropped(answer: &str) -> Option<u64> {
    let (_, rest) = answer.split_once("dropped=")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Whether a name can stand in a query as it is.
pub(super) fn plain_name(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || " .-_".contains(c);
    !name.is_empty() && name.chars().all(plain)
}

/// Batches that were refused for good, with the reason, for a person to look at.
#[derive(Debug)]
pub(super) struct DeadLetters {
    path: PathBuf,
}

impl DeadLetters {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Appends a batch durably; answers whether there was room.
    pub(super) async fn keep(&mut self, text: &str, reason: &str) -> std::io::Result<bool> {
        let mut file =
            tokio::fs::OpenOptions::new().create(true).append(true).open(&self.path).await?;
        let length = file.metadata().await?.len();
        if length + text.len() as u64 > DEAD_MAX {
            return Ok(false);
        }
        let reason = reason.replace(['\n', '\r'], " ");
        file.write_all(format!("# {reason}\n{text}").as_bytes()).await?;
        file.sync_data().await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_refusal_says_how_many_it_dropped() {
        let answer = r#"{"code":"unprocessable entity","message":"... partial write: field type conflict dropped=12"}"#;
        assert_eq!(dropped(answer), Some(12));
        assert_eq!(dropped("unprocessable entity"), None);
    }
}
