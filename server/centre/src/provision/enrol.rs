//! One thing at a time: an organisation, a home, a bed, a gateway, a device.
//!
//! Each call is one commit; the table in memory follows it. Not here: who lives there (`person`), many homes at once
//! (`batch`).

mod moving;

use care::DEVICES_MAX;
use proto::id::{DeviceId, GatewayId, HomeId, KeyEpoch};
use proto::up::Role;

use super::person::{self, line, named};
use super::{Minted, Provision, ProvisionError, column, mint};
use crate::clock::row_name;
use records::home::HomeRow;
use records::{Work, bed, device, gateway, home};

/// Generation of the keys of a new device.
const FIRST: KeyEpoch = KeyEpoch::new(1);

const NO_BED: ProvisionError = ProvisionError::Refused("this bed is not in the device's home");

impl Provision {
    /// Enters an organisation; answers its id.
    pub async fn create_organisation(
        &self,
        name: &str,
        wall_ms: i64,
    ) -> Result<String, ProvisionError> {
        let name = &named(name)?;
        let id = row_name();
        let mut writer = self.records.begin_for(Work::Edit).await?;
        home::insert_organisation(&mut writer, &id, name, wall_ms).await?;
        writer.commit().await?;
        Ok(id)
    }

    /// Enters a home; the number in `home` is minted and answered.
    pub async fn create_home(&self, home: HomeRow, wall_ms: i64) -> Result<HomeId, ProvisionError> {
        let home = person::place(home)?;
        let id = mint::home()?;
        let mut writer = self.records.begin_for(Work::Edit).await?;
        self.organisation(&mut writer, &home.organisation).await?;
        let home = HomeRow { id: column(id.get()), ..home };
        home::insert(&mut writer, &home, wall_ms).await?;
        writer.commit().await?;
        Ok(id)
    }

    /// Enters a bed of a home; answers its id.
    pub async fn create_bed(
        &self,
        home: HomeId,
        label: &str,
        wall_ms: i64,
    ) -> Result<String, ProvisionError> {
        let label = &named(label)?;
        let id = row_name();
        let mut writer = self.records.begin_for(Work::Edit).await?;
        self.home(&mut writer, home).await?;
        home::insert_bed(&mut writer, &id, column(home.get()), label, wall_ms).await?;
        writer.commit().await?;
        Ok(id)
    }

    /// Enrols a gateway.
    pub async fn create_gateway(
        &self,
        organisation: &str,
        label: &str,
        wall_ms: i64,
    ) -> Result<Minted, ProvisionError> {
        let label = &named(label)?;
        let device = mint::device()?;
        let key = mint::key()?;
        let minted =
            Minted { device, key, epoch: FIRST, role: Role::Gateway, home: None, gateway: None };
        let row = minted.row(&self.kek, label)?;
        let mut writer = self.records.begin_for(Work::Edit).await?;
        self.organisation(&mut writer, organisation).await?;
        gateway::insert(&mut writer, row.id, organisation, label, wall_ms).await?;
        device::insert_all(&mut writer, &[row], wall_ms).await?;
        writer.commit().await?;
        self.registry.put(minted.info());
        Ok(minted)
    }

    /// Enrols a device into a home, speaking through a gateway.
    pub async fn create_device(
        &self,
        home: HomeId,
        gateway: GatewayId,
        role: Role,
        label: &str,
        wall_ms: i64,
    ) -> Result<Minted, ProvisionError> {
        self.create_in_bed((home, gateway), role, (label, None), wall_ms).await
    }

    /// Enrols a device into a bed of a home; a mat in a home with one bed belongs to that, if none is named.
    pub async fn create_in_bed(
        &self,
        (home, gateway): (HomeId, GatewayId),
        role: Role,
        (label, bed): (&str, Option<&str>),
        wall_ms: i64,
    ) -> Result<Minted, ProvisionError> {
        let label = &line(label)?;
        if role == Role::Gateway {
            return Err(ProvisionError::Refused("a gateway is enrolled as a gateway"));
        }
        self.open_gateway(gateway)?;
        let (device, key) = (mint::device()?, mint::key()?);
        let (at, through) = (Some(home), Some(gateway));
        let minted = Minted { device, key, epoch: FIRST, role, home: at, gateway: through };
        let row = minted.row(&self.kek, label)?;
        let mut writer = self.records.begin_for(Work::Edit).await?;
        self.home(&mut writer, home).await?;
        if device::of_home(&mut writer, column(home.get())).await?.len() >= DEVICES_MAX {
            return Err(ProvisionError::Refused("a home has at most 32 devices"));
        }
        let own = row.id;
        device::insert_all(&mut writer, &[row], wall_ms).await?;
        let beds = home::beds(&mut writer, column(home.get())).await?;
        let bed = match (bed, beds.as_slice()) {
            (Some(bed), beds) if beds.iter().all(|(known, _)| known != bed) => return Err(NO_BED),
            (Some(bed), _) => Some(bed),
            (None, [(only, _)]) if role == Role::BedMat => Some(only.as_str()),
            (None, _) => None,
        };
        if let Some(bed) = bed {
            bed::put(&mut writer, &[(own, bed)]).await?;
        }
        writer.commit().await?;
        self.registry.put(minted.info());
        Ok(minted)
    }

    /// A device belongs to this bed of its home from now on; to none, if none is named.
    pub async fn put_in_bed(
        &self,
        device: DeviceId,
        wanted: Option<&str>,
    ) -> Result<(), ProvisionError> {
        let known = self.known(device)?;
        let own = column(device.get());
        let mut writer = self.records.begin_for(Work::Edit).await?;
        match wanted {
            None => bed::leave(&mut writer, own).await?,
            Some(wanted) => {
                let of = bed::home(&mut writer, wanted).await?;
                if of.is_none() || of != known.home.map(|home| column(home.get())) {
                    return Err(NO_BED);
                }
                bed::put(&mut writer, &[(own, wanted)]).await?;
            }
        }
        Ok(writer.commit().await?)
    }

    fn known(&self, id: DeviceId) -> Result<super::DeviceInfo, ProvisionError> {
        self.registry.device(id).ok_or_else(|| ProvisionError::Unknown(id.to_string()))
    }

    fn open_gateway(&self, id: GatewayId) -> Result<(), ProvisionError> {
        match self.registry.gateway(id) {
            None => Err(ProvisionError::Unknown(id.to_string())),
            Some(known) if known.revoked => {
                Err(ProvisionError::Refused("this gateway is revoked, enrol another one"))
            }
            Some(_) => Ok(()),
        }
    }

    pub(super) async fn home(
        &self,
        c: &mut records::Writer,
        id: HomeId,
    ) -> Result<(), ProvisionError> {
        let found = home::find(c, column(id.get())).await?;
        found.map(drop).ok_or_else(|| ProvisionError::Unknown(id.to_string()))
    }

    pub(super) async fn organisation(
        &self,
        c: &mut records::Writer,
        id: &str,
    ) -> Result<(), ProvisionError> {
        let known = home::organisations(c).await?.iter().any(|(known, _)| known == id);
        if known { Ok(()) } else { Err(ProvisionError::Unknown(id.to_owned())) }
    }
}
