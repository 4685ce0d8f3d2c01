//! Minting: ids that can be read aloud, and keys, both from the system's random source.
//!
//! Numbers are drawn below the limit of ids until one has a check character that is a letter or a
//! digit. Nobody counts ids up: a number says nothing of how many there are. Not here: rows.

use proto::id::{DeviceId, GatewayId, HomeId, ID_LIMIT};
use proto::key::DeviceKey;
use proto::up::Role;

use super::kek::{KekError, random};

fn number(reads_aloud: impl Fn(u64) -> bool) -> Result<u64, KekError> {
    loop {
        // One draw in eight or so is thrown away.
        let drawn = u64::from_le_bytes(random()?) % ID_LIMIT;
        if drawn != 0 && reads_aloud(drawn) {
            return Ok(drawn);
        }
    }
}

/// A new home.
pub fn home() -> Result<HomeId, KekError> {
    let drawn = number(|n| HomeId::new(n).is_some_and(HomeId::reads_aloud))?;
    HomeId::new(drawn).ok_or(KekError::Random)
}

/// A new device.
pub fn device() -> Result<DeviceId, KekError> {
    let drawn = number(|n| DeviceId::new(n).is_some_and(DeviceId::reads_aloud))?;
    DeviceId::new(drawn).ok_or(KekError::Random)
}

/// A new gateway.
pub fn gateway() -> Result<GatewayId, KekError> {
    device().map(DeviceId::as_gateway)
}

/// A new `K_dev`.
pub fn key() -> Result<DeviceKey, KekError> {
    random().map(DeviceKey::from_bytes)
}

/// The role of a word; a gateway is enrolled on its own door and has none here.
pub fn role_of(word: &str) -> Option<Role> {
    Role::from_word(word).filter(|role| !matches!(role, Role::Gateway | Role::Other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minted_ids_can_be_read_aloud_and_come_back_from_their_text() {
        for _ in 0..1_000 {
            let id = device().unwrap();
            let text = id.to_string();
            assert!(text.bytes().all(|c| c.is_ascii_alphanumeric()), "{text}");
            assert_eq!(text.parse(), Ok(id));
        }
    }

    #[test]
    fn every_role_has_one_number_and_one_word() {
        let not_here = [Role::Gateway, Role::Other];
        for (role, number, word) in Role::TABLE {
            assert_eq!(Role::from_number(*number), Some(*role));
            assert_eq!(role_of(word), (!not_here.contains(role)).then_some(*role));
        }
        assert_eq!(Role::from_number(7), None);
    }
}
