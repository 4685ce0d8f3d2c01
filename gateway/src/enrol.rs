//! Who may speak here: the roster in memory, and the door's gate that asks it.
//!
//! The server keeps the roster (`Enrol`, `Former`, `Release`); the spool holds it over a restart. A *proof* is
//! the password of one connection: boot and counter, tagged with `K_hop`; it counts once, for ever, and a
//! copy of an old one is refused. Not here: keys of presses (`devices`), or rows (`spool`).

mod proof;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError, RwLock};

use door::proofs::Proofs;
use door::{Deny, Gate, Hello, Pass, Who};
use proto::frame::Lane;
use proto::id::{DeviceId, HomeId, KeyEpoch};
use proto::key::HopKey;
use proto::seat::{STRANGER_LOGIN, Seat};
use proto::up::Role;
use tokio::sync::Notify;

use crate::spool::{Former, RosterRow};

/// What an arrival needs to know of its device.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its home.
    pub home: HomeId,
    /// What it is.
    pub role: Role,
    /// Generation of its key.
    pub epoch: KeyEpoch,
    /// `K_hop`.
    pub key: HopKey,
    /// Another one that it may have sealed with: keys change while frames are on their way.
    pub other: Option<HopKey>,
}

/// Whether a device listens now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// It has subscribed to its down tree.
    Listening,
    /// Its last session has ended.
    Gone,
}

/// What happened at the gate since the loop last asked.
#[derive(Debug, Default)]
pub struct News {
    /// Devices that came or went; the last state counts.
    pub links: BTreeMap<DeviceId, Link>,
    /// Devices that presented a new proof.
    pub proofs: BTreeSet<DeviceId>,
}

/// Everybody who speaks through this box.
#[derive(Debug, Default)]
pub struct Roster {
    rows: RwLock<BTreeMap<DeviceId, RosterRow>>,
    news: Mutex<News>,
    bell: Notify,
}

/// What an `Enrol` or `Release` changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Said before.
    Nothing,
    /// New here, or back.
    Joined,
    /// Another key, home or role: sessions of the old one must end.
    Altered,
    /// No longer here: sessions must end.
    Left,
}

impl Roster {
    /// The roster as the spool holds it.
    pub fn new(rows: Vec<RosterRow>) -> Self {
        let rows = rows.into_iter().map(|row| (row.device, row)).collect();
        Self { rows: RwLock::new(rows), ..Self::default() }
    }

    /// The enrolled device, if it is one.
    pub fn find(&self, device: DeviceId) -> Option<Member> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        rows.get(&device).filter(|row| !row.released).map(member)
    }

    /// Every row, for a spool that has been begun anew.
    pub fn rows(&self) -> Vec<RosterRow> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        rows.values().cloned().collect()
    }

    /// All enrolled devices.
    pub fn members(&self) -> Vec<(DeviceId, HomeId, Role)> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        rows.values().filter(|row| !row.released).map(|r| (r.device, r.home, r.role)).collect()
    }

    /// The home of this box, if it serves one alone.
    pub fn only_home(&self) -> Option<HomeId> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        let mut homes = rows.values().filter(|row| !row.released).map(|row| row.home);
        let first = homes.next()?;
        homes.all(|home| home == first).then_some(first)
    }

    /// Takes a word of the server. The row is what must be on disk, unless nothing changed.
    /// A key generation older than the known one is an old word and changes nothing.
    pub fn enrol(&self, device: DeviceId, told: Member) -> (Change, Option<RosterRow>) {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        let row = RosterRow {
            device,
            home: told.home,
            role: told.role,
            epoch: told.epoch,
            key: told.key,
            released: false,
            proof: None,
            proofs: Proofs::default(),
            former: None,
            by_former: false,
        };
        let Some(known) = rows.get_mut(&device) else {
            rows.insert(device, row.clone());
            return (Change::Joined, Some(row));
        };
        let same = known.home == row.home
            && known.role == row.role
            && known.epoch == row.epoch
            && known.key.expose() == row.key.expose();
        if row.epoch < known.epoch || (same && !known.released) {
            return (Change::Nothing, None);
        }
        let change = if known.released { Change::Joined } else { Change::Altered };
        let (proof, proofs) = (known.proof, std::mem::take(&mut known.proofs));
        *known = RosterRow { proof, proofs, ..row };
        (change, Some(known.clone()))
    }

    /// Takes a word of the server: until a device has proved its new key it may speak under this older one.
    pub fn former(&self, device: DeviceId, epoch: KeyEpoch, key: HopKey) -> Option<RosterRow> {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        let row = rows.get_mut(&device).filter(|row| !row.released && epoch < row.epoch)?;
        if row.former.as_ref().is_some_and(|known| known.epoch == epoch) {
            return None;
        }
        row.former = Some(Former { epoch, key, over: false });
        Some(row.clone())
    }

    /// Takes a device's rights away.
    pub fn release(&self, device: DeviceId) -> (Change, Option<RosterRow>) {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        match rows.get_mut(&device) {
            Some(row) if !row.released => {
                row.released = true;
                (Change::Left, Some(row.clone()))
            }
            _ => (Change::Nothing, None),
        }
    }

    /// What happened at the gate since the last call, and the rows of new proofs.
    pub fn news(&self) -> (News, Vec<RosterRow>) {
        let news = std::mem::take(&mut *self.news.lock().unwrap_or_else(PoisonError::into_inner));
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        let proved = news.proofs.iter().filter_map(|device| rows.get(device).cloned()).collect();
        (news, proved)
    }

    /// Waits until there may be news.
    pub async fn rung(&self) {
        self.bell.notified().await;
    }

    fn note(&self, tell: impl FnOnce(&mut News)) {
        tell(&mut self.news.lock().unwrap_or_else(PoisonError::into_inner));
        self.bell.notify_one();
    }

    fn admit_device(&self, device: DeviceId, hello: &Hello<'_>) -> Result<Pass, Deny> {
        if hello.login != Some(device.to_string().as_str()) {
            return Err(Deny::Credentials);
        }
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        let row = rows.get_mut(&device).ok_or(Deny::Credentials)?;
        if row.released {
            return Err(Deny::NotAuthorized);
        }
        let password = hello.password.ok_or(Deny::Credentials)?;
        let (boot, counter, by_former) = proof::prove(row, password).ok_or(Deny::Credentials)?;
        if !proof::accept(row, boot, counter) {
            return Err(Deny::Credentials);
        }
        row.by_former = by_former;
        if let Some(former) = row.former.as_mut().filter(|_| !by_former) {
            former.over = true;
        }
        drop(rows);
        self.note(|news| {
            news.proofs.insert(device);
        });
        Ok(Pass { who: Who::Device(device), lane: None })
    }
}

fn member(row: &RosterRow) -> Member {
    let (epoch, key) = (row.epoch, row.key.clone());
    let (home, role) = (row.home, row.role);
    match &row.former {
        Some(former) if row.by_former => {
            let (epoch, other) = (former.epoch, Some(key));
            Member { home, role, epoch, key: former.key.clone(), other }
        }
        former => {
            let other = former.as_ref().map(|former| former.key.clone());
            Member { home, role, epoch, key, other }
        }
    }
}

impl Gate for Roster {
    fn admit(&self, hello: &Hello<'_>) -> Result<Pass, Deny> {
        match hello.client_id.parse() {
            Ok(Seat::Device(device)) => self.admit_device(device, hello),
            Ok(Seat::Stranger(device)) if hello.login == Some(STRANGER_LOGIN) => {
                Ok(Pass { who: Who::Stranger(device), lane: Some(Lane::Emergency) })
            }
            Ok(Seat::Stranger(_)) => Err(Deny::Credentials),
            Ok(Seat::Gateway(..)) => Err(Deny::NotAuthorized),
            Err(_) => Err(Deny::ClientId),
        }
    }

    fn listening(&self, who: Who) {
        if let Who::Device(device) = who {
            self.note(|news| {
                news.links.insert(device, Link::Listening);
            });
        }
    }

    fn gone(&self, who: Who) {
        if let Who::Device(device) = who {
            self.note(|news| {
                news.links.insert(device, Link::Gone);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::id::BootId;
    use proto::key::DeviceKey;

    use super::*;

    const EPOCH: KeyEpoch = KeyEpoch::new(0);

    /// Whether a roster lets the device in with these proofs, one after the other.
    fn lets_in(proofs: &[(BootId, u32)]) -> Vec<bool> {
        let device = DeviceId::new(7).unwrap();
        let key = DeviceKey::from_bytes([7; 32]).hop(EPOCH);
        let member = Member {
            home: HomeId::new(1).unwrap(),
            role: Role::HelpButton,
            epoch: EPOCH,
            key: key.clone(),
            other: None,
        };
        let roster = Roster::default();
        roster.enrol(device, member);
        let (name, seat) = (device.to_string(), Seat::Device(device).to_string());
        let come = |(boot, counter): &(BootId, u32)| {
            let password = key.connect_proof(*boot, *counter);
            let hello = Hello {
                peer: ([127, 0, 0, 1], 1).into(),
                client_id: &seat,
                login: Some(&name),
                password: Some(&password),
                certificate: None,
            };
            roster.admit(&hello).is_ok()
        };
        proofs.iter().map(come).collect()
    }

    #[test]
    fn a_connect_proof_is_good_for_one_connection() {
        let boot = BootId::new(1, 1);
        assert_eq!(lets_in(&[(boot, 1), (boot, 1)]), [true, false], "the same again");
        assert_eq!(
            lets_in(&[(boot, 5), (boot, 4), (boot, 6)]),
            [true, false, true],
            "an older one"
        );
        let later = BootId::new(1, 2);
        assert_eq!(
            lets_in(&[(boot, 1), (later, 1), (boot, 9)]),
            [true, true, false],
            "an old boot"
        );
    }
}
