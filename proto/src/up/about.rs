//! A reading about one device of a home, said by the gateway that has summed it up: a key beside those of a reading.
//!
//! Who does not know the key reads what was said of a home before. Not here: whether the gateway may speak for it.

use minicbor::Decoder;

use super::{BODY_MAX, BodyBuf, BodyError, Up};
use crate::id::DeviceId;

/// The key; after those of `Reading`.
const KEY: u8 = 4;
/// A map with more keys than this has a longer head.
const SHORT_MAP: u8 = 0xB7;

/// The body of a reading about a device; fails for any other word, and if it is too long for a frame.
pub fn to_body(up: &Up, device: DeviceId) -> Result<BodyBuf, BodyError> {
    let Up::Reading(_) = up else { return Err(BodyError) };
    let mut body = up.to_body()?;
    let head = body.first_mut().filter(|head| **head < SHORT_MAP).ok_or(BodyError)?;
    *head += 1;
    let mut more = [0_u8; 16];
    let mut cursor = minicbor::encode::write::Cursor::new(&mut more[..]);
    minicbor::encode(KEY, &mut cursor).map_err(|_| BodyError)?;
    minicbor::encode(device, &mut cursor).map_err(|_| BodyError)?;
    let len = cursor.position();
    body.extend_from_slice(&more[..len]).map_err(|_| BodyError)?;
    debug_assert!(body.len() <= BODY_MAX, "a body is as long as its buffer at most");
    Ok(body)
}

/// Whether the body of a reading names a device that it is about, also if this build cannot read which.
pub fn is_of_one(body: &[u8]) -> bool {
    let mut d = Decoder::new(body);
    let Ok(Some(len)) = d.map() else { return false };
    (0..len).any(|_| d.u32().is_ok_and(|key| key == u32::from(KEY)) || d.skip().is_err())
}

/// The device that the body of a reading is about; none = its speaker, or the whole home.
pub fn of(body: &[u8]) -> Option<DeviceId> {
    let mut d = Decoder::new(body);
    for _ in 0..d.map().ok()?? {
        if d.u32().ok()? == u32::from(KEY) {
            return d.decode().ok();
        }
        d.skip().ok()?;
    }
    None
}
