//! One thing at a time: an organisation, a home, a bed, a resident, a gateway, a device.
//!
//! Each call is one commit; the table in memory follows it. What is typed by a person is checked
//! here and nowhere else. Not here: many homes at once (`batch`).

mod moving;

use care::DEVICES_MAX;
use proto::id::{DeviceId, GatewayId, HomeId, KeyEpoch};
use proto::up::Role;
use uuid::Uuid;

use super::{Minted, Provision, ProvisionError, column, mint};
use crate::records::home::HomeRow;
use crate::records::resident::{Contact, Resident};
use crate::records::{device, gateway, home, resident};

/// Longest line a person may enter, in characters.
const LINE_MAX: usize = 120;
/// Most lines of health notes: an operator reads them in one look.
const HEALTH_LINES: usize = 3;
/// Most contacts of one resident.
const CONTACTS_MAX: usize = 8;
/// Generation of the keys of a new device.
const FIRST: KeyEpoch = KeyEpoch::new(1);

fn line(text: &str) -> Result<(), ProvisionError> {
    let bad = text.chars().count() > LINE_MAX || text.chars().any(char::is_control);
    if bad { Err(ProvisionError::Refused("a line has at most 120 characters")) } else { Ok(()) }
}

fn named(text: &str) -> Result<(), ProvisionError> {
    if text.trim().is_empty() {
        return Err(ProvisionError::Refused("give it a name, it cannot be empty"));
    }
    line(text)
}

fn fits(resident: &Resident, contacts: &[Contact]) -> Result<(), ProvisionError> {
    named(&resident.name)?;
    let Resident { call_as, sex, dialect, phone, talk, entry, .. } = resident;
    [call_as, sex, dialect, phone, talk, entry].into_iter().try_for_each(|text| line(text))?;
    if resident.health.lines().count() > HEALTH_LINES {
        return Err(ProvisionError::Refused("health notes have at most three lines"));
    }
    resident.health.lines().try_for_each(line)?;
    if resident.born.is_some_and(|year| !(1900..=2100).contains(&year)) {
        return Err(ProvisionError::Refused("the year of birth is between 1900 and 2100"));
    }
    if contacts.len() > CONTACTS_MAX {
        return Err(ProvisionError::Refused("a resident has at most eight contacts"));
    }
    contacts.iter().try_for_each(|contact| {
        let Contact { name, relation, phone, note } = contact;
        [name, relation, phone, note].into_iter().try_for_each(|text| line(text))
    })
}

impl Provision {
    /// Enters an organisation; answers its id.
    pub async fn create_organisation(
        &self,
        name: &str,
        wall_ms: i64,
    ) -> Result<String, ProvisionError> {
        named(name)?;
        let id = Uuid::now_v7().to_string();
        let mut writer = self.records.begin().await?;
        home::insert_organisation(&mut writer, &id, name, wall_ms).await?;
        writer.commit().await?;
        Ok(id)
    }

    /// Enters a home; the number in `home` is minted and answered.
    pub async fn create_home(&self, home: HomeRow, wall_ms: i64) -> Result<HomeId, ProvisionError> {
        named(&home.label)?;
        [&home.address, &home.entry].into_iter().try_for_each(|text| line(text))?;
        let id = mint::home()?;
        let mut writer = self.records.begin().await?;
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
        named(label)?;
        let id = Uuid::now_v7().to_string();
        let mut writer = self.records.begin().await?;
        self.home(&mut writer, home).await?;
        home::insert_bed(&mut writer, &id, column(home.get()), label, wall_ms).await?;
        writer.commit().await?;
        Ok(id)
    }

    /// Enters who lives in a home, in place of whoever lived there; answers their id.
    pub async fn create_resident(
        &self,
        home: HomeId,
        resident: &Resident,
        contacts: &[Contact],
        wall_ms: i64,
    ) -> Result<String, ProvisionError> {
        fits(resident, contacts)?;
        let id = Uuid::now_v7().to_string();
        let place = column(home.get());
        let mut writer = self.records.begin().await?;
        self.home(&mut writer, home).await?;
        resident::leave(&mut writer, place, wall_ms).await?;
        resident::insert(&mut writer, &id, (place, None), resident, wall_ms).await?;
        for (order, contact) in (0i16..).zip(contacts) {
            resident::insert_contact(&mut writer, &id, order, contact).await?;
        }
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
        named(label)?;
        let device = mint::device()?;
        let key = mint::key()?;
        let minted =
            Minted { device, key, epoch: FIRST, role: Role::Gateway, home: None, gateway: None };
        let row = minted.row(&self.kek, label)?;
        let mut writer = self.records.begin().await?;
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
        line(label)?;
        if role == Role::Gateway {
            return Err(ProvisionError::Refused("a gateway is enrolled as a gateway"));
        }
        self.open_gateway(gateway)?;
        let (device, key) = (mint::device()?, mint::key()?);
        let (at, through) = (Some(home), Some(gateway));
        let minted = Minted { device, key, epoch: FIRST, role, home: at, gateway: through };
        let row = minted.row(&self.kek, label)?;
        let mut writer = self.records.begin().await?;
        self.home(&mut writer, home).await?;
        if device::of_home(&mut writer, column(home.get())).await?.len() >= DEVICES_MAX {
            return Err(ProvisionError::Refused("a home has at most 32 devices"));
        }
        device::insert_all(&mut writer, &[row], wall_ms).await?;
        writer.commit().await?;
        self.registry.put(minted.info());
        Ok(minted)
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

    async fn home(&self, c: &mut sqlx::AnyConnection, id: HomeId) -> Result<(), ProvisionError> {
        let found = home::find(c, column(id.get())).await?;
        found.map(drop).ok_or_else(|| ProvisionError::Unknown(id.to_string()))
    }

    pub(super) async fn organisation(
        &self,
        c: &mut sqlx::AnyConnection,
        id: &str,
    ) -> Result<(), ProvisionError> {
        let known = home::organisations(c).await?.iter().any(|(known, _)| known == id);
        if known { Ok(()) } else { Err(ProvisionError::Unknown(id.to_owned())) }
    }
}
