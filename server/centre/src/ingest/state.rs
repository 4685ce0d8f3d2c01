//! The stored state of one home: whether it can be believed, and whether it says more than this build understands.
//!
//! A wrong check or bytes that are no state: the home starts anew, since a judgement that is wrong in one place may be
//! silent in another. A state with more in it than comes back when it is written again is of a newer build: it is
//! used, and kept as it was. Pure; not here: rows.

use care::Home;
use minicbor::Decoder;
use minicbor::data::Type;

use records::care::CareRow;

const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
/// Lists within lists that are compared; a state has five.
const DEPTH: usize = 12;

/// Why a stored state is put aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// Its bytes are not those that were written.
    Damaged,
    /// It is no state that this build knows.
    Unreadable,
    /// It holds more than this build would write.
    Newer,
    /// The judgement panics on it.
    Panics,
}

impl Unfit {
    /// The word for its row and the log.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Unreadable => "unreadable",
            Self::Newer => "newer",
            Self::Panics => "panics",
        }
    }
}

/// The check over an encoded state.
pub(super) fn check_of(state: &[u8]) -> i64 {
    i64::from(CRC.checksum(state))
}

/// The row of a home's judgement, for who has no ingest running.
pub fn row_of(home: i64, judged: &Home) -> Option<CareRow> {
    let state = encode(judged)?;
    let due = judged.next_deadline().and_then(|due| i64::try_from(due.millis()).ok());
    let check = check_of(&state);
    Some(CareRow { home, state, due, check, aside: None })
}

/// Encodes a state.
pub(super) fn encode(home: &Home) -> Option<Vec<u8>> {
    minicbor::to_vec(home).ok()
}

/// Reads a stored state; also says if it is of a newer build.
pub(super) fn read(bytes: &[u8], check: Option<i64>) -> Result<(Home, Option<Unfit>), Unfit> {
    if check.is_some_and(|check| check != check_of(bytes)) {
        return Err(Unfit::Damaged);
    }
    let home: Home = minicbor::decode(bytes).map_err(|_| Unfit::Unreadable)?;
    let again = encode(&home).unwrap_or_default();
    let newer = bytes != again && says_more(bytes, &again);
    Ok((home, newer.then_some(Unfit::Newer)))
}

/// Whether `old` has a key above all keys, or a place behind all places, that `new` has at the same spot.
fn says_more(old: &[u8], new: &[u8]) -> bool {
    let (mut old, mut new) = (Decoder::new(old), Decoder::new(new));
    match (tree(&mut old, DEPTH), tree(&mut new, DEPTH)) {
        (Some(old), Some(new)) => old.says_more_than(&new),
        _ => true,
    }
}

/// CBOR as far as it is compared.
#[derive(Debug)]
enum Tree {
    Map(Vec<(u64, Self)>),
    List(Vec<Self>),
    Null,
    Leaf,
}

impl Tree {
    fn says_more_than(&self, new: &Self) -> bool {
        match (self, new) {
            (Self::Map(old), Self::Map(new)) => {
                let most = new.iter().map(|(key, _)| *key).max();
                old.iter().any(|(key, value)| match new.iter().find(|(k, _)| k == key) {
                    Some((_, new)) => value.says_more_than(new),
                    // A key between others is one that builds have given up.
                    None => most.is_none_or(|most| *key > most),
                })
            }
            (Self::List(old), Self::List(new)) => {
                let more = old.iter().skip(new.len()).any(|value| !matches!(value, Self::Null));
                more || old.iter().zip(new).any(|(old, new)| old.says_more_than(new))
            }
            // A value that has become another says what it says.
            _ => false,
        }
    }
}

fn tree(d: &mut Decoder<'_>, depth: usize) -> Option<Tree> {
    let depth = depth.checked_sub(1)?;
    let kind = d.datatype().ok()?;
    if matches!(kind, Type::Map | Type::MapIndef) {
        let (len, mut map) = (d.map().ok()?, Vec::new());
        while more(d, len, map.len())? {
            map.push((d.u64().ok()?, tree(d, depth)?));
        }
        return Some(Tree::Map(map));
    }
    if matches!(kind, Type::Array | Type::ArrayIndef) {
        let (len, mut list) = (d.array().ok()?, Vec::new());
        while more(d, len, list.len())? {
            list.push(tree(d, depth)?);
        }
        return Some(Tree::List(list));
    }
    d.skip().ok()?;
    Some(if kind == Type::Null { Tree::Null } else { Tree::Leaf })
}

/// Whether a list that said `len` goes on after `read`; one without a length ends with a mark.
fn more(d: &mut Decoder<'_>, len: Option<u64>, read: usize) -> Option<bool> {
    if let Some(len) = len {
        return Some((read as u64) < len);
    }
    let ends = d.datatype().ok()? == Type::Break;
    if ends {
        d.skip().ok()?;
    }
    Some(!ends)
}

#[cfg(test)]
mod tests {
    use care::Input;
    use proto::id::DeviceId;
    use proto::unit::Mono;
    use proto::up::Role;

    use super::*;

    fn lived() -> Vec<u8> {
        let mut home = Home::new();
        let mut out = heapless::Vec::new();
        for (n, role) in [(1, Role::HelpButton), (2, Role::BedMat), (3, Role::Motion)] {
            let device = DeviceId::new(n).unwrap();
            home.step(Mono::from_millis(n), Input::Enrolled { device, role }, &mut out);
            home.step(Mono::from_millis(n), Input::Unreadable { device }, &mut out);
        }
        encode(&home).unwrap()
    }

    #[test]
    fn what_this_build_writes_is_never_taken_for_newer() {
        for state in [lived(), encode(&Home::new()).unwrap()] {
            let check = check_of(&state);
            assert!(matches!(read(&state, Some(check)), Ok((_, None))));
            assert!(matches!(read(&state, None), Ok((_, None))), "an older build wrote no check");
        }
    }

    #[test]
    fn any_flipped_bit_is_found() {
        let state = lived();
        let check = check_of(&state);
        for bit in 0..state.len() * 8 {
            let mut bytes = state.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(&bytes, Some(check)).unwrap_err(), Unfit::Damaged, "bit {bit}");
        }
    }

    #[test]
    fn a_key_of_a_newer_build_is_seen_and_one_that_was_given_up_is_not() {
        let state = lived();
        let with = |key: u8| {
            // The map's head counts one more, and the pair stands at its end.
            let mut bytes = state.clone();
            assert_eq!(bytes[0] & 0xE0, 0xA0, "a map of few keys");
            bytes[0] += 1;
            bytes.extend([0x18, key, 0x82, 1, 2]);
            bytes
        };
        assert!(matches!(read(&with(200), None), Ok((_, Some(Unfit::Newer)))));
        assert!(matches!(read(&with(9), None), Ok((_, None))));
        assert!(read(&with(200)[..9], None).is_err());
    }
}
