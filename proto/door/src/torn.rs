//! Whether a write-ahead log of SQLite has lost what was once committed in it.
//!
//! SQLite reads a log up to the first frame whose sum does not fit and takes the rest for never written. That is right for
//! the transaction that a power cut has torn, of which any block may have reached the disk, its end included. After a
//! damaged byte it is wrong: what was committed there and behind is gone without a word. It is damage if a transaction
//! ends behind the one that does not fit, or if all others of its frames fit each other: a lost block takes the head of
//! the next frame with it. Damage in the last frame of all cannot be told from a power cut. A log that is missing, cut
//! short or full of zeros says nothing here. Not here: what is done about it, and who is told.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// Bytes of the header of a log.
const HEAD: usize = 32;
/// Bytes of the header of a frame, before its page.
const FRAME: usize = 24;
/// First bytes of a log, but for the last bit, which says how its sums are counted.
const MAGIC: u32 = 0x377f_0682;

/// Whether a transaction ends in the log behind the place where SQLite stops reading it.
pub fn is_torn(log: &Path) -> bool {
    // One that cannot be read is found out by whoever opens the database.
    look(log).unwrap_or(false)
}

fn look(log: &Path) -> io::Result<bool> {
    let mut file = BufReader::new(File::open(log)?);
    let mut head = [0; HEAD];
    if !fill(&mut file, &mut head)? || head.iter().all(|byte| *byte == 0) {
        return Ok(false);
    }
    let magic = word(&head, 0);
    let mut sum = Sum { at: [0; 2], big: magic & 1 == 1 };
    sum.add(&head[..FRAME]);
    let page = word(&head, 8);
    let sizes = page.is_power_of_two() && (512..=65_536).contains(&page);
    if magic & !1 != MAGIC || !sizes || sum.at != [word(&head, 24), word(&head, 28)] {
        return Ok(true);
    }
    let mut frame = vec![0; FRAME + page as usize];
    let mut behind: Option<Behind> = None;
    while fill(&mut file, &mut frame)? {
        let own = frame[8..16] == head[16..24];
        let told = [word(&frame, 16), word(&frame, 20)];
        let ends = own && word(&frame, 4) != 0;
        if let Some(behind) = &mut behind {
            behind.chains.retain_mut(|sum| {
                sum.frame(&frame);
                own && sum.at == told
            });
            if ends && (behind.ended || !behind.chains.is_empty()) {
                return Ok(true);
            }
            behind.ended |= ends;
            continue;
        }
        sum.frame(&frame);
        if !own || sum.at != told {
            // What the next frame goes on from, if only this one's page, or only its sum, is damaged.
            let chains = vec![Sum { at: told, ..sum }, sum];
            behind = Some(Behind { chains, ended: ends });
        }
    }
    Ok(false)
}

/// What follows a frame that does not fit.
struct Behind {
    /// Sums that its frames still fit.
    chains: Vec<Sum>,
    /// Whether the transaction of that frame has ended.
    ended: bool,
}

/// Fills `into` from the file; false at its end.
fn fill(file: &mut impl Read, into: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(into) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |four| u32::from_be_bytes(*four))
}

/// The running sum of a log.
#[derive(Clone, Copy)]
struct Sum {
    at: [u32; 2],
    big: bool,
}

impl Sum {
    /// Goes on over a frame: half of its header, and its page.
    fn frame(&mut self, frame: &[u8]) {
        self.add(&frame[..8]);
        self.add(&frame[FRAME..]);
    }

    fn add(&mut self, bytes: &[u8]) {
        let read = |four: &[u8; 4]| match self.big {
            true => u32::from_be_bytes(*four),
            false => u32::from_le_bytes(*four),
        };
        let [mut first, mut second] = self.at;
        for eight in bytes.as_chunks::<8>().0 {
            let [low, high] = [0, 4].map(|at| eight[at..].first_chunk().map_or(0, read));
            first = first.wrapping_add(low).wrapping_add(second);
            second = second.wrapping_add(high).wrapping_add(first);
        }
        self.at = [first, second];
    }
}
