//! Snapshots and recorded values of a world.

use super::World;
use super::devices::Model;
use crate::complex::unbalance;
use crate::ids::{BuildingId, DeviceId, LineId, ParticipantId, SwitchId};
use crate::powerflow::{Flow, Vector4};
use crate::scene::schema::{DeviceKind, Fuel};
use crate::snapshot::{
    Balance, BuildingView, BusView, DeviceView, IslandView, LineView, PhaseView, Snapshot, SwitchView, Totals,
    ValidatorView, WeatherView,
};

/// Unbalance of a bus's phase voltages; 0 without any.
fn compute_unbalance(v: &Vector4) -> f64 {
    unbalance([v[0], v[1], v[2]]).unwrap_or(0.0)
}

/// What a flow's first end carries by phase.
fn phases_of(flow: &Flow) -> [PhaseView; 3] {
    [0, 1, 2].map(|k| PhaseView {
        kw: flow.s_from[k].re / 1e3,
        kvar: flow.s_from[k].im / 1e3,
        current_a: flow.i_from[k].norm(),
    })
}

impl World {
    /// What the picture may see.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let s = &self.state;
        let out = |b: &usize| s.outage.dark[*b].is_some();
        let customers_out = (0..s.outage.dark.len()).filter(out).map(|b| self.scene.file.buildings[b].customers).sum();
        Snapshot {
            time: s.now,
            transient: s.window.is_some(),
            weather: self.view_weather(),
            buses: self.view_buses(),
            lines: (0..s.flows.lines.len()).map(|l| self.view_line(l)).collect(),
            transformers: self.view_transformers(),
            switches: (0..s.network.closed.len()).map(|i| self.view_switch(i)).collect(),
            buildings: (0..s.outage.dark.len()).map(|b| self.view_building(b)).collect(),
            devices: (0..s.units.len()).map(|d| self.view_device(d)).collect(),
            gateways: (0..s.network.gateway_failed.len())
                .map(|g| self.gateway_works(crate::ids::GatewayId::new(g)))
                .collect(),
            validators: self.view_validators(),
            islands: self.view_islands(),
            balance: self.balance(),
            market: self.view_market(),
            chain: self.view_chain(),
            neighbour: self.view_neighbour(),
            healing_enabled: s.network.healing_enabled,
            grid_alive: s.network.grid_alive,
            outcome: s.outage.outcome.map(|o| o.view(customers_out)),
            totals: self.view_totals(),
        }
    }

    fn view_weather(&self) -> WeatherView {
        let w = self.state.weather.conditions();
        WeatherView {
            sun_elevation_deg: w.elevation_deg,
            sun_azimuth_deg: w.azimuth_deg,
            ghi_w_m2: w.ghi_w_m2,
            cloud: w.cloud,
            wind_ms: w.wind_10m_ms,
            temperature_c: w.temperature_c,
        }
    }

    fn view_buses(&self) -> Vec<BusView> {
        let flows = &self.state.flows;
        let volts = &self.electrical.results().voltages;
        let view = |(b, (v, i)): (usize, (&[f64; 3], &Option<u32>))| BusView {
            voltage_pu: *v,
            live: i.is_some(),
            unbalance: i.and(volts.get(b)).map_or(0.0, compute_unbalance),
        };
        flows.bus_pu.iter().zip(&flows.bus_island).enumerate().map(view).collect()
    }

    fn view_line(&self, l: usize) -> LineView {
        let (flow, network) = (&self.state.flows.lines[l], &self.state.network);
        let [a, b] = self.scene.line_bus[l];
        let id = LineId::new(l);
        LineView {
            kw: flow.kw,
            kvar: flow.kvar,
            current_a: flow.current_a,
            loading: flow.loading,
            live: self.state.flows.is_live(a) || self.state.flows.is_live(b),
            fault_at: network.faults.iter().find(|f| f.line == id).map(|f| f.at),
            broken: network.broken.iter().any(|b| b.line == id),
            isolated: self.state.healer.is_isolated(self.zones.line_zone[l]),
            loss_kw: flow.loss_kw,
            phases: self.electrical.results().lines.get(l).map_or_else(Default::default, phases_of),
        }
    }

    fn view_transformers(&self) -> Vec<LineView> {
        let view = |(t, flow): (usize, &super::flows::Flow)| LineView {
            kw: flow.kw,
            kvar: flow.kvar,
            current_a: flow.current_a,
            loading: flow.loading,
            live: self.state.flows.is_live(self.scene.transformer_bus[t][1]),
            loss_kw: flow.loss_kw,
            phases: self.electrical.results().transformers.get(t).map_or_else(Default::default, phases_of),
            ..LineView::default()
        };
        self.state.flows.transformers.iter().enumerate().map(view).collect()
    }

    fn view_switch(&self, i: usize) -> SwitchView {
        let (id, relays) = (SwitchId::new(i), &self.state.protection.relays);
        SwitchView {
            closed: self.state.network.closed[i],
            current_a: self.state.flows.switch_a[i].iter().fold(0.0, |m, a| m.max(*a)),
            picked_up: relays.is_picked_up(id),
            passage: relays.indicators().get(i).is_some_and(Option::is_some),
            locked: relays.lockout(id).is_some(),
            jammed: self.state.network.jammed[i].is_some(),
        }
    }

    fn view_building(&self, b: usize) -> BuildingView {
        let s = &self.state;
        let net = self.net_of(BuildingId::new(b));
        let meter = &s.trading.meters[b];
        BuildingView {
            load_kw: s.flows.load_kw[b],
            generation_kw: net + s.flows.load_kw[b],
            net_kw: net,
            live: s.outage.dark[b].is_none(),
            shed: s.outage.shed[b].is_some(),
            money: self.money_of(ParticipantId::new(b)),
            imported_wh: meter.total_wh[0],
            exported_wh: meter.total_wh[1],
            dark_min: s.outage.dark_min[b],
            dark_event: s.outage.dark[b].map(|(_, e)| e.0),
        }
    }

    fn view_device(&self, d: usize) -> DeviceView {
        let (unit, device) = (&self.state.units[d], &self.scene.file.devices[d]);
        let available_kw = match &device.kind {
            DeviceKind::Solar(_) | DeviceKind::Wind(_) => unit.available_kw,
            DeviceKind::FuelCell(x) => x.rated_kw,
            DeviceKind::Genset(x) => x.rated_kw,
            DeviceKind::Battery(x) => x.kw,
            DeviceKind::Flywheel(x) => x.kw,
            DeviceKind::EvCharger(x) => x.kw,
            DeviceKind::Tie(x) => x.capacity_kw,
        };
        DeviceView {
            kw: self.state.flows.device_kw[d],
            kvar: self.state.flows.device_kvar[d],
            available_kw,
            soc: unit.soc(&device.kind),
            status: unit.status(self.is_leading(DeviceId::new(d)), self.state.flows.is_live(self.scene.device_bus[d])),
            car: matches!(&unit.model, Model::Ev(s) if s.car().is_some()),
        }
    }

    pub(super) fn view_validators(&self) -> Vec<ValidatorView> {
        use crate::ledger::lab::trace::Stage;
        let view = |(v, bus): (usize, &crate::ids::BusId)| {
            let ledger = &self.state.ledger;
            let standing = ledger.get_standing(v as u32);
            // What it says at a height that others have left behind is no vote on theirs.
            let votes = |s: &(Stage, u64, u32)| s.1 == ledger.get_height() + 1;
            let stage = standing.filter(votes).map(|s| s.0);
            ValidatorView {
                powered: self.state.network.validator_failed[v].is_none() && self.state.flows.is_live(*bus),
                connected: self.is_connected(*bus),
                height: standing.map_or(0, |s| s.1.saturating_sub(1)),
                apart: ledger.is_apart(v as u32),
                prevoted: matches!(stage, Some(Stage::Voting | Stage::Committing)),
                precommitted: stage == Some(Stage::Committing),
            }
        };
        self.scene.validator_bus.iter().enumerate().map(view).collect()
    }

    fn view_islands(&self) -> Vec<IslandView> {
        let flows = &self.state.flows;
        let mut islands: Vec<IslandView> = Vec::new();
        for (i, island) in flows.islands.iter().enumerate().filter(|(_, x)| x.solved) {
            let inside = |bus: &crate::ids::BusId| flows.bus_island[bus.index()] == Some(i as u32);
            let at = island.former.map_or(self.scene.upstream_bus, |d| self.scene.device_bus[d.index()]);
            let buildings = (0..self.scene.building_bus.len()).filter(|b| inside(&self.scene.building_bus[*b]));
            let devices = (0..self.scene.device_bus.len()).filter(|d| inside(&self.scene.device_bus[*d]));
            islands.push(IslandView {
                former: island.former,
                frequency_hz: self.frequency_at(at),
                buildings: buildings.clone().count() as u32,
                generation_kw: devices.map(|d| flows.device_kw[d].max(0.0)).sum::<f64>()
                    + if island.former.is_none() { flows.grid_kw.max(0.0) } else { 0.0 },
                load_kw: buildings.map(|b| flows.load_kw[b]).sum(),
                residual_pu: island.residual_pu,
            });
        }
        islands.sort_by_key(|i| i.former.is_some());
        islands
    }

    fn balance(&self) -> Balance {
        let flows = &self.state.flows;
        let mut b = Balance {
            grid: flows.grid_kw,
            loss: flows.loss_kw,
            load: flows.load_kw.iter().sum(),
            ..Balance::default()
        };
        for (d, device) in self.scene.file.devices.iter().enumerate() {
            let kw = flows.device_kw[d];
            match &device.kind {
                DeviceKind::Solar(_) => b.solar += kw,
                DeviceKind::Wind(_) => b.wind += kw,
                DeviceKind::FuelCell(_) => b.fuel_cell += kw,
                DeviceKind::Genset(g) if g.fuel == Fuel::Gas => b.gas += kw,
                DeviceKind::Genset(_) => b.diesel += kw,
                DeviceKind::Battery(_) | DeviceKind::Flywheel(_) => b.storage += kw,
                DeviceKind::EvCharger(_) => b.ev -= kw,
                DeviceKind::Tie(_) => b.neighbour += kw,
            }
            if matches!(self.state.units[d].model, Model::Solar | Model::Wind(_)) {
                b.curtailed += (self.state.units[d].available_kw - kw).max(0.0);
            }
        }
        b
    }

    fn view_totals(&self) -> Totals {
        let t = &self.state.totals;
        Totals {
            solar_kwh: t.solar_kwh,
            import_kwh: t.import_kwh,
            export_kwh: t.export_kwh,
            load_kwh: t.load_kwh,
            self_sufficiency: t.self_sufficiency(),
            co2_kg: t.co2_kg,
            ens_kwh: t.ens_kwh,
            saidi_min: t.saidi_min(),
        }
    }

    /// The values of all channels of the recorder, in its order.
    pub(crate) fn observe(&self, out: &mut Vec<f64>) {
        let (b, flows) = (self.balance(), &self.state.flows);
        let hz = self.view_islands().iter().max_by_key(|i| i.buildings).map_or(0.0, |i| i.frequency_hz);
        out.extend([b.solar, b.wind, b.fuel_cell, b.gas, b.diesel, b.storage, b.grid, b.load + b.ev, b.loss]);
        out.extend([self.price_milli() as f64, hz]);
        out.extend((0..self.scene.file.buildings.len()).map(|i| self.net_of(BuildingId::new(i))));
        out.extend(&flows.device_kw);
        let units = self.state.units.iter().zip(&self.scene.file.devices);
        out.extend(units.map(|(u, d)| u.soc(&d.kind).unwrap_or(0.0)));
        out.extend(flows.lines.iter().map(|l| l.loading));
        out.extend((0..flows.bus_pu.len()).map(|i| flows.lowest_pu(crate::ids::BusId::new(i))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complex::Complex;

    #[test]
    fn unbalance_is_that_of_its_definition() {
        let balanced = [Complex::ONE, Complex::A2, Complex::A, Complex::ZERO];
        assert!(compute_unbalance(&balanced) < 1e-15);
        // V2 / V1 = 0.02 made of the two sequences.
        let mixed = [0, 1, 2].map(|k| balanced[k] + [Complex::ONE, Complex::A, Complex::A2][k] * 0.02);
        assert!((compute_unbalance(&[mixed[0], mixed[1], mixed[2], Complex::ZERO]) - 0.02).abs() < 1e-15);
        assert_eq!(compute_unbalance(&[Complex::ZERO; 4]), 0.0);
    }
}
