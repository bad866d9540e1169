//! Storages that are shared: what is inside, and whose it is by contract.

use crate::ids::{BuildingId, DeviceId, Subject};

/// A shared storage. Energies in Wh that can be given, rents in millionths of the currency per kWh.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StorageView {
    /// Which device.
    pub device: DeviceId,
    /// Behind whose meter; `None` with a meter of its own.
    pub building: Option<BuildingId>,
    /// Share that is offered, 0 to 1.
    pub share: f64,
    /// What it can hold.
    pub capacity_wh: i64,
    /// What can pass in a slot, either way.
    pub power_wh: i64,
    /// Of a round trip, 0 to 1.
    pub efficiency: f64,
    /// What was inside when the last slot ended.
    pub physical_wh: i64,
    /// Of that, the owner's.
    pub owner_wh: i64,
    /// What has passed for lessees, in and out.
    pub throughput_wh: i64,
    /// Price of room in this slot, per kWh and slot; `None` where none is let.
    pub capacity_rent: Option<i64>,
    /// Price of power in this slot, per kWh that may pass.
    pub power_rent: Option<i64>,
    /// The part of it that pays for ageing with time.
    pub ageing_capacity_rent: i64,
    /// The part of it that pays for ageing with use.
    pub ageing_power_rent: i64,
    /// Rents that the owner has received, millionths.
    pub rents: i64,
    /// What the owner has received in all: rents less what it paid to lessees, millionths.
    pub income: i64,
    /// Lessees, by building.
    pub rows: Vec<StorageRowView>,
}

impl StorageView {
    /// Whether it is this battery, or stands behind the meter of this building.
    #[must_use]
    pub fn belongs_to(&self, subject: Subject) -> bool {
        match subject {
            Subject::Device(d) => self.device == d,
            Subject::Building(b) => self.building == Some(b),
            _ => false,
        }
    }
}

/// A lessee.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StorageRowView {
    /// Who.
    pub building: BuildingId,
    /// Room in this slot.
    pub capacity_wh: i64,
    /// What may pass in this slot.
    pub power_wh: i64,
    /// Its energy inside.
    pub content_wh: i64,
    /// The same as the chain has it.
    pub chain_wh: i64,
    /// Put in since the start, at the meter.
    pub stored_wh: i64,
    /// Taken out since the start.
    pub taken_wh: i64,
    /// Of what was put in, lost by conversion since the start.
    pub lost_wh: i64,
    /// Rent paid since the start, millionths.
    pub rent: i64,
    /// Received (+) or paid (-) in all, millionths.
    pub money: i64,
}
