//! Whether a write-ahead log of SQLite has lost what was once committed in it.
//!
//! SQLite reads a log up to the first frame whose sum does not fit and takes the rest for never written. That is right for
//! the transaction that a power cut has torn. After a damaged byte it is wrong: what was committed behind it is gone without
//! a word. A later frame of this same log that ends a transaction tells the two apart. A log that is missing, cut short
//! or full of zeros says nothing here. Not here: what is done about it, and who is told.

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
    let mut whole = true;
    while fill(&mut file, &mut frame)? {
        let own = frame[8..16] == head[16..24];
        if !whole {
            if own && word(&frame, 4) != 0 {
                return Ok(true);
            }
            continue;
        }
        sum.add(&frame[..8]);
        sum.add(&frame[FRAME..]);
        whole = own && sum.at == [word(&frame, 16), word(&frame, 20)];
    }
    Ok(false)
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
struct Sum {
    at: [u32; 2],
    big: bool,
}

impl Sum {
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
