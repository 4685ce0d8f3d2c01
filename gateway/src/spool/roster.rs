//! The roster on disk: who may speak here, with which key, and the last proof of each.
//!
//! A *former* key lies beside the row until its device has proved the new one. A released device stays as a row without rights, so that it is told "no" instead of "who are you".
//! Not here: admission itself (`enrol`).

use door::proofs::Proofs;
use proto::id::{BootId, DeviceId, HomeId, KeyEpoch};
use proto::key::HopKey;
use proto::up::Role;
use rusqlite::{Row, Transaction, params};

use super::SpoolError;
use super::schema::{readable, signed, unsigned};
use super::store::Store;

/// One device of the roster.
#[derive(Debug, Clone)]
pub struct RosterRow {
    /// Who.
    pub device: DeviceId,
    /// In which home.
    pub home: HomeId,
    /// As what.
    pub role: Role,
    /// Generation of the key.
    pub epoch: KeyEpoch,
    /// `K_hop` of that epoch.
    pub key: HopKey,
    /// Whether it may no longer speak here.
    pub released: bool,
    /// Boot and counter of the last connect proof.
    pub proof: Option<(BootId, u32)>,
    /// Proofs that have been used.
    pub proofs: Proofs,
    /// An older key that it may still speak under.
    pub former: Option<Former>,
    /// Whether its last proof since the start was made with that one.
    pub by_former: bool,
}

/// A key of before, until the device has proved the new one.
#[derive(Debug, Clone)]
pub struct Former {
    /// Generation of the key.
    pub epoch: KeyEpoch,
    /// `K_hop` of that epoch.
    pub key: HopKey,
    /// Whether the new one is proved: nobody is let in by this, and it is not on disk any more.
    pub over: bool,
}

impl Store {
    pub(super) fn roster(&mut self) -> Result<Vec<RosterRow>, SpoolError> {
        let sql = "SELECT r.device, home, role, r.epoch, r.hop_key, released, proof_boot,
                   proof_counter, past_boots, f.epoch, f.hop_key, p.used
                   FROM roster r LEFT JOIN former f ON f.device = r.device
                   LEFT JOIN proof p ON p.device = r.device ORDER BY r.device";
        let connection = self.connection()?;
        let mut rows = connection.prepare(sql)?;
        Ok(readable("roster", rows.query([])?, read)?)
    }

    pub(super) fn enrol(&mut self, row: &RosterRow) -> Result<(), SpoolError> {
        if row.released { self.durable(|t| write(t, row)) } else { self.lazy(|t| write(t, row)) }
    }

    pub(super) fn note_proofs(&mut self, rows: &[RosterRow]) -> Result<(), SpoolError> {
        // A power cut must not make one of them new again.
        self.durable(|t| {
            let sql = "UPDATE roster SET proof_boot = ?, proof_counter = ? WHERE device = ?";
            rows.iter().try_for_each(|row| {
                let ((boot, counter), device) = (proof(row), signed(row.device.get()));
                t.prepare_cached(sql)?.execute(params![boot, counter, device])?;
                write_proofs(t, row)?;
                write_former(t, row)
            })
        })
    }
}

fn write(t: &Transaction<'_>, row: &RosterRow) -> rusqlite::Result<()> {
    let sql = "INSERT INTO roster VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
               ON CONFLICT DO UPDATE SET home = excluded.home, role = excluded.role,
               epoch = excluded.epoch, hop_key = excluded.hop_key, released = excluded.released";
    let (boot, counter) = proof(row);
    t.prepare_cached(sql)?.execute(params![
        signed(row.device.get()),
        signed(row.home.get()),
        row.role.number(),
        row.epoch.get(),
        row.key.expose(),
        row.released,
        boot,
        counter,
        &[0_u8; 0][..],
    ])?;
    write_proofs(t, row)?;
    write_former(t, row)
}

/// Keeps which proofs are used; a row of an older build keeps its past boots beside them.
fn write_proofs(t: &Transaction<'_>, row: &RosterRow) -> rusqlite::Result<()> {
    let sql = "INSERT INTO proof VALUES (?, ?) ON CONFLICT DO UPDATE SET used = excluded.used";
    let values = params![signed(row.device.get()), row.proofs.to_bytes()];
    t.prepare_cached(sql)?.execute(values).map(|_| ())
}

fn write_former(t: &Transaction<'_>, row: &RosterRow) -> rusqlite::Result<()> {
    let device = signed(row.device.get());
    let Some(former) = row.former.as_ref().filter(|former| !former.over) else {
        let sql = "DELETE FROM former WHERE device = ?";
        return t.prepare_cached(sql)?.execute([device]).map(|_| ());
    };
    let sql = "INSERT INTO former VALUES (?, ?, ?) ON CONFLICT DO UPDATE
               SET epoch = excluded.epoch, hop_key = excluded.hop_key";
    let values = params![device, former.epoch.get(), former.key.expose()];
    t.prepare_cached(sql)?.execute(values).map(|_| ())
}

fn proof(row: &RosterRow) -> (Option<i64>, Option<u32>) {
    (row.proof.map(|(boot, _)| signed(boot.get())), row.proof.map(|(_, counter)| counter))
}

/// Reads a row; one that no build of this version has written is left out.
fn read(row: &Row<'_>) -> rusqlite::Result<Option<RosterRow>> {
    let device = DeviceId::new(unsigned(row.get(0)?));
    let home = HomeId::new(unsigned(row.get(1)?));
    let role = Role::from_number(row.get(2)?);
    let (Some(device), Some(home), Some(role)) = (device, home, role) else { return Ok(None) };
    let boot: Option<i64> = row.get(6)?;
    let counter: Option<u32> = row.get(7)?;
    let past: Vec<u8> = row.get(8)?;
    let older: Option<u16> = row.get(9)?;
    let key: Option<[u8; 32]> = row.get(10)?;
    let former = older.zip(key).map(|(epoch, key)| Former {
        epoch: KeyEpoch::new(epoch),
        key: HopKey::from_bytes(key),
        over: false,
    });
    let proof = boot.map(|boot| BootId::from_raw(unsigned(boot))).zip(counter);
    let used: Option<Vec<u8>> = row.get(11)?;
    let mut proofs = used.as_deref().map(Proofs::from_bytes).unwrap_or_default();
    if let Some((boot, counter)) = proof {
        proofs.take(boot, counter);
    }
    proofs.note_past(&boots_from_bytes(&past));
    Ok(Some(RosterRow {
        device,
        home,
        role,
        epoch: KeyEpoch::new(row.get(3)?),
        key: HopKey::from_bytes(row.get(4)?),
        released: row.get(5)?,
        proof,
        proofs,
        former,
        by_former: false,
    }))
}

fn boots_from_bytes(bytes: &[u8]) -> Vec<BootId> {
    bytes.as_chunks::<8>().0.iter().map(|b| BootId::from_raw(u64::from_be_bytes(*b))).collect()
}
