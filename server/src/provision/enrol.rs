//! One thing at a time: an organisation, a home, a bed, a resident, a gateway, a device.
//!
//! Each call is one commit; the table in memory follows it. What is typed by a person is checked
//! here and nowhere else. Not here: many homes at once (`batch`).

use care::DEVICES_MAX;
use proto::id::{DeviceId, GatewayId, HomeId, KeyEpoch};
use proto::up::Role;
use uuid::Uuid;

use super::{Minted, Provision, ProvisionError, column, mint};
use crate::records::home::HomeRow;
use crate::records::resident::{Contact, Resident};
use crate::records::{device, gateway, home, key_epoch, resident};

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

    /// Moves a device to a home and a gateway, released or not; its key epoch rises. The gateway it
    /// spoke through until now is answered: it must be told to release it.
    pub async fn move_device(
        &self,
        id: DeviceId,
        home: HomeId,
        gateway: GatewayId,
        wall_ms: i64,
    ) -> Result<Option<GatewayId>, ProvisionError> {
        self.open_gateway(gateway)?;
        let known = self.known(id)?;
        if known.role == Role::Gateway {
            return Err(ProvisionError::Refused("a gateway is in no home"));
        }
        let mut writer = self.records.begin().await?;
        self.home(&mut writer, home).await?;
        if known.home != Some(home)
            && device::of_home(&mut writer, column(home.get())).await?.len() >= DEVICES_MAX
        {
            return Err(ProvisionError::Refused("a home has at most 32 devices"));
        }
        let at = (column(home.get()), column(gateway.get()));
        let epoch = known.epoch.get().checked_add(1);
        let used_up = ProvisionError::Refused("its keys are used up, enrol another device");
        let epoch = i64::from(epoch.ok_or(used_up)?);
        key_epoch::keep(&mut writer, column(id.get())).await?;
        device::place(&mut writer, column(id.get()), at, epoch, wall_ms).await?;
        writer.commit().await?;
        self.refresh(&[id]).await?;
        Ok(known.gateway)
    }

    /// Takes a device out of its home. The gateway that must be told is answered.
    pub async fn release(
        &self,
        id: DeviceId,
        wall_ms: i64,
    ) -> Result<Option<GatewayId>, ProvisionError> {
        let known = self.known(id)?;
        if known.role == Role::Gateway {
            return Err(ProvisionError::Refused("a gateway is revoked, not released"));
        }
        let mut writer = self.records.begin().await?;
        device::release(&mut writer, column(id.get()), wall_ms).await?;
        writer.commit().await?;
        self.refresh(&[id]).await?;
        Ok(known.gateway)
    }

    /// Refuses a gateway from now on and raises the key epoch of its devices. They stay in their
    /// homes until they are moved to another gateway; they are answered. The caller cuts its sessions.
    pub async fn revoke_gateway(&self, id: GatewayId) -> Result<Vec<DeviceId>, ProvisionError> {
        let known = self.registry.gateway(id);
        let known = known.ok_or_else(|| ProvisionError::Unknown(id.to_string()))?;
        let mut writer = self.records.begin().await?;
        if !known.revoked && gateway::revoke(&mut writer, column(id.get())).await? {
            key_epoch::keep_behind(&mut writer, column(id.get())).await?;
            device::revoke_gateway(&mut writer, column(id.get())).await?;
        }
        writer.commit().await?;
        let mut changed = known.devices.clone();
        changed.push(id.as_device());
        self.refresh(&changed).await?;
        Ok(known.devices)
    }

    /// Puts a gateway in the place of another one, revoked or not: its devices speak through the new one from now on,
    /// under the next key epoch, and the old one is refused. The devices are answered.
    pub async fn replace_gateway(
        &self,
        old: GatewayId,
        new: GatewayId,
    ) -> Result<Vec<DeviceId>, ProvisionError> {
        if old == new {
            return Err(ProvisionError::Refused("a gateway is replaced by another one"));
        }
        self.open_gateway(new)?;
        let known = self.registry.gateway(old);
        let known = known.ok_or_else(|| ProvisionError::Unknown(old.to_string()))?;
        let (from, to) = (column(old.get()), column(new.get()));
        let mut writer = self.records.begin().await?;
        let rows = gateway::all(&mut writer).await?;
        let whose = |id| rows.iter().find(|row| row.id == id).map(|row| &row.organisation);
        if whose(from) != whose(to) {
            return Err(ProvisionError::Refused("both gateways belong to one organisation"));
        }
        key_epoch::keep_behind(&mut writer, from).await?;
        device::hand_over(&mut writer, from, to).await?;
        gateway::revoke(&mut writer, from).await?;
        // Nothing speaks through it any more: only its own row is left to refuse.
        device::revoke_gateway(&mut writer, from).await?;
        writer.commit().await?;
        let mut changed = known.devices.clone();
        changed.push(old.as_device());
        self.refresh(&changed).await?;
        Ok(known.devices)
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
