//! What is enrolled changes its place: a device is moved or released, a gateway is revoked or replaced.
//!
//! The keys of a device rise by an epoch when its box changes: the one it has left cannot open what comes next. Who
//! must be told is answered to the caller. Not here: telling them (`receipts`), and cutting sessions (`gateways`).

use care::DEVICES_MAX;
use proto::id::{DeviceId, GatewayId, HomeId};
use proto::up::Role;

use crate::clock::Now;
use crate::provision::{Left, Provision, ProvisionError, column};
use records::{Work, bed, device, gateway, key_epoch, placement};

impl Provision {
    /// Moves a device to a home and a gateway, released or not; its key epoch rises. The gateway it
    /// spoke through until now is answered: it must be told to release it.
    pub async fn move_device(
        &self,
        id: DeviceId,
        home: HomeId,
        gateway: GatewayId,
        now: Now,
    ) -> Result<Option<GatewayId>, ProvisionError> {
        self.open_gateway(gateway)?;
        let known = self.known(id)?;
        if known.role == Role::Gateway {
            return Err(ProvisionError::Refused("a gateway is in no home"));
        }
        let mut writer = self.records.begin_for(Work::Edit).await?;
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
        let left = known.home.filter(|left| *left != home);
        if left.is_some() {
            bed::leave(&mut writer, column(id.get())).await?;
            placement::end(&mut writer, column(id.get()), now).await?;
        }
        device::place(&mut writer, column(id.get()), at, epoch, now.wall_ms).await?;
        writer.commit().await?;
        if let Some(home) = left {
            self.registry.leaves(id, Left { home, until: now.mono });
        }
        self.refresh(&[id]).await?;
        Ok(known.gateway)
    }

    /// Takes a device out of its home. The gateway that must be told is answered.
    pub async fn release(
        &self,
        id: DeviceId,
        now: Now,
    ) -> Result<Option<GatewayId>, ProvisionError> {
        let known = self.known(id)?;
        if known.role == Role::Gateway {
            return Err(ProvisionError::Refused("a gateway is revoked, not released"));
        }
        let mut writer = self.records.begin_for(Work::Edit).await?;
        placement::end(&mut writer, column(id.get()), now).await?;
        bed::leave(&mut writer, column(id.get())).await?;
        device::release(&mut writer, column(id.get()), now.wall_ms).await?;
        writer.commit().await?;
        if let Some(home) = known.home {
            self.registry.leaves(id, Left { home, until: now.mono });
        }
        self.refresh(&[id]).await?;
        Ok(known.gateway)
    }

    /// Refuses a gateway from now on and raises the key epoch of its devices. They stay in their
    /// homes until they are moved to another gateway; they are answered. The caller cuts its sessions.
    pub async fn revoke_gateway(&self, id: GatewayId) -> Result<Vec<DeviceId>, ProvisionError> {
        let known = self.registry.gateway(id);
        let known = known.ok_or_else(|| ProvisionError::Unknown(id.to_string()))?;
        let mut writer = self.records.begin_for(Work::Edit).await?;
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
        let mut writer = self.records.begin_for(Work::Edit).await?;
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
}
