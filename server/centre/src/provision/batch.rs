//! Many homes at once: each with one bed, one gateway and the same kinds of devices.
//!
//! For a district that starts, and for load. One commit, a few statements of many rows; all of it
//! or none. Not here: who lives there.

use care::DEVICES_MAX;
use proto::id::{HomeId, KeyEpoch};
use proto::up::Role;

use super::{Minted, Provision, ProvisionError, column, mint};
use crate::clock::row_name;
use records::device::{self, DeviceRow};
use records::home::HomeRow;
use records::{Work, bed, gateway, home};

/// Most homes of one batch.
pub const HOMES_MAX: u32 = 10_000;

/// One home of a batch with everything that was minted for it.
#[derive(Debug, Clone)]
pub struct BatchHome {
    /// The home.
    pub home: HomeId,
    /// Its gateway.
    pub gateway: Minted,
    /// Its devices, in the order of the roles asked for.
    pub devices: Vec<Minted>,
}

impl Provision {
    /// Enrols `count` homes of an organisation.
    ///
    /// # Errors
    /// More than [`HOMES_MAX`] homes or 32 devices a home; an unknown organisation.
    pub async fn batch(
        &self,
        organisation: &str,
        count: u32,
        roles: &[Role],
        wall_ms: i64,
    ) -> Result<Vec<BatchHome>, ProvisionError> {
        if count == 0 || count > HOMES_MAX {
            return Err(ProvisionError::Refused("a batch has 1 to 10,000 homes"));
        }
        if roles.len() > DEVICES_MAX || roles.contains(&Role::Gateway) {
            return Err(ProvisionError::Refused("a home has at most 32 devices and one gateway"));
        }
        let minted: Vec<BatchHome> =
            (0..count).map(|_| mint_home(roles)).collect::<Result<_, _>>()?;
        let rows = Rows::of(self, &minted, organisation)?;
        let mut writer = self.records.begin_for(Work::Edit).await?;
        self.organisation(&mut writer, organisation).await?;
        home::insert_all(&mut writer, &rows.homes, wall_ms).await?;
        home::insert_beds(&mut writer, &rows.beds, wall_ms).await?;
        gateway::insert_all(&mut writer, &rows.gateways, organisation, wall_ms).await?;
        device::insert_all(&mut writer, &rows.devices, wall_ms).await?;
        let mats: Vec<_> = rows.mats.iter().map(|(mat, bed)| (*mat, bed.as_str())).collect();
        bed::put(&mut writer, &mats).await?;
        writer.commit().await?;
        let all = |home: &BatchHome| {
            std::iter::once(home.gateway.info())
                .chain(home.devices.iter().map(Minted::info))
                .collect::<Vec<_>>()
        };
        self.registry.put_all(minted.iter().flat_map(all));
        Ok(minted)
    }
}

fn mint_home(roles: &[Role]) -> Result<BatchHome, ProvisionError> {
    let epoch = KeyEpoch::new(1);
    let home = mint::home()?;
    let gateway = Minted {
        device: mint::device()?,
        key: mint::key()?,
        epoch,
        role: Role::Gateway,
        home: None,
        gateway: None,
    };
    let through = Some(gateway.device.as_gateway());
    let devices = roles.iter().map(|role| {
        let (device, key) = (mint::device()?, mint::key()?);
        Ok(Minted { device, key, epoch, role: *role, home: Some(home), gateway: through })
    });
    let devices = devices.collect::<Result<_, ProvisionError>>()?;
    Ok(BatchHome { home, gateway, devices })
}

/// The rows of a batch, by table.
struct Rows {
    homes: Vec<HomeRow>,
    beds: Vec<(String, i64)>,
    gateways: Vec<(i64, String)>,
    devices: Vec<DeviceRow>,
    /// Mats and their beds.
    mats: Vec<(i64, String)>,
}

impl Rows {
    fn of(
        provision: &Provision,
        batch: &[BatchHome],
        organisation: &str,
    ) -> Result<Self, ProvisionError> {
        let mut rows = Self {
            homes: Vec::with_capacity(batch.len()),
            beds: Vec::with_capacity(batch.len()),
            gateways: Vec::with_capacity(batch.len()),
            devices: Vec::with_capacity(batch.len() * 3),
            mats: Vec::new(),
        };
        for BatchHome { home, gateway, devices } in batch {
            let (id, label) = (column(home.get()), home.to_string());
            rows.homes.push(HomeRow {
                id,
                organisation: organisation.to_owned(),
                label: label.clone(),
                ..HomeRow::default()
            });
            let bed = row_name();
            let mats = devices.iter().filter(|device| device.role == Role::BedMat);
            rows.mats.extend(mats.map(|mat| (column(mat.device.get()), bed.clone())));
            rows.beds.push((bed, id));
            rows.gateways.push((column(gateway.device.get()), label));
            for minted in std::iter::once(gateway).chain(devices) {
                rows.devices.push(minted.row(&provision.kek, "")?);
            }
        }
        Ok(rows)
    }
}
