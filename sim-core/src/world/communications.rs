//! Communication gear: who can be heard.

use super::World;
use crate::ids::{BusId, GatewayId};
use crate::scene::Participant;

impl World {
    /// A member's gear has power and a way to the chain.
    pub(super) fn can_send(&self, account: usize) -> bool {
        let bus = match self.scene.participants.get(account) {
            Some(Participant::Building(b)) => self.scene.building_bus[b.index()],
            Some(Participant::Device(d)) => self.scene.device_bus[d.index()],
            // The operator, the grid's meter and the losses account sit with the utility.
            Some(Participant::Grid | Participant::Losses) | None => return true,
        };
        self.state.flows.is_live(bus) && self.is_connected(bus)
    }

    /// A bus is served by a gateway that works, or needs none.
    pub(super) fn is_connected(&self, bus: BusId) -> bool {
        self.scene.bus_gateway[bus.index()].is_none_or(|g| self.gateway_works(g))
    }

    /// A gateway that has not failed and has power or a charged accumulator.
    pub(super) fn gateway_works(&self, gateway: GatewayId) -> bool {
        let g = gateway.index();
        let network = &self.state.network;
        let powered = self.state.flows.is_live(self.scene.gateway_bus[g]) || network.gateway_backup_s[g] > 0.0;
        network.gateway_failed[g].is_none() && powered
    }
}
