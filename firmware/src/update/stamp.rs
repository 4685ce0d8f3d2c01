//! What an image knows of itself, as bytes in it that can be found and written after it was built.
//!
//! A *stamp* is `mark ‖ model ‖ revision ‖ version ‖ key`, numbers big-endian. One build becomes any version, and whoever
//! signs an image can see that it says what its manifest says. Nothing on the device looks for the mark, so that it is
//! there once. Not here: who signs (`tests`), and images whose own sums forbid a change after the build (`board`).

use core::hint::black_box;
use core::ops::Range;

use proto::update::Hardware;

use super::Built;

/// Bytes of a stamp.
pub const STAMP_LEN: usize = MARK.len() + BODY;

const MARK: [u8; 16] = *b"hearthline built";
const BODY: usize = 2 + 2 + 4 + 32;

/// A stamp; a board keeps one in a `static`.
#[derive(Debug)]
#[repr(transparent)]
pub struct Stamp([u8; STAMP_LEN]);

impl Stamp {
    /// What is built in until the image is stamped.
    pub const fn new(built: &Built) -> Self {
        let mut bytes = [0; STAMP_LEN];
        put(&mut bytes, 0, &MARK);
        put(&mut bytes, MARK.len(), &body(built));
        Self(bytes)
    }

    /// What the image says of itself now. The compiler must not know it, as it may be another after the build.
    pub fn built(&'static self) -> Built {
        let Self(bytes) = black_box(self);
        let (_, body) = bytes.split_at(MARK.len());
        read(body).unwrap_or(Built { hardware: NOTHING, version: 0, key: [0; 32] })
    }
}

const NOTHING: Hardware = Hardware { model: 0, revision: 0 };

/// What an image says of itself; none if it has no stamp, or more than one.
pub fn find(image: &[u8]) -> Option<Built> {
    read(image.get(place(image)?)?)
}

/// Writes what an image says of itself; false if it has no stamp, or more than one.
pub fn set(image: &mut [u8], built: &Built) -> bool {
    let Some(place) = place(image).and_then(|place| image.get_mut(place)) else { return false };
    place.copy_from_slice(&body(built));
    true
}

fn place(image: &[u8]) -> Option<Range<usize>> {
    let mut found = image.windows(STAMP_LEN).enumerate().filter(|(_, w)| w.starts_with(&MARK));
    let (at, _) = found.next()?;
    found.next().is_none().then_some(at + MARK.len()..at + STAMP_LEN)
}

const fn body(built: &Built) -> [u8; BODY] {
    let Built { hardware: Hardware { model, revision }, version, key } = built;
    let mut bytes = [0; BODY];
    put(&mut bytes, 0, &model.to_be_bytes());
    put(&mut bytes, 2, &revision.to_be_bytes());
    put(&mut bytes, 4, &version.to_be_bytes());
    put(&mut bytes, 8, key);
    bytes
}

const fn put(to: &mut [u8], at: usize, from: &[u8]) {
    let mut n = 0;
    while n < from.len() {
        to[at + n] = from[n];
        n += 1;
    }
}

fn read(body: &[u8]) -> Option<Built> {
    let (model, rest) = body.split_first_chunk()?;
    let (revision, rest) = rest.split_first_chunk()?;
    let (version, key) = rest.split_first_chunk()?;
    let hardware =
        Hardware { model: u16::from_be_bytes(*model), revision: u16::from_be_bytes(*revision) };
    Some(Built { hardware, version: u32::from_be_bytes(*version), key: key.try_into().ok()? })
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec;

    use super::*;

    const FIRST: Built =
        Built { hardware: Hardware { model: 3, revision: 1 }, version: 0x0001_0203, key: [9; 32] };
    static STAMP: Stamp = Stamp::new(&FIRST);

    #[test]
    fn a_build_becomes_another_version_by_its_stamp() {
        assert_eq!(STAMP.built(), FIRST);
        let mut image = [&[7; 13][..], &STAMP.0, &[8; 50]].concat();
        assert_eq!(find(&image), Some(FIRST));
        let second = Built { version: 0x0001_0204, key: [4; 32], ..FIRST };
        assert!(set(&mut image, &second));
        assert_eq!(find(&image), Some(second));
        assert_eq!((&image[..13], &image[13 + STAMP_LEN..]), (&[7; 13][..], &[8; 50][..]));
    }

    #[test]
    fn an_image_without_a_stamp_or_with_two_is_left_alone() {
        for image in [vec![1; 200], [&STAMP.0[..], &STAMP.0].concat(), STAMP.0[..40].to_vec()] {
            let mut changed = image.clone();
            assert_eq!(find(&image), None);
            assert!(!set(&mut changed, &FIRST));
            assert_eq!(changed, image);
        }
    }
}
