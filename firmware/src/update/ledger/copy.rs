//! One copy of the ledger as bytes: `version ‖ number ‖ fields ‖ CRC-32`, each field of a fixed length.
//!
//! A boot stage reads it too, so it is read without anything that a boot stage does not have. What is absent takes as much
//! room as what is there. Not here: which copy is written and which one counts (`ledger`).

use proto::update::{Hardware, Manifest, Refusal, Release, Stage};

use super::{Fetch, Image, Outcome, Record};
use crate::settings::crc32;
use crate::update::Slot;

/// Room of a copy in bytes, a multiple of every flash's word.
pub const COPY_MAX: usize = 256;

const VERSION: u8 = 1;
const IMAGE: usize = 1 + 4 + 4 + 4 + 32;
const FETCH: usize = 1 + 1 + 2 + 2 + 4 + 4 + 4 + 32 + 64;
const OUTCOME: usize = 1 + 1 + 8;
/// version, number, active, both images, floor, trial, fetch, last
const FIELDS: usize = 1 + 4 + 1 + 2 * IMAGE + 4 + 1 + FETCH + OUTCOME;
const SUM: usize = 4;
/// What stands where there is nothing.
const NOTHING: u8 = 0xFF;

const _: () = assert!(FIELDS + SUM <= COPY_MAX);

/// A copy as bytes, 0xFF behind its end, and its length.
pub(super) fn print(number: u32, record: &Record) -> ([u8; COPY_MAX], usize) {
    let mut pen = Pen { bytes: [0xFF; COPY_MAX], at: 0 };
    pen.put(&[VERSION]);
    pen.put(&number.to_be_bytes());
    pen.put(&[u8::from(record.active == Slot::B)]);
    pen.image(record.a.as_ref());
    pen.image(record.b.as_ref());
    pen.put(&record.floor.to_be_bytes());
    pen.put(&[record.trial.unwrap_or(NOTHING)]);
    pen.fetch(record.fetch.as_ref());
    pen.outcome(record.last.as_ref());
    let told = pen.bytes.split_at(FIELDS).0;
    let sum = crc32(told).to_be_bytes();
    pen.put(&sum);
    (pen.bytes, pen.at)
}

pub(super) fn parse(bytes: &[u8; COPY_MAX]) -> Option<(u32, Record)> {
    let (told, rest) = bytes.split_at(FIELDS);
    let (sum, _) = rest.split_first_chunk::<SUM>()?;
    if crc32(told) != u32::from_be_bytes(*sum) {
        return None;
    }
    let mut eye = Eye(told);
    if eye.byte()? != VERSION {
        return None;
    }
    let number = eye.word()?;
    let record = Record {
        active: if eye.byte()? == 0 { Slot::A } else { Slot::B },
        a: eye.image()?,
        b: eye.image()?,
        floor: eye.word()?,
        trial: eye.byte().map(|boots| (boots != NOTHING).then_some(boots))?,
        fetch: eye.fetch()?,
        last: eye.outcome()?,
    };
    Some((number, record))
}

/// Writes fields one after the other. All of them fit, see `FIELDS`.
struct Pen {
    bytes: [u8; COPY_MAX],
    at: usize,
}

impl Pen {
    fn put(&mut self, field: &[u8]) {
        if let Some(place) = self.bytes.get_mut(self.at..self.at + field.len()) {
            place.copy_from_slice(field);
            self.at += field.len();
        }
    }

    fn words(&mut self, words: &[u32]) {
        words.iter().for_each(|word| self.put(&word.to_be_bytes()));
    }

    fn image(&mut self, image: Option<&Image>) {
        let Some(image) = image else { return self.put(&[NOTHING; IMAGE]) };
        self.put(&[0]);
        self.words(&[image.version, image.minimum, image.size]);
        self.put(&image.digest);
    }

    fn fetch(&mut self, fetch: Option<&Fetch>) {
        let Some(fetch) = fetch else { return self.put(&[NOTHING; FETCH]) };
        let manifest = &fetch.manifest;
        self.put(&[u8::from(fetch.erased), fetch.differed]);
        self.put(&manifest.hardware.model.to_be_bytes());
        self.put(&manifest.hardware.revision.to_be_bytes());
        self.words(&[manifest.version, manifest.minimum, manifest.size]);
        self.put(&manifest.digest);
        self.put(&manifest.signature);
    }

    fn outcome(&mut self, outcome: Option<&Outcome>) {
        let Some(outcome) = outcome else { return self.put(&[NOTHING; OUTCOME]) };
        self.put(&[outcome.stage.number(), outcome.refusal.map_or(NOTHING, Refusal::number)]);
        self.put(&outcome.release.0.to_be_bytes());
    }
}

/// Reads fields one after the other; what is absent takes as much room as what is there.
struct Eye<'a>(&'a [u8]);

impl Eye<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take().map(|[byte]| byte)
    }

    fn half(&mut self) -> Option<u16> {
        self.take().map(u16::from_be_bytes)
    }

    fn word(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    fn image(&mut self) -> Option<Option<Image>> {
        let there = self.byte()? != NOTHING;
        let (version, minimum, size) = (self.word()?, self.word()?, self.word()?);
        let digest = self.take()?;
        Some(there.then_some(Image { version, minimum, size, digest }))
    }

    fn fetch(&mut self) -> Option<Option<Fetch>> {
        let (erased, differed) = (self.byte()?, self.byte()?);
        let hardware = Hardware { model: self.half()?, revision: self.half()? };
        let (version, minimum, size) = (self.word()?, self.word()?, self.word()?);
        let (digest, signature) = (self.take()?, self.take()?);
        let manifest = Manifest { hardware, version, minimum, size, digest, signature };
        let there = erased != NOTHING;
        Some(there.then_some(Fetch { manifest, erased: erased != 0, differed }))
    }

    fn outcome(&mut self) -> Option<Option<Outcome>> {
        let (stage, refusal) = (self.byte()?, self.byte()?);
        let release = Release(self.take().map(u64::from_be_bytes)?);
        let stage = Stage::of_number(stage);
        let refusal = Refusal::of_number(refusal);
        Some(stage.map(|stage| Outcome { release, stage, refusal }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: Image = Image { version: 1, minimum: 2, size: 3, digest: [4; 32] };

    #[test]
    fn what_is_written_is_read() {
        let hardware = Hardware { model: 5, revision: 6 };
        let manifest = Manifest {
            hardware,
            version: 7,
            minimum: 8,
            size: 9,
            digest: [10; 32],
            signature: [11; 64],
        };
        let release = Release(12);
        let last = |stage, refusal| Some(Outcome { release, stage, refusal });
        let factory = Record::factory(IMAGE);
        let fetch = |erased| Some(Fetch { manifest, erased, differed: 1 });
        let records = [
            factory,
            Record { active: Slot::B, b: Some(IMAGE), a: None, floor: u32::MAX, ..factory },
            Record { trial: Some(0), fetch: fetch(false), ..factory },
            Record { trial: Some(3), fetch: fetch(true), ..factory },
            Record { last: last(Stage::Confirmed, None), ..factory },
            Record { last: last(Stage::Refused, Some(Refusal::Hardware)), ..factory },
        ];
        for record in records {
            let (mut bytes, len) = print(77, &record);
            assert_eq!(len, FIELDS + SUM);
            assert_eq!(parse(&bytes), Some((77, record)));
            for bit in 0..len * 8 {
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(parse(&bytes), None, "bit {bit}");
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
        assert_eq!(parse(&[0xFF; COPY_MAX]), None);
        assert_eq!(parse(&[0; COPY_MAX]), None);
    }
}
